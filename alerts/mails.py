"""What mails say. The plate stands in the body alone, and case text goes to the owner alone (ALR-5)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from alerts import envelopes
from alerts.models import AlertList, AlertPolicy, Entry, Handover, Hit, Notification, NotificationKind
from lpr.policy import zone_of
from lpr.states import NAMES

# Hits that one mail lists; the page has them all.
MOST_LINES = 200


def of_hit(*, notification: Notification, hit: Hit, entry: Entry) -> EmailMessage:
    """The mail that tells one recipient of one hit; the same intent always makes the same Message-ID.

    Raises:
        django.core.mail.BadHeaderError: when sent, if an address or a name holds a line break.
    """
    body = render_to_string("alerts/mail/hit.txt", {
        "agency_name": settings.AGENCY_NAME, "hit": hit, "entry": entry, "captured": local_time(hit.captured_at, hit.zone),
        "state_name": NAMES.get(hit.state, hit.state), "is_owner": notification.recipient_id == entry.owner_id,
        "is_shared": notification.kind == NotificationKind.SHARED,
        "link": settings.SITE_URL.rstrip("/") + reverse("alerts:hit", args=[hit.pk]),
    })
    marked = ", details corrected" if hit.plate_stays else f", {hit.marked}" if hit.marked else ""
    subject = f"Alert hit{marked}: {entry.alert_list.name}"
    return _mail(notification, subject=subject, body=body)


def of_hits(*, letter: Notification, pairs: Sequence[tuple[Hit, Entry]]) -> EmailMessage:
    """The mail that tells one recipient of many hits at once: a digest, or repeated sightings of one plate (BEY-9).

    Args:
        letter: one of its intents.
        pairs: each hit with its entry.
    """
    by_entry: dict[Entry, list[Hit]] = defaultdict(list)
    for hit, entry in pairs:
        by_entry[entry].append(hit)
    watched, left = [], MOST_LINES
    for entry, hits in sorted(by_entry.items(), key=lambda item: (item[0].alert_list.name, item[0].plate)):
        newest = sorted(hits, key=lambda hit: hit.captured_at, reverse=True)
        watched.append({
            "entry": entry, "count": len(hits), "state_name": NAMES.get(entry.state, entry.state),
            "is_owner": letter.recipient_id == entry.owner_id, "unlisted": max(0, len(hits) - left),
            "seen": [{"hit": hit, "captured": local_time(hit.captured_at, hit.zone)} for hit in newest[:left]]})
        left = max(0, left - len(hits))
    body = render_to_string("alerts/mail/hits.txt", {
        "agency_name": settings.AGENCY_NAME, "count": len(pairs), "watched": watched,
        "link": settings.SITE_URL.rstrip("/") + reverse("alerts:hits")})
    return _mail(letter, subject=f"Alert hits: {len(pairs)}", body=body)


def of_prompts(
    *, notification: Notification, entries: Sequence[Entry], policy: AlertPolicy, now: datetime
) -> EmailMessage:
    """The mail that asks the owner to affirm or remove what ends soon; it names lists and days, no plates (ALR-7)."""
    lists: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: entry.valid_until):
        lists.setdefault(entry.alert_list.name, []).append(entry)
    zone = zone_of(notification.recipient).key
    body = render_to_string("alerts/mail/prompt.txt", {
        "agency_name": settings.AGENCY_NAME, "count": len(entries), "grace_days": policy.grace_days,
        "lists": [(name, len(ending), local_time(ending[0].valid_until, zone)) for name, ending in lists.items()],
        "all_ended": all(entry.valid_until <= now for entry in entries),
        "link": settings.SITE_URL.rstrip("/") + reverse("alerts:renewals"),
    })
    return _mail(notification, subject="Alerts to be renewed or removed", body=body)


def of_deconfliction(*, letter: Notification, pairs: Sequence[tuple[Entry, Entry]]) -> EmailMessage:
    """The mail that names to one user the others who watch the same plates for the same reason (ALR-6).

    Args:
        letter: one of its intents.
        pairs: the reader's entry and the other user's, whose case text is not told.
    """
    # Who watches a plate by two lists is named once.
    rows = list({(own.pk, other.owner_id): {"entry": own, "state_name": NAMES.get(own.state, own.state), "other": other.owner}
                 for own, other in pairs}.values())
    body = render_to_string("alerts/mail/deconfliction.txt", {
        "agency_name": settings.AGENCY_NAME, "rows": rows,
        "is_first": all(own.created_at < other.created_at for own, other in pairs),
        "link": settings.SITE_URL.rstrip("/") + reverse("alerts:lists")})
    return _mail(letter, subject="De-confliction: another user watches the same", body=body)


def of_lists_at_rest(*, notification: Notification, handover: Handover) -> EmailMessage:
    """The mail that asks a manager for a successor, or tells an owner why their lists rest (ALR-11); it names no plate."""
    reader = notification.recipient
    is_owner = reader.pk == handover.owner_id
    body = render_to_string("alerts/mail/at_rest.txt", {
        "agency_name": settings.AGENCY_NAME, "owner": handover.owner, "why": handover.get_why_display().lower(),
        "is_owner": is_owner, "due": local_time(handover.due_at, zone_of(reader).key),
        "list_count": AlertList.objects.filter(owner=handover.owner_id).count(),
        "plate_count": Entry.objects.filter(owner=handover.owner_id).count(),
        "link": settings.SITE_URL.rstrip("/") + reverse("accounts:training" if is_owner else "admin:alerts_handover_changelist")})
    return _mail(
        notification, subject="Your alert lists rest" if is_owner else "Alert lists at rest: name a successor", body=body)


def of_lists_taken_over(*, letter: Notification, lists: Sequence[AlertList]) -> EmailMessage:
    """The mail that tells a successor which lists are theirs now (ALR-11); it names no plate."""
    body = render_to_string("alerts/mail/taken_over.txt", {
        "agency_name": settings.AGENCY_NAME, "lists": [(row.name, row.entries.count()) for row in lists],
        "link": settings.SITE_URL.rstrip("/") + reverse("alerts:lists")})
    return _mail(letter, subject="Alert lists were handed over to you", body=body)


def _mail(intent: Notification, *, subject: str, body: str) -> EmailMessage:
    """One of our mails, to the reader of its intents, known by its letter (alerts.envelopes)."""
    letter = intent.letter or intent.pk
    return EmailMessage(
        subject=subject, body=body, to=[intent.recipient.email], from_email=envelopes.sender(letter) or None,
        headers={"From": settings.DEFAULT_FROM_EMAIL, "Message-ID": envelopes.message_id(letter),
                 "Auto-Submitted": "auto-generated"})


def local_time(moment: datetime, zone: str) -> str:
    """A moment in the zone of the place, as people write it; in UTC where the zone is not known."""
    try:
        local = moment.astimezone(ZoneInfo(zone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        local = moment.astimezone(ZoneInfo("UTC"))
    return f"{local:%B} {local.day}, {local:%Y, %H:%M:%S %Z}"
