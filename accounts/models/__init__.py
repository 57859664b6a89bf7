from accounts.models.access_request import AccessRequest
from accounts.models.aor import AOR
from accounts.models.appointment import Appointment
from accounts.models.ceiling import AccountCeiling, AccountNeed
from accounts.models.challenge import ChallengeAnswer, ChallengeQuestion
from accounts.models.deletion import DeletionCall, DeletionRequest
from accounts.models.draft import RosterDraft, SealedDraft
from accounts.models.group import UserGroup
from accounts.models.idleness import Idleness
from accounts.models.knock import Knock
from accounts.models.lockout import Lockout
from accounts.models.notice import Notice
from accounts.models.recovery import RecoveryLink, TemporaryPassword
from accounts.models.registration_key import RegistrationKey
from accounts.models.rules import RulesAffirmation, RulesText
from accounts.models.sanction import Sanction
from accounts.models.second_factor import Authenticator, Passkey, PasskeyChallenge, RecoveryCode
from accounts.models.ticket import AskedTicket, Ticket, TicketMail, TicketMessage
from accounts.models.ticket_policy import EscalationStep, TicketPolicy
from accounts.models.training import Course, TrainingRecord, TrainingReminder
from accounts.models.user import Component, JobCategory, User
from accounts.roles import Role

__all__ = [
    "AOR", "AccessRequest", "AccountCeiling", "AccountNeed", "Appointment", "AskedTicket", "Authenticator",
    "ChallengeAnswer", "ChallengeQuestion", "Component", "Course", "DeletionCall", "DeletionRequest",
    "EscalationStep", "Idleness", "JobCategory", "Knock", "Lockout", "Notice", "Passkey", "PasskeyChallenge",
    "RecoveryCode", "RecoveryLink", "RegistrationKey", "Role", "RosterDraft", "RulesAffirmation", "RulesText",
    "Sanction", "SealedDraft", "TemporaryPassword", "Ticket", "TicketMail", "TicketMessage", "TicketPolicy",
    "TrainingRecord", "TrainingReminder", "User", "UserGroup",
]
