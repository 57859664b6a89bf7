"""Which timeframes a form offers for a reason and an offense, in words and as the page's script reads them (QRY-3, QRY-4)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from accounts.models import User
from lpr import policy, timeframes
from lpr.models import Offense, ReasonCode, TimeframeLimit

FIRST_CHOOSE = "Choose the reason first: it sets the longest timeframe."
NO_LIMIT = "The offense has no statute of limitations: no limit of the timeframe."


@dataclass(frozen=True)
class OfferedTimeframes:
    """For one asker at one moment; the one named may be held to a stricter limit, which the answer of the form says."""

    asker: User
    reasons: Mapping[str, ReasonCode]
    offenses: Mapping[str, Offense]
    now: datetime

    def choices(self, reason: str, offense: str) -> tuple[tuple[str, str], ...]:
        """Those that the reason and offense allow; all of them while these are not chosen."""
        try:
            return timeframes.offered(self._reach(reason, offense))
        except (policy.NotAllowed, KeyError):
            return timeframes.CHOICES

    def words(self, reason: str, offense: str) -> str:
        """How far back that lets one ask, or what is to be chosen first."""
        try:
            years = self._reach(reason, offense)
        except policy.NotAllowed as refusal:
            return str(refusal)
        except KeyError:
            return FIRST_CHOOSE
        if years is None:
            return NO_LIMIT
        first = timeframes.first_day(years=years, zone=policy.zone_of(self.asker), now=self.now)
        return f"{years} year{'' if years == 1 else 's'} at most for this reason: back to {timeframes.in_words(first)}."

    def for_script(self) -> str:
        """By reason, and by reason and offense that goes with it: the words, and the presets that may be chosen."""
        pairs = [(code, offense) for code, row in self.reasons.items()
                 for offense in ("", *(offense for offense, listed in self.offenses.items() if row.goes_with(listed)))]
        said: dict[str, int] = {}
        offers: dict[str, int] = {}
        for reason, offense in pairs:
            offer = json.dumps([self.words(reason, offense), [code for code, _ in self.choices(reason, offense)]])
            offers[f"{reason} {offense}"] = said.setdefault(offer, len(said))
        return json.dumps({"offers": [json.loads(offer) for offer in said], "of": offers})

    @cached_property
    def _limits(self) -> list[TimeframeLimit]:
        return policy.limits_of({self.asker.component})

    def _reach(self, reason: str, offense: str) -> int | None:
        return policy.reach(limits=self._limits, reason=self.reasons[reason], offense=self.offenses.get(offense))
