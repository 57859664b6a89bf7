"""What policy lets a person ask for: reasons by component, offenses, and how far back (QRY-3, QRY-4).

The numbers stand in records (`lpr.models.policy`) with history; this room holds the rules that read them. Of the one who asks
and the one named, of their components, the reason and the offense, the strictest limit holds.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from accounts.models import Component, User
from audit import names
from lpr import timeframes
from lpr.case_references import CaseNumbers
from lpr.models import Offense, ReasonCode, TimeframeLimit

_UNIT_OF_ERO = re.compile(r"\bERO\b|enforcement\s+and\s+removal", re.IGNORECASE)


class NotAllowed(ValueError):
    """Policy does not allow the query; `field` says where, the message is a plain sentence."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def reasons_for(asker: User) -> QuerySet[ReasonCode]:
    """The listed reasons that the asker's component may give; all of them for a person of no component."""
    active = ReasonCode.objects.filter(is_active=True)
    return active.filter(components__contains=[asker.component]) if asker.component else active


def offenses_for(reasons: Iterable[ReasonCode]) -> QuerySet[Offense]:
    """The listed offenses that a query for one of these reasons may name."""
    return Offense.objects.filter(is_active=True, code__in={code for reason in reasons for code in reason.offenses})


def case_numbers_of(asker: User) -> CaseNumbers | None:
    """What the case numbers of the asker's component look like; None where nothing is set."""
    row = TimeframeLimit.objects.filter(component=asker.component).exclude(case_number_pattern="").first()
    return CaseNumbers(row.case_number_pattern, row.case_number_example, row.case_number_required) if row else None


def zone_of(asker: User) -> ZoneInfo:
    """Whose calendar days a query means: those of the asker's area of responsibility, else of UTC."""
    return ZoneInfo(asker.aor.time_zone if asker.aor else "UTC")


def allowed_span(
    span: timeframes.Span, *, asker: User, reason: ReasonCode, offense: Offense | None, other_name: str,
    other_unit: str, now: datetime,
) -> timeframes.Span:
    """The span, where policy lets the asker reach back so far for this reason (QRY-3, QRY-4).

    Args:
        span: what is asked for.
        asker: who asks.
        reason, offense: what for; an offense goes with a criminal reason alone.
        other_name, other_unit: for whom, where it is for another person.
        now: the moment of asking.

    Raises:
        NotAllowed: the offense is missing or does not go with the reason, or no limit is set for a component.
        timeframes.TimeframeTooLong: the span reaches back farther than the stricter limit.
    """
    if offense and not reason.is_criminal:
        raise NotAllowed("offense", "An offense goes with a criminal reason only. Clear it, or choose another reason.")
    if offense and not reason.goes_with(offense):
        raise NotAllowed("offense", "This offense does not go with the reason. Choose one that does, or another reason.")
    limits = limits_of({asker.component} | components_of(other_name, other_unit))
    if reason.is_criminal and offense is None and any(limit.by_offense for limit in limits):
        raise NotAllowed("offense", "Choose the offense that is investigated: its statute of limitations sets the timeframe.")
    years = _strictest(limits, reason, offense)
    return timeframes.limited(span, years=years, zone=zone_of(asker), now=now)


def reach(*, limits: Sequence[TimeframeLimit], reason: ReasonCode, offense: Offense | None) -> int | None:
    """How many years back somebody of these limits may ask for a reason and offense; None where nothing limits it.

    Raises:
        NotAllowed: the reason needs an offense first.
    """
    if offense is None and reason.is_criminal and any(limit.by_offense for limit in limits):
        raise NotAllowed("offense", "Choose the offense first: its statute of limitations sets the longest timeframe.")
    return _strictest(limits, reason, offense)


def components_of(name: str, unit: str) -> set[str]:
    """The components of the person named: of every user of that username or full name, and of a unit that says ERO."""
    found: set[str] = set()
    wanted = names.fold(name)
    if wanted:
        named = User.objects.filter(Q(username__iexact=wanted) | Q(folded_name=wanted)).exclude(component="")
        found |= set(named.values_list("component", flat=True))
    if _UNIT_OF_ERO.search(unit):
        found.add(Component.ERO)
    return found


def limits_of(components: set[str]) -> list[TimeframeLimit]:
    """The limits that hold for people of these components.

    Raises:
        NotAllowed: none is set for one of them.
    """
    rows = {row.component: row for row in TimeframeLimit.objects.all()}
    # A person of no component is held to the limits of all.
    wanted = set(rows) if "" in components or not components else components
    if not rows or wanted - rows.keys():
        raise NotAllowed("timeframe", "No limit of the timeframe is set for your component. Ask the operator to set it.")
    return [rows[component] for component in sorted(wanted)]


def _years(limit: TimeframeLimit, reason: ReasonCode, offense: Offense | None) -> int | None:
    if limit.by_offense and reason.is_criminal and offense is not None:
        return offense.limitation_years
    return limit.max_years


def _strictest(limits: Iterable[TimeframeLimit], reason: ReasonCode, offense: Offense | None) -> int | None:
    years = [reason.max_years, *(_years(limit, reason, offense) for limit in limits)]
    return min((each for each in years if each is not None), default=None)
