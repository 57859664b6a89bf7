"""Usage reports count what the log holds, show each reader their scope, and are themselves on the log (AUD-7)."""

import io
from datetime import UTC, date, datetime

import openpyxl
import pypdf
import pytest
from django.db import DatabaseError, connections

from accounts.models import User
from audit import charts, context, statistics, tasks
from audit.events import Kind
from audit.models import DailyCount
from audit.record import record_durably
from tests.factories import old_log

pytestmark = pytest.mark.usefixtures("database")
NYC = context.Actor(id=70, name="someone", aor="NYC", component="ERO", role="officer")
CHI = context.Actor(id=71, name="another", aor="CHI", component="HSI", role="officer")


@pytest.fixture
def used() -> None:
    """In New York three searches, of which one with hits, one on behalf; in Chicago one search with hits."""
    for actor, hits, named in ((NYC, 2, "Jane Doe"), (NYC, 0, ""), (NYC, 0, ""), (CHI, 1, "")):
        query = record_durably(Kind.QUERY_ATTEMPTED, actor=actor, plate="ABC123", state="PA", reason="CRIM", on_behalf_of=named,
                               offense="homicide").id
        record_durably(Kind.QUERY_ANSWERED, actor=actor, query=query, count=hits, digest="d")
    record_durably(Kind.QUERY_REFUSED, actor=NYC, entered={}, errors={})
    record_durably(Kind.SIGNED_IN, actor=NYC)
    record_durably(Kind.ENTRY_ADDED, actor=NYC, plate="ABC123", state="PA", reason="CRIM")
    for _ in range(2):
        record_durably(Kind.HIT_MADE, actor=context.Actor(id=None, name="system", aor="NYC"), plate="ABC123", reason="CRIM")


def report(user, now, aor=None):
    with context.acting(context.actor_of(user)):
        return statistics.report(user=user, since=now.date(), until=now.date(), format="page", now=now)


def counted(row):
    return {name: count for name, count in row.counts.items() if count}


@pytest.mark.req("AUD-7")
def test_each_thing_is_counted_by_each_grouping(used, auditor, now):
    made = report(auditor, now)
    assert counted(made.total) == {"login": 1, "search": 4, "search_with_hits": 2, "on_behalf_of": 1, "refused": 1, "entry": 1,
                                   "hit": 2}
    groups = {name: {row.label: row for row in rows} for name, rows in made.groups}
    assert counted(groups["Component"]["HSI"]) == {"search": 1, "search_with_hits": 1}
    assert counted(groups["Area of responsibility"]["CHI"]) == {"search": 1, "search_with_hits": 1}
    assert groups["Reason"]["CRIM"].counts["search"] == 4
    assert groups["Offense"]["homicide"].counts["search_with_hits"] == 2
    assert groups["User"]["someone"].counts["search"] == 3
    assert made.total.cells[-2:] == ["50.0 %", "2.00"]
    assert made.days == [(now.date(), 4, 2)]


@pytest.mark.req("AUD-7", "AUD-12")
def test_a_manager_sees_the_numbers_of_their_area_and_the_look_is_recorded(used, manager, signed_in, events, now):
    browser = signed_in(manager)
    text = browser.get("/audit/statistics/").content.decode()
    assert "someone" in text
    assert "another" not in text
    assert "<svg" in text
    assert "style=" not in text
    assert text.count("<h1") == 1
    [viewed] = events(Kind.STATISTICS_VIEWED)
    assert (viewed["actor"], viewed["details"]["format"]) == ("manager", "page")
    assert viewed["details"]["since"] == statistics.quarter_of(now.date())[0].isoformat()


@pytest.mark.req("AUD-7")
def test_the_report_leaves_as_excel_and_as_pdf(used, auditor, signed_in):
    browser = signed_in(auditor)
    for format in ("xlsx", "pdf"):
        answer = browser.get(f"/audit/statistics/report.{format}")
        data = io.BytesIO(b"".join(answer.streaming_content))
        if format == "xlsx":
            sheet = openpyxl.load_workbook(data)["Over time"]
            assert [row[1:] for row in sheet.iter_rows(min_row=2, values_only=True)] == [(4, 2)]
            [chart] = sheet._charts
            assert [series.val.numRef.f for series in chart.series] == ["'Over time'!$B$2", "'Over time'!$C$2"]
            [heading, row] = openpyxl.load_workbook(data)["Total"].iter_rows(values_only=True)
            assert dict(zip(heading, row, strict=True))["Searches with hits"] == 2
        else:
            pages = pypdf.PdfReader(data).pages
            text = "\n".join(page.extract_text() for page in pages)
            [drawn] = [page for page in pages if "Searches over time" in page.extract_text()]
            assert drawn.get_contents().get_data().count(b" re f") == 2
            assert "The highest is 4" in drawn.extract_text()
            assert "Usage report" in text
            assert "someone" in text


@pytest.mark.req("AUD-7")
@pytest.mark.parametrize("span", ["since=2026-02-30&until=2026-03-01", "since=2026-03-02&until=2026-03-01", "since=x"])
@pytest.mark.parametrize("page", ["", "report.xlsx"])
def test_a_span_that_is_none_is_explained_at_the_field(auditor, signed_in, span, page):
    answer = signed_in(auditor).get(f"/audit/statistics/{page}?{span}")
    assert answer.status_code == 400
    assert "error" in answer.content.decode()


