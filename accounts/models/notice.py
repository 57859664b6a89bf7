"""Mails that an account's owner and managers are owed: the row is the truth, the mail follows (ACC-3, ACC-12, BEY-1)."""

from django.db import models

from accounts.models.user import User


class Notice(models.Model):
    """One thing that happened to an account and that its people are told; holds no secret."""

    class Kind(models.TextChoices):
        PASSWORD_CHANGED = "password_changed", "Password changed"
        PASSWORD_RESET_STARTED = "password_reset_started", "Password reset started"
        RECOVERY_ANSWER_REFUSED = "recovery_answer_refused", "Answer refused in a recovery"
        FACTOR_BOUND = "factor_bound", "Second factor set up"
        FACTOR_REMOVED = "factor_removed", "Second factor removed"
        FACTOR_RESET = "factor_reset", "Second factor reset"
        RECOVERY_CODE_USED = "recovery_code_used", "Recovery code used"
        RECOVERY_CODES_MADE = "recovery_codes_made", "Recovery codes made"
        RULES_SUBMITTED = "rules_submitted", "Rules of behavior wait for your approval"
        RULES_APPROVED = "rules_approved", "Rules of behavior approved"
        RULES_REFUSED = "rules_refused", "Rules of behavior refused"
        TRAINING_EXPIRING = "training_expiring", "Training expires soon"
        TRAINING_LAPSED = "training_lapsed", "Training has lapsed"
        TRAINING_LAPSED_IN_AREA = "training_lapsed_in_area", "Training of people of your area has lapsed"
        IDLE_NOTICE = "idle_notice", "An unused account is about to be disabled"
        IDLE_DISABLED = "idle_disabled", "An unused account was disabled"
        SANCTION_IMPOSED = "sanction_imposed", "A sanction is on record for your account"
        SANCTION_LIFTED = "sanction_lifted", "A sanction of your account is lifted"
        SUCCEEDED = "succeeded", "An account was closed and its successor named"

    account = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=30)
    by = models.CharField(max_length=150, blank=True)
    # Lines of text: which courses, whose.
    details = models.TextField(blank=True)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["made_at"]
        indexes = [models.Index(fields=["made_at"], condition=models.Q(sent_at__isnull=True), name="notice_waiting")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.account}"
