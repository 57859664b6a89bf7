from accounts.models.aor import AOR
from accounts.models.group import UserGroup
from accounts.models.lockout import Lockout
from accounts.models.rules import RulesText
from accounts.models.training import Course, TrainingRecord
from accounts.models.user import Component, JobCategory, User
from accounts.roles import Role

__all__ = ["AOR", "Component", "Course", "JobCategory", "Lockout", "Role", "RulesText", "TrainingRecord", "User",
           "UserGroup"]
