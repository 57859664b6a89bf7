"""What an installation starts with: courses, challenge questions, the first rules of behavior, the steps of an escalation
(ACC-2, ACC-7, ACC-8, ACC-13)."""

from datetime import datetime

from django.db import transaction

from accounts.models import ChallengeQuestion, Course, EscalationStep, RulesText, TicketPolicy
from accounts.roles import ASKERS, Role

EVERYBODY = (*sorted(ASKERS), Role.AGENCY_MANAGER, Role.OPR_AUDITOR)
MANAGERS = (Role.AGENCY_MANAGER,)
YEARLY = 12

# code: name, months after which it must be taken again (None: once, before first access), roles.
COURSES: dict[str, tuple[str, int | None, tuple[str, ...]]] = {
    "system-orientation": ("System orientation", None, EVERYBODY),
    "lawful-use": ("Lawful use of license plate reader data", None, EVERYBODY),
    "nondiscriminatory-use": ("Nondiscriminatory use", None, EVERYBODY),
    "prompt-removal": ("Prompt removal from alert lists", None, EVERYBODY),
    "escalation": ("Help desk and escalation", None, MANAGERS),
    "password-reset": ("Password reset for users of one's area", None, MANAGERS),
    "data-security": ("Data security", YEARLY, EVERYBODY),
    "data-privacy": ("Data privacy", YEARLY, EVERYBODY),
    "information-assurance": ("Information assurance", YEARLY, EVERYBODY),
    "records-management": ("Records management", YEARLY, EVERYBODY),
}

# Of what a person knows and keeps to themselves; nothing that stands in public records.
QUESTIONS = (
    "What was the name of your first stuffed animal or toy?",
    "Which meal did you refuse to eat as a child?",
    "What did you want to become when you were ten years old?",
    "What was the first concert or game that you went to without your parents?",
    "What is the name of a teacher who did not like you?",
    "Where did you first meet your best friend?",
    "What was the first thing that you bought with money you had earned?",
    "Which book have you read most often?",
    "What was the nickname of the person you admired most at school?",
    "Which place did you always want to go to and never went?",
)

# Hours without an answer: name, who is told, what happens (ACC-13).
ESCALATION: dict[int, tuple[str, str, str]] = {
    4: ("Help desk", Role.HELP_DESK, "All of the help desk are told that the answer is overdue."),
    8: ("Operator's management", Role.OPERATIONS, "The operator's operations staff are told and see that the desk answers."),
    24: ("Agency Manager", Role.AGENCY_MANAGER, "The Agency Manager of your area is told and takes it up with the operator."),
    48: ("Contracting officer's representative", Role.AGENCY_APPOINTER,
         "The agency's contracting officer's representative is told that the contract's support is not given."),
}

RULES = """\
This system holds license plate reads from commercial sources. It is for the official work of this agency and for nothing \
else. Everything you do in it is recorded under your name.

What you may use it for

You may look up a known license plate to find investigative leads for a criminal or an administrative case of this agency: \
to identify, locate, arrest or remove a person who poses a risk to public safety or national security, or to support a \
criminal investigation, for example into national security threats, illegal export of arms, financial crime, commercial \
fraud, human trafficking, narcotics, the exploitation of children, or immigration fraud.

You may not use it to look for patterns or anomalies, to look up a person without a case, to watch anyone for what they \
believe, say or are, or for any private purpose.

Rules of behavior

1. Every query starts from a license plate number and names the criminal or administrative case it is made for.

2. A read is a lead and not proof. Confirm it with other information before any enforcement action.

3. Put a plate on an alert list only while it belongs to an ongoing criminal or administrative investigation.

4. Take a plate off your alert lists as soon as it no longer belongs to one.

5. Whoever breaks these rules faces the penalties of agency policy, from a reprimand or the loss of access to suspension or \
the end of employment.
"""


@transaction.atomic
def install(*, now: datetime) -> None:
    """Add the courses, the challenge questions and the first text that are not there; change nothing that is."""
    for code, (name, months, roles) in COURSES.items():
        Course.objects.get_or_create(code=code, defaults={"name": name, "interval_months": months, "roles": list(roles)})
    for text in QUESTIONS:
        ChallengeQuestion.objects.get_or_create(text=text)
    TicketPolicy.objects.get_or_create(pk=1)
    if not EscalationStep.objects.exists():
        for hours, (name, tells, what) in ESCALATION.items():
            EscalationStep.objects.create(after_hours=hours, name=name, tells=tells, what=what)
    RulesText.objects.get_or_create(version=1, defaults={
        "body": RULES, "state": RulesText.State.APPROVED, "side": RulesText.Side.AGENCY, "in_force_from": now})
