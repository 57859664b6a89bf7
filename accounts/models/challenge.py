"""Challenge questions and the answers to them, of which only slow salted hashes are kept (ACC-2).

Answers have no history: a replaced answer is gone.
"""

from django.db import models
from simple_history.models import HistoricalRecords

from accounts.models.user import User


class ChallengeQuestion(models.Model):
    """A question of the managed list. One that is no longer offered stays for those who answered it."""

    text = models.CharField(max_length=200, unique=True)
    is_offered = models.BooleanField("offered at registration", default=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["text"]

    def __str__(self) -> str:
        return self.text


class ChallengeAnswer(models.Model):
    """What one person answered, hashed as passwords are."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="challenge_answers")
    question = models.ForeignKey(ChallengeQuestion, on_delete=models.PROTECT)
    hashed = models.CharField(max_length=200, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "question"], name="challenge_answer_once_a_question"),
        ]

    def __str__(self) -> str:
        return f"answer of {self.user}"
