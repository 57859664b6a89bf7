"""A question as the people who read it say it: names in place of codes, on the page of its result and on paper (RES-3)."""

from dataclasses import dataclass

from lpr import states, timeframes
from lpr.models import Offense, ReasonCode
from lpr.query import Query


@dataclass(frozen=True)
class QuestionInWords:
    """Empty where the question says nothing. A code that is listed no more stands for itself."""

    state: str
    reason: str
    offense: str
    timeframe: str
    geo_state: str


def of(query: Query) -> QuestionInWords:
    """The codes of a question in words."""
    reason = ReasonCode.objects.filter(code=query.reason).first()
    offense = Offense.objects.filter(code=query.offense).first() if query.offense else None
    return QuestionInWords(
        state=states.NAMES.get(query.state, query.state), reason=reason.label if reason else query.reason,
        offense=str(offense or query.offense), timeframe=timeframes.LABELS.get(query.timeframe, query.timeframe),
        geo_state=states.NAMES.get(query.geo_state, query.geo_state))
