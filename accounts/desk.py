"""The Agency Manager's desk: what waits for them in their area, as panels on the first page of the back office (ACC-6).

A panel is `panel(user, now) -> Panel`; PANELS is the order on the page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from accounts import countdown, deletions, idleness, sanctions, training
from accounts.models import AccessRequest, AccountNeed, DeletionRequest, Lockout, Role, Sanction, User
from accounts.needs import interval
from accounts.training import Standing
from audit.events import Kind
from audit.record import record_durably

# So many lines of a panel are shown; its link leads to all.
SHOWN = 8


@dataclass(frozen=True)
class Line:
    """What waits: `text` leads to `url`; `state` says in words how it stands, `tone` in color (ok, warn, bad, idle)."""

    text: str
    url: str
    state: str
    tone: str


@dataclass(frozen=True)
class Panel:
    """`total` may be more than there are lines; `all_at` is where all of them are, `nothing` what is said of none."""

    heading: str
    lines: Sequence[Line]
    total: int
    all_at: str
    nothing: str


def of(user: User, *, now: datetime) -> list[Panel]:
    """The panels of a manager, their look recorded first; nobody else has a desk."""
    if user.role != Role.AGENCY_MANAGER or user.aor_id is None:
        return []
    record_durably(Kind.DESK_VIEWED)
    return [panel(user, now) for panel in PANELS]


def pending_requests(user: User, now: datetime) -> Panel:
    found = AccessRequest.objects.visible_to(user).filter(state=AccessRequest.State.PENDING).order_by("filed_at")
    return Panel(
        heading="Requests to account", total=found.count(), nothing="No request waits for a decision.",
        all_at=f"{reverse('admin:accounts_accessrequest_changelist')}?state__exact={AccessRequest.State.PENDING}",
        lines=[Line(f"{row.number}, {row.full_name}, {row.component}", _page("accessrequest", row.pk),
                    f"waits for {_days((now - row.filed_at).days)}", "warn") for row in found[:SHOWN]])


def lapsing_training(user: User, now: datetime) -> Panel:
    """Who may not enter first, then whose training ends soonest."""
    people = User.objects.visible_to(user).filter(is_active=True)
    found = [(person, standing) for person, standing in training.standings(people, now=now).items()
             if standing.state != training.State.COMPLETE]
    found.sort(key=lambda one: (one[1].state == training.State.EXPIRING, _first_end(one[1]), one[0].username))
    return Panel(
        heading="Training that is missing or ends soon", total=len(found), nothing="The training of everybody is in order.",
        all_at=reverse("admin:accounts_user_changelist"),
        lines=[Line(f"{person.full_name} ({person.username})", _page("user", person.pk), *_of_training(standing))
               for person, standing in found[:SHOWN]])


def locked_accounts(user: User, now: datetime) -> Panel:
    found = Lockout.objects.visible_to(user).filter(locked_at__isnull=False).order_by("-locked_at")
    return Panel(
        heading="Locked accounts", total=found.count(), nothing="No account is locked.",
        all_at=reverse("admin:accounts_lockout_changelist"),
        lines=[Line(row.username, _page("lockout", row.pk), f"locked since {row.locked_at:%b %-d, %H:%M} UTC", "bad")
               for row in found[:SHOWN]])


def ending_accounts(user: User, now: datetime) -> Panel:
    """Accounts about which notice was given: their need is not reaffirmed, or nobody signs in."""
    people = User.objects.visible_to(user)
    found = [(need.affirmed_at + interval(), need.user, "need not reaffirmed") for need in AccountNeed.objects.filter(
        user__in=people.filter(is_active=True), warned_at__isnull=False).select_related("user")]
    found += [(idleness.ends_at(person), person, "nobody signs in")
              for person in idleness.ending(people)]
    found.sort(key=lambda one: (one[0], one[1].username))
    return Panel(
        heading="Accounts that are about to be disabled", total=len(found), nothing="No account is about to be disabled.",
        all_at=reverse("admin:accounts_user_changelist"),
        lines=[Line(f"{person.full_name} ({person.username})", _page("user", person.pk),
                    f"{why}, ends {max(end, now):%b %-d}", "warn") for end, person, why in found[:SHOWN]])


def running_deletions(user: User, now: datetime) -> Panel:
    """What a supervisor asks for first, then the clocks of the operator, the most urgent first (ACC-9)."""
    asked = DeletionRequest.objects.visible_to(user).filter(state=DeletionRequest.State.ASKED).select_related("account")
    clocks = [(row, countdown.of(row, now=now)) for row in deletions.clocks(by=user)[:SHOWN]]
    total = len(asked) + deletions.clocks(by=user).count()
    return Panel(
        heading="Deletions of accounts", total=total, nothing="No deletion is under way.",
        all_at=reverse("admin:accounts_deletionrequest_changelist"),
        lines=[*(Line(row.account.username, _page("deletionrequest", row.pk), "asked for by a supervisor", "warn")
                 for row in asked[:SHOWN]),
               *(Line(row.account.username, _page("deletionrequest", row.pk), f"{clock.state.lower()}, {clock.left}", clock.level)
                 for row, clock in clocks)][:SHOWN])


def newest_sanctions(user: User, now: datetime) -> Panel:
    return Panel(
        heading="Newest sanctions", total=Sanction.objects.visible_to(user).count(), nothing="No sanction is on record.",
        all_at=reverse("admin:accounts_sanction_changelist"),
        lines=[Line(f"{row.account.username}: {row.get_kind_display().lower()}", _page("sanction", row.pk), row.state(now),
                    "bad" if row.state(now) == "in force" else "idle") for row in sanctions.newest(by=user)])


PANELS: tuple[Callable[[User, datetime], Panel], ...] = (
    pending_requests, running_deletions, lapsing_training, locked_accounts, ending_accounts, newest_sanctions,
)


def _first_end(standing: Standing) -> str:
    return min((str(end) for _, end in [*standing.expired, *standing.expiring]), default="")


def _of_training(standing: Standing) -> tuple[str, str]:
    if standing.missing:
        return f"{_courses(len(standing.missing))} missing", "bad"
    if standing.expired:
        return f"{_courses(len(standing.expired))} expired", "bad"
    return f"ends {min(end for _, end in standing.expiring):%b %-d}", "warn"


def _courses(number: int) -> str:
    return f"{number} course{'s' if number != 1 else ''}"


def _days(number: int) -> str:
    return f"{number} day{'s' if number != 1 else ''}"


def _page(model: str, pk: object) -> str:
    return reverse(f"admin:accounts_{model}_change", args=[pk])
