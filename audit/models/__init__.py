"""The tables of the room that Django keeps. The log itself is no model (decision 5), and none of these copies what it holds."""

from audit.models.contract_end import ContractEnd
from audit.models.daily_count import DailyCount
from audit.models.delivery import Delivery
from audit.models.export import Export
from audit.models.incident import DataKind, Incident, Outcome, Step, StepKind, SuspectedUse
from audit.models.letter import Letter, LetterKind
from audit.models.mailing import LastVerified, Mailing, MailingRecipient
from audit.models.named_notice import NamedNotice
from audit.models.question import Question
from audit.models.retention import LegalHold, MonthsEnd, RetentionPolicy
from audit.models.review import Method, Review, ReviewItem, Signal, Verdict
from audit.models.review_policy import ReviewPolicy
from audit.models.two_sides import TwoSides

__all__ = [
    "ContractEnd", "DailyCount", "DataKind", "Delivery", "Export", "Incident", "LastVerified", "LegalHold", "Letter",
    "LetterKind", "Mailing", "MailingRecipient", "Method", "MonthsEnd", "NamedNotice", "Outcome", "Question", "RetentionPolicy",
    "Review", "ReviewItem", "ReviewPolicy", "Signal", "Step", "StepKind", "SuspectedUse", "TwoSides", "Verdict",
]
