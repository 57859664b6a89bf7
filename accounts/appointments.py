"""Appointments of managers, supervisors, auditors and operator staff, each with a record and a key of its own (ACC-4)."""

from datetime import datetime

from django.db import transaction

from accounts import ceilings, keys
from accounts.models import AOR, Appointment, RegistrationKey, User
from accounts.roles import APPOINTS, FIRST, Role
from audit import names
from audit.context import actor_of
from audit.events import Kind
from audit.record import record

# Of these an area is part of the appointment; the others belong to the agency or the operator as a whole.
OF_AN_AREA = frozenset({Role.AGENCY_MANAGER, Role.SUPERVISOR})


class MayNotAppoint(Exception):
    """This role is not appointed by this person, or the appointment lacks what its role needs; the message says what."""


class FirstExists(Exception):
    """The installation has named its first person of this role; everybody else is appointed by a person."""


def appoint(
    *, by: User, role: str, full_name: str, email: str, now: datetime, aor: AOR | None = None, component: str = "",
    job_category: str = "", is_federal_employee: bool = False,
) -> Appointment:
    """Name a person for a role, on the record, and issue the key, which is mailed once this is committed.

    Args:
        by: the agency appointer, or operations for operator staff.
        role, full_name, email: who becomes what.
        now: the moment.
        aor: of managers and supervisors.
        component, job_category: of supervisors.
        is_federal_employee: said of managers, or there is no appointment.

    Raises:
        MayNotAppoint: not theirs to name, or incomplete.
        ceilings.Full: the area may have no more accounts of this component.
    """
    if why := why_not(by, role, aor, component, is_federal_employee):
        raise MayNotAppoint(why)
    with transaction.atomic():
        ceilings.take(aor=aor, component=component, now=now)
        made = Appointment.objects.create(
            role=role, full_name=names.tidy(full_name), email=email, aor=aor, component=component, job_category=job_category,
            is_federal_employee=is_federal_employee, appointed_by=by, appointed_at=now)
        record(Kind.APPOINTMENT_MADE, actor=actor_of(by), appointment=str(made), role=role, aor=aor.code if aor else "")
        keys.issue(ground=made, by=by, now=now)
    return made


def why_not(by: User, role: str, aor: AOR | None, component: str, is_federal_employee: bool) -> str:
    """What stands against an appointment, as a sentence; nothing where it may be made."""
    if not by.is_active or role not in APPOINTS.get(by.role, ()):
        return "This role is not yours to appoint."
    if (aor is not None) != (role in OF_AN_AREA):
        return "Managers and supervisors have an area of responsibility, others have none."
    if bool(component) != (role == Role.SUPERVISOR):
        return "Supervisors have a component, others have none."
    if role == Role.AGENCY_MANAGER and not is_federal_employee:
        return "An Agency Manager is a federal employee."
    return ""


def refuse(*, by: User, role: str) -> None:
    """Note a refused appointment; joins the open transaction where a form was refused."""
    record(Kind.APPOINTMENT_REFUSED, actor=actor_of(by), role=role)


def send_key_again(*, appointment: Appointment, by: User, now: datetime) -> None:
    """Issue another key; the one before is worthless from here.

    Raises:
        MayNotAppoint: not theirs, or the person has registered.
        ceilings.Full: the place was given to somebody else meanwhile.
    """
    try:
        with transaction.atomic(durable=True):
            if not RegistrationKey.objects.open(now).filter(appointment=appointment).exists():
                ceilings.take(aor=appointment.aor, component=appointment.component, now=now)
            _require_theirs(appointment, by)
            keys.issue(ground=appointment, by=by, now=now)
    except (MayNotAppoint, ceilings.Full):
        refuse(by=by, role=appointment.role)
        raise


def revoke_key(*, appointment: Appointment, by: User, now: datetime) -> None:
    """Take the key of an appointment back.

    Raises:
        MayNotAppoint: not theirs, or the person has registered.
        keys.NoKeyToRevoke: no key stands.
    """
    try:
        with transaction.atomic(durable=True):
            _require_theirs(appointment, by)
            keys.revoke(ground=appointment, now=now)
    except (MayNotAppoint, keys.NoKeyToRevoke):
        refuse(by=by, role=appointment.role)
        raise


def _require_theirs(appointment: Appointment, by: User) -> None:
    waiting = Appointment.objects.select_for_update(of=("self",)).filter(pk=appointment.pk, account__isnull=True)
    if not by.is_active or appointment.role not in APPOINTS.get(by.role, ()) or not waiting.exists():
        raise MayNotAppoint("This appointment is not yours, or the person has registered.")


def appoint_first(*, username: str, email: str, now: datetime, role: Role = Role.AGENCY_APPOINTER) -> str:
    """Name the first agency appointer, or the first of operations, and return the address at which that person registers:
    the only time it is shown.

    A key that ran out unused is followed by another, for the same name and address of mail only.

    Raises:
        FirstExists: there is one, or their key still stands.
    """
    with transaction.atomic(durable=True):
        first = _the_first(role, username, email, now)
        key = keys.issue(ground=first, by=None, now=now, mails=False)
        return keys.make(key, now=now)


def _the_first(role: Role, username: str, email: str, now: datetime) -> Appointment:
    if role not in FIRST or User.objects.filter(role=role).exists():
        raise FirstExists
    first, is_new = Appointment.objects.get_or_create(
        role=role, appointed_by=None, succeeds=None,
        defaults={"full_name": username, "username": username, "email": email, "appointed_at": now})
    first = Appointment.objects.select_for_update(of=("self",)).get(pk=first.pk)
    if is_new:
        record(Kind.APPOINTMENT_MADE, appointment=str(first), role=first.role, aor="")
    elif ((first.username, first.email) != (username, email)
          or RegistrationKey.objects.open(now).filter(appointment=first).exists()):
        raise FirstExists
    return first
