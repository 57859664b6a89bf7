"""What the page of a result shows: the question in words, the reads with their addresses, the map (RES-1 to RES-7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.access import user_of
from accounts.roles import Right, may
from lpr import freshness, narrowing, page_cursors, policy, question_in_words, read_tokens, search, sharing
from lpr.corroboration import CAUSES
from lpr.forms.narrowing import NarrowingForm
from lpr.forms.sharing import ShareForm
from lpr.models import StreetDataset
from lpr.narrowing import Narrowing
from lpr.recall import Asked, Opened
from lpr.search import Cursor, Page, Read

_SEPARATOR = " · "


@dataclass(frozen=True)
class Shown:
    """What a look shows: a page of the answer, or of the part of it that `narrowing` says, which `look` put on record."""

    page: Page
    narrowing: Narrowing | None = None
    look: UUID | None = None
    count: int = 0


def shown(opened: Opened, cursor: Cursor, *, narrowed_by: UUID | None) -> Shown | None:
    """The page of the look; None for a query that was never answered.

    Raises:
        lpr.narrowing.LookNotFound: `narrowed_by` is no look of this person at this query.
        lpr.search.QueryFailed: the store did not answer.
    """
    if opened.asked.count is None:
        return None
    narrowed = narrowing.seen(event=opened.event) if narrowed_by else None
    page = search.page(event=opened.event, cursor=cursor, size=settings.READS_PER_PAGE)
    return Shown(page, narrowed, narrowed_by, search.count(event=opened.event) if narrowed else opened.asked.count)


def context(request: HttpRequest, opened: Opened, look: Shown | None, form: NarrowingForm | None = None) -> dict[str, Any]:
    """The variables of the page; `look` is None for a query that was never answered, `form` one to be corrected."""
    asked = opened.asked
    page = look.page if look else None
    shown: dict[str, Any] = {
        "asked": asked, "question": question_in_words.of(asked.query), "page": page, "map": map_data(),
        "zone": policy.zone_of(user_of(request)), "is_asker": asked.actor_id == user_of(request).pk,
        "alert_form": reverse("alerts:new") if may(request.user, Right.QUERY) else "", "causes": CAUSES,
        "compares": not opened.is_replay,
    }
    shown["sources"] = freshness.recently(timezone.now())
    shown["silent"] = sum(source.is_stale for source in shown["sources"])
    if shown["is_asker"]:
        shown["share_form"] = ShareForm(user=user_of(request), now=timezone.now())
        shown["shared_with"] = sharing.groups_of(query=asked.id)
    if page:
        shown["reads"] = with_tokens(request, asked, page.reads)
        shown["state_unread"] = with_tokens(request, asked, page.state_unread)
        shown["next"] = page.next and page_cursors.text(asked.id, page.next)
        shown["is_first"] = page.number == 1
        shown["look"] = look
        shown["narrowing_form"] = form or NarrowingForm(
            initial=look.narrowing.entries() if look and look.narrowing else None, zone=shown["zone"])
        shown["first_page"] = f"?look={look.look}" if look and look.look else ""
    return shown


def map_data() -> dict[str, str]:
    """What the map needs beside the places: tile addresses of our own where tiles are configured, and the credit."""
    return {
        "streets_url": reverse("lpr:map_streets"),
        "street_tiles": _tiles("street") if settings.MAP_STREET_TILES else "",
        "satellite_tiles": _tiles("satellite") if settings.MAP_SATELLITE_TILES else "",
        "attribution": _SEPARATOR.join(_credits()),
    }


def _credits() -> list[str]:
    """Whose data the map shows, each once, however many data sets and tiles share a credit or join several in one line."""
    lines = [*StreetDataset.objects.values_list("attribution", flat=True)]
    if settings.MAP_STREET_TILES or settings.MAP_SATELLITE_TILES:
        lines.append(settings.MAP_ATTRIBUTION)
    return list(dict.fromkeys(credit.strip() for line in lines for credit in line.split(_SEPARATOR.strip()) if credit.strip()))


def _tiles(layer: str) -> str:
    """The address of a layer's tiles with the three numbers left to the script."""
    return reverse("lpr:map_tile", args=[layer, 0, 0, 0]).removesuffix("0/0/0") + "{z}/{y}/{x}"


def with_tokens(request: HttpRequest, asked: Asked, reads: Iterable[Read]) -> list[dict[str, Any]]:
    """Each read with its token and the addresses that it opens."""
    # Three addresses for each of fifty reads: found in the map of addresses once, with a place left for the token.
    pattern = {"photos": reverse("lpr:photo", args=["TOKEN", 1]).removesuffix("1/"),
               "error": reverse("lpr:error_report", args=["TOKEN"])}
    return [
        {"read": read, "token": token} | {name: address.replace("TOKEN", token) for name, address in pattern.items()}
        for read in reads
        for token in [read_tokens.make(user_id=user_of(request).pk, session_key=request.session.session_key,
                                       record_id=read.record_id, query=asked.id)]
    ]
