"""The user list: state of each account, training, open requests, last sign-in; and its export (ACC-14)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, TextChoices, Value, When

from accounts import training
from accounts.models import AccessRequest, DeletionRequest, Lockout, Role, Ticket, User
from accounts.training import Standing
from audit.documents import Cell, Column, Document, Table
from audit.events import Kind
from audit.record import record_durably

COLUMNS = (
    Column("User name", 24), Column("Name", 28), Column("Email address", 34), Column("Role", 20), Column("Component", 12),
    Column("Job category", 34), Column("Area", 20), Column("Account", 16), Column("Open requests", 24), Column("Training", 14),
    Column("Never completed", 50), Column("Lapsed or ending, from when", 50), Column("Last sign-in (UTC)", 24),
    Column("Account since (UTC)", 24),
)


class MayNotExport(Exception):
    """The list is exported by an Agency Manager, of their area."""


class AccountState(TextChoices):
    """How an account stands, in a word; where two are true, the one that stands first here."""

    CLOSED = "closed", "Closed"
    LOCKED = "locked", "Locked"
    OPEN = "open", "Open"


class OpenRequest(TextChoices):
    """What somebody asked for that waits for a step."""

    ACCESS = "access", "Request to account"
    DELETION = "deletion", "Deletion"
    TICKET = "ticket", "Help ticket"


def states(*, now: datetime) -> dict[AccountState, Q]:
    """By state the condition of an account of that state, unless an earlier one holds."""
    locked = Lockout.objects.filter(username=OuterRef("username"), locked_at__isnull=False)
    return {AccountState.CLOSED: Q(is_active=False), AccountState.LOCKED: Q(Exists(locked))}


def with_state(users: QuerySet[User], *, now: datetime) -> QuerySet[User]:
    """`users` with `account_state`, a value of `AccountState`."""
    whens = [When(condition, then=Value(state.value)) for state, condition in states(now=now).items()]
    return users.annotate(account_state=Case(*whens, default=Value(AccountState.OPEN.value)))


def waiting(*, by: User) -> dict[OpenRequest, Q]:
    """By kind the condition of a user whose request waits, among the requests that `by` may see."""
    filed = AccessRequest.objects.visible_to(by).filter(state=AccessRequest.State.PENDING, email__iexact=OuterRef("email"))
    theirs = {"account": OuterRef("pk")}
    removed = DeletionRequest.objects.visible_to(by).filter(state__in=DeletionRequest.OPEN, **theirs)
    helped = Ticket.objects.visible_to(by).exclude(state=Ticket.State.CLOSED).filter(**theirs)
    return {OpenRequest.ACCESS: Q(Exists(filed)), OpenRequest.DELETION: Q(Exists(removed)), OpenRequest.TICKET: Q(Exists(helped))}


def with_open_requests(users: QuerySet[User], *, by: User) -> QuerySet[User]:
    """`users` with a truth value `waits_<kind>` for each kind of open request."""
    return users.annotate(**{f"waits_{kind.value}": condition for kind, condition in waiting(by=by).items()})


def open_requests(user: User) -> list[OpenRequest]:
    """Of a user of `with_open_requests`."""
    return [kind for kind in OpenRequest if getattr(user, f"waits_{kind.value}")]


def in_training_state(users: QuerySet[User], state: str, *, now: datetime) -> QuerySet[User]:
    """Those of `users` whose training stands so; `state` is a value of `training.State`."""
    standings = training.standings(users, now=now)
    return users.filter(pk__in=[user.pk for user, standing in standings.items() if standing.state == state])


def export(*, users: QuerySet[User], by: User, format: str, filters: Mapping[str, str], now: datetime) -> Document:
    """The list as a document; that it leaves is recorded first.

    Args:
        users: whom the manager has before them; those of other areas are left out whatever it holds.
        by: an Agency Manager.
        format: `csv` or `xlsx`.
        filters: what narrowed the list, for the first page and the record.
        now: the moment.

    Raises:
        MayNotExport: `by` is no Agency Manager of an area.
    """
    if by.role != Role.AGENCY_MANAGER or by.aor is None:
        raise MayNotExport("The list of users is exported by an Agency Manager.")
    own = users.filter(aor=by.aor).select_related("aor")
    listed = with_open_requests(with_state(own, now=now), by=by)
    standings = training.standings(listed, now=now)
    rows = [_row(user, standing) for user, standing in standings.items()]
    record_durably(Kind.USERS_EXPORTED, format=format, count=len(rows), filters=dict(filters))
    facts = [("Area", str(by.aor)), ("Made by", f"{by.full_name} ({by.username})"), ("Made at", f"{now:%Y-%m-%d %H:%M} UTC"),
             ("Users", str(len(rows))), ("Only", ", ".join(f"{name}: {value}" for name, value in filters.items()) or "all")]
    return Document("Users", lambda: facts, [Table("Users", COLUMNS, rows)])


def _row(user: User, standing: Standing) -> Sequence[Cell]:
    ends = ", ".join(f"{course.name} ({day})" for course, day in [*standing.expired, *standing.expiring])
    return (user.username, user.full_name, user.email, user.get_role_display(), user.component, user.get_job_category_display(),
            str(user.aor), AccountState(user.account_state).label,  # type: ignore[attr-defined]
            ", ".join(kind.label for kind in open_requests(user)), standing.state.label,
            ", ".join(course.name for course in standing.missing), ends, user.last_login, user.created_at)