@pytest.mark.req("AUD-7")
def test_counting_anew_gives_the_same_and_repairs_what_was_changed(used, events, now):
    tasks.count_usage()
    names = ("measure", "actor", "component", "aor", "reason", "offense", "count")
    first = set(DailyCount.objects.values_list(*names))
    DailyCount.objects.filter(measure="search").update(count=99)
    tasks.count_usage()
    assert set(DailyCount.objects.values_list(*names)) == first
    log = events()
    for measure, kind in (("search", Kind.QUERY_ATTEMPTED), ("login", Kind.SIGNED_IN), ("hit", Kind.HIT_MADE)):
        assert sum(row[-1] for row in first if row[0] == measure) == sum(event["kind"] == kind for event in log)
    assert {event["details"]["day"] for event in log if event["kind"] == Kind.AUDIT_COUNTED} >= {now.date().isoformat()}


@pytest.mark.req("AUD-7")
def test_a_hit_counts_for_the_owner_of_its_alert_their_area_and_component(watch, load_read, officer, auditor, now):
    with context.acting(context.actor_of(officer)):
        watch(plate="XYZ1234")
    load_read(plate="XYZ1234")
    load_read(plate="XYZ1234")
    groups = {name: {row.label: row for row in rows} for name, rows in report(auditor, now).groups}
    for group, label in (("User", "officer"), ("Component", "ERO"), ("Area of responsibility", "NYC")):
        row = groups[group][label]
        assert (row.counts["entry"], row.counts["hit"], row.cells[-1]) == (1, 2, "2.00")
    assert "system" not in groups["User"]
    # An owner who moved on takes nothing out of the counts of before.
    User.objects.filter(pk=officer.pk).update(component="HSI")
    assert statistics.differing_days(since=now.date(), until=now.date()) == []


@pytest.mark.req("AUD-7")
def test_an_answer_counts_on_the_day_of_its_question(now):
    asked_on, day_after = date(now.year - 1, 3, 5), date(now.year - 1, 3, 6)
    [query] = old_log.append_old(datetime(now.year - 1, 3, 5, 23, 59, tzinfo=UTC), (
        "query.attempted", {"actor": "someone", "aor": "NYC", "plate": "A1", "on_behalf_of": "Jane", "details": {}}))
    assert statistics.count_day(day=asked_on) == 2
    old_log.append_old(datetime(now.year - 1, 3, 6, 0, 0, tzinfo=UTC), *[
        (kind, {"actor": "someone", "aor": "NYC", "query": query, "details": details})
        for kind, details in (("query.answered", {"count": 3}), ("named.told", {"persons": ["jane"]}))])
    assert statistics.differing_days(since=asked_on, until=day_after) == [asked_on]
    made = statistics.counted(since=asked_on, until=asked_on, aor="")
    assert counted(made.total) == {"search": 1, "search_with_hits": 1, "on_behalf_of": 1}
    assert made.total.cells[-2] == "100.0 %"
    assert {row.label for row in dict(made.groups)["Person named"]} == {"jane"}
    assert counted(statistics.counted(since=day_after, until=day_after, aor="").total) == {}


@pytest.mark.req("AUD-11")
def test_only_the_event_of_counting_opens_the_counts(used):
    event = record_durably(Kind.STATISTICS_VIEWED, since="2026-01-01", until="2026-01-02", format="page").id
    with connections["default"].cursor() as cursor, pytest.raises(DatabaseError, match="opens no counts"):
        cursor.execute("SELECT * FROM audit.daily_counts(%s::uuid)", [event])


@pytest.mark.req("AUD-7")
@pytest.mark.parametrize(("day", "first", "last"), [
    (date(2026, 1, 1), date(2026, 1, 1), date(2026, 3, 31)), (date(2026, 6, 30), date(2026, 4, 1), date(2026, 6, 30)),
    (date(2024, 12, 31), date(2024, 10, 1), date(2024, 12, 31)), (date(2026, 8, 15), date(2026, 7, 1), date(2026, 9, 30)),
])
def test_a_quarter_has_its_days(day, first, last):
    assert statistics.quarter_of(day) == (first, last)


@pytest.mark.req("AUD-7")
def test_a_chart_shows_days_and_where_there_are_too_many_months():
    assert charts.of_days([]) is None
    chart = charts.of_days([(date(2026, 1, 1), 4, 1), (date(2026, 1, 2), 2, 2)])
    assert [(bar.height, bar.part_height) for bar in chart.bars] == [(200, 50), (100, 100)]
    days = [datetime.fromordinal(day).replace(tzinfo=UTC).date() for day in range(739_000, 739_100)]
    assert len(charts.of_days([(day, 1, 0) for day in days]).bars) in {4, 5}


@pytest.mark.req("AUD-7")
def test_queries_on_behalf_of_others_are_counted_by_the_person_named(auditor, manager, now):
    for told in (["jane"], ["jane", "joe"], []):
        query = record_durably(Kind.QUERY_ATTEMPTED, actor=NYC, plate="ABC123", state="PA", on_behalf_of="J Roe").id
        if told:
            record_durably(Kind.NAMED_TOLD, actor=NYC, query=query, persons=told)
    made = report(auditor, now)
    assert counted(made.total) == {"search": 3, "on_behalf_of": 3}
    by_person = {row.label: counted(row) for row in dict(made.groups)["Person named"]}
    assert by_person == {"jane": {"on_behalf_of": 2}, "joe": {"on_behalf_of": 1}}
    assert {row.label for row in dict(made.groups)["User"]} == {"someone"}
    # A name that is no account's stands in the log alone.
    assert not DailyCount.objects.filter(actor__icontains="roe").exists()
