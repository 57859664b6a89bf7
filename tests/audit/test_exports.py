"""A search of the record leaves the house as Excel or PDF: whole, harmless, and for its searcher alone (AUD-4)."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
from django.core.files.storage import default_storage
from django.test import Client

from accounts.models import User
from audit import context, documents, exports, prints, seals, search, tasks, workbooks
from audit.events import Kind
from audit.models import Export
from audit.record import record_durably
from tests.personas import train

pytestmark = pytest.mark.usefixtures("database")
OFFICER = context.Actor(id=7, name="officer.one", aor="NYC", component="ERO", role="officer")
ELSEWHERE = context.Actor(id=8, name="officer.two", aor="CHI", component="ERO", role="officer")
FORMATS = ["xlsx", "pdf"]


def asked(count: int = 1, actor: context.Actor = OFFICER, **facts: str) -> None:
    for number in range(count):
        record_durably(Kind.QUERY_ATTEMPTED, actor=actor, **{
            "plate": "ABC123", "state": "PA", "reason": "CRIM", "case_reference": f"4711-{number}"} | facts)


def searched(user: User, **criteria: Any) -> Any:
    with context.acting(context.actor_of(user)):
        return search.begin(criteria=search.Criteria(**criteria))


def page(client: Client, found: Any, format: str = "xlsx") -> Any:
    return client.get(f"/audit/searches/{found}/export.{format}")


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def sheets(data: bytes) -> dict[str, list[tuple]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def text_of(data: bytes) -> str:
    return "\n".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(data)).pages)


def document(*rows: list, facts: tuple = ()) -> documents.Document:
    columns = [documents.Column("One", 10), documents.Column("Two", 30, own_line=True)]
    return documents.Document("Report", lambda: facts, [documents.Table("Rows", columns, iter(rows))])


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is found is too much to be answered at once."""
    monkeypatch.setattr(exports, "AT_ONCE", 2)


@pytest.mark.req("AUD-4")
def test_excel_says_what_was_searched_by_whom_and_holds_every_event(auditor, signed_in, now):
    asked(3, on_behalf_of="Jane Doe")
    asked(2, plate="XYZ9")
    list(seals.seal_all(now=now))
    client, found = signed_in(auditor), searched(auditor, plate="ABC123")
    answer = page(client, found)
    assert answer["Content-Type"] == exports.CONTENT_TYPES["xlsx"]
    assert "no-store" in answer["Cache-Control"]
    book = sheets(content(answer))
    about = {row[0]: row[1] for row in book["About"] if row[0]}
    assert about["Searched for: license plate"] == "ABC123"
    assert about["Made for"] == "Auditor (auditor)"
    assert about["Events"] == "3"
    assert about["Search"] == str(found)
    assert "plateledger.demo-agency" in about["Checkpoint"]
    assert "leaf 0 to leaf" in about["Sealed"]
    heading, *rows = book["Events"]
    assert [dict(zip(heading, row, strict=True))["Plate"] for row in rows] == ["ABC123"] * 3
    assert {dict(zip(heading, row, strict=True))["On behalf of"] for row in rows} == {"Jane Doe"}
    assert "4711-2" in rows[0][heading.index("Details")]


@pytest.mark.req("AUD-4")
def test_paper_says_the_same_and_numbers_its_pages(auditor, signed_in, now):
    asked(120, on_behalf_of="Ján Müller")
    list(seals.seal_all(now=now))
    client, found = signed_in(auditor), searched(auditor, plate="ABC123")
    paper = pypdf.PdfReader(io.BytesIO(content(page(client, found, "pdf"))))
    first, text = paper.pages[0].extract_text(), "\n".join(one.extract_text() for one in paper.pages)
    for part in ("Audit report", "ABC123", "Auditor (auditor)", "120", "plateledger.demo-agency", str(found)):
        assert part in first
    assert f"Page {len(paper.pages)} of {len(paper.pages)}" in paper.pages[-1].extract_text()
    assert text.count("Case reference: 4711-") == 120
    assert text.count("Ján Müller") == 120


@pytest.mark.req("AUD-4")
def test_what_a_cell_of_paper_cuts_stands_whole_below_its_row(made, auditor):
    name = "Maximiliana Constantinopolitana-Featherstonehaugh of the Newark office"
    user = "maximiliana.constantinopolitana-featherstonehaugh"
    asked(2, actor=context.Actor(id=9, name=user, aor="NYC", component="ERO", role="officer"), on_behalf_of=name)
    with context.acting(context.actor_of(auditor)):
        text = text_of(made("pdf"))
    assert [text.count(f"{heading}: {whole}") for heading, whole in (("User", user), ("On behalf of", name))] == [2, 2]
    assert "Plate: " not in text


@pytest.mark.req("AUD-4", "AUD-12")
@pytest.mark.parametrize("format", FORMATS)
def test_an_export_keeps_to_the_area_of_the_manager(manager, signed_in, format):
    asked(2)
    asked(2, actor=ELSEWHERE, case_reference="Chicago")
    data = content(page(signed_in(manager), searched(manager, plate="ABC123"), format))
    text = str(sheets(data)) if format == "xlsx" else text_of(data)
    assert "4711-1" in text
    assert "Chicago" not in text


@pytest.mark.req("AUD-12")
def test_nobody_else_exports_a_search(auditor, manager, officer, signed_in):
    found = searched(auditor)
    assert page(signed_in(manager), found).status_code == 404
    assert page(signed_in(officer), found).status_code == 403


@pytest.mark.req("AUD-12")
def test_asking_for_an_export_and_taking_it_are_on_the_record(auditor, signed_in, events):
    asked()
    found = searched(auditor, plate="ABC123")
    content(page(signed_in(auditor), found))
    [begun], [taken] = events(Kind.AUDIT_EXPORTED), events(Kind.AUDIT_EXPORT_DOWNLOADED)
    assert (begun["actor"], begun["details"]) == ("auditor", {"search": str(found), "format": "xlsx"})
    assert taken["details"]["count"] == 1
    assert len(taken["details"]["digest"]) == 64
    assert events(Kind.AUDIT_VIEWED)[-1]["details"]["purpose"] == "export"


@pytest.mark.req("AUD-4")
@pytest.mark.parametrize("format", FORMATS)
def test_a_large_export_is_made_by_a_worker_and_then_downloaded(large, auditor, signed_in, events, format):
    asked(5)
    client, found = signed_in(auditor), searched(auditor, plate="ABC123")
    waiting = page(client, found, format)
    assert waiting.status_code == 202
    assert "is being made" in waiting.content.decode()
    assert page(client, found, format).status_code == 202
    export = Export.objects.get()
    tasks.make_export(str(export.pk))
    ready = page(client, found, format)
    assert ready["Content-Type"] == exports.CONTENT_TYPES[format]
    data = content(ready)
    assert ("4711-4" in (str(sheets(data)) if format == "xlsx" else text_of(data)))
    assert events(Kind.AUDIT_EXPORT_DOWNLOADED)[-1]["details"]["count"] == 5
    assert len(events(Kind.AUDIT_EXPORTED)) == 1


@pytest.mark.req("AUD-12")
def test_a_made_export_opens_for_its_requester_alone(large, auditor, manager, signed_in):
    asked(5)
    found = searched(auditor)
    page(signed_in(auditor), found)
    tasks.make_export(str(Export.objects.get().pk))
    assert page(signed_in(manager), found).status_code == 404


@pytest.mark.req("AUD-3", "AUD-12", "ACC-6")
@pytest.mark.parametrize("is_made", [True, False])
def test_who_moved_to_another_area_takes_no_file_of_the_former_one(large, manager, aor_chi, signed_in, events, is_made):
    asked(5, case_reference="New York")
    found = searched(manager)
    page(signed_in(manager), found)
    if is_made:
        tasks.make_export(str(Export.objects.get().pk))
    User.objects.filter(pk=manager.pk).update(aor=aor_chi)
    browser = signed_in(User.objects.get(pk=manager.pk))
    refused = page(browser, found)
    assert (refused.status_code, "Search again" in refused.content.decode()) == (403, True)
    assert events(Kind.AUDIT_EXPORT_REFUSED)[-1]["details"] == {"search": str(found), "format": "xlsx", "why": "scope"}
    assert not events(Kind.AUDIT_EXPORT_DOWNLOADED)
    if not is_made:
        # What no worker took yet is not made in an area for which nobody asked.
        tasks.make_export(str(Export.objects.get().pk))
        assert events(Kind.AUDIT_EXPORT_FAILED)[-1]["details"]["why"] == "scope"
        assert "could not be made" in page(browser, found).content.decode()
        assert "New York" not in str(sheets(content(browser.post(f"/audit/searches/{found}/export.xlsx"))))


@pytest.mark.req("AUD-12")
def test_an_auditor_who_became_a_manager_takes_no_file_of_every_area(large, auditor, aor_nyc, signed_in, events):
    asked(5)
    found = searched(auditor)
    page(signed_in(auditor), found)
    tasks.make_export(str(Export.objects.get().pk))
    User.objects.filter(pk=auditor.pk).update(role="agency_manager", aor=aor_nyc)
    moved = User.objects.get(pk=auditor.pk)
    train(moved, days_ago=20)
    assert page(signed_in(moved), found).status_code == 403
    assert len(events(Kind.AUDIT_EXPORT_REFUSED)) == 1


@pytest.mark.req("AUD-12")
def test_the_row_of_an_export_holds_nothing_of_what_was_searched(large, auditor, signed_in):
    asked(5)
    page(signed_in(auditor), searched(auditor, plate="ABC123"))
    assert "ABC123" not in json.dumps(Export.objects.values().get(), default=str)


@pytest.mark.req("AUD-12")
def test_no_export_is_made_for_who_may_no_longer_read(large, auditor, signed_in, events):
    asked(5)
    client, found = signed_in(auditor), searched(auditor)
    page(client, found)
    User.objects.filter(pk=auditor.pk).update(role="officer")
    tasks.make_export(str(Export.objects.get().pk))
    assert Export.objects.get().state == Export.State.FAILED
    assert events(Kind.AUDIT_EXPORT_FAILED)[0]["details"]["why"] == "account"
    assert not default_storage.exists(Export.objects.get().path)


@pytest.mark.req("AUD-4")
def test_what_a_dead_worker_left_is_made_by_the_next_and_given_up_in_the_end(large, auditor, signed_in, now):
    asked(5)
    client, found = signed_in(auditor), searched(auditor)
    page(client, found)
    Export.objects.update(state=Export.State.RUNNING, attempts=1)
    assert exports.resume(now=now) == 0
    Export.objects.update(attempts=3)
    assert exports.resume(now=now + timedelta(minutes=3)) == 0
    refused = page(client, found)
    assert "could not be made" in refused.content.decode()
    again = client.post(f"/audit/searches/{found}/export.xlsx")
    assert "is being made" in again.content.decode()
    assert exports.resume(now=now + timedelta(minutes=3)) == 1
    assert Export.objects.get().state == Export.State.READY


@pytest.mark.req("AUD-4")
def test_after_a_day_the_file_is_erased(large, auditor, signed_in, now, events):
    asked(5)
    page(signed_in(auditor), searched(auditor))
    tasks.make_export(str(Export.objects.get().pk))
    path = Export.objects.get().path
    assert exports.erase_ended(now=now + timedelta(hours=23)) == 0
    assert default_storage.exists(path)
    Export.objects.update(expires_at=now)
    tasks.keep_exports()
    assert not default_storage.exists(path)
    assert not Export.objects.exists()
    assert len(events(Kind.AUDIT_EXPORT_ERASED)) == 1


@pytest.mark.req("AUD-4")
def test_who_asks_again_after_the_day_gets_a_new_file_and_not_a_dead_page(large, auditor, signed_in, now, events):
    asked(5)
    browser, found = signed_in(auditor), searched(auditor)
    page(browser, found)
    tasks.make_export(str(Export.objects.get().pk))
    over = Export.objects.get()
    Export.objects.update(expires_at=now)
    assert page(browser, found).status_code == 202
    again = Export.objects.get()
    assert (again.pk != over.pk, again.state) == (True, Export.State.WAITING)
    assert not default_storage.exists(over.path)
    assert len(events(Kind.AUDIT_EXPORT_ERASED)) == 1


@pytest.mark.req("AUD-4")
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=HYPERLINK(\"http://x\")", "{=1}", "http://x", "007"])
def test_no_cell_starts_a_formula(tmp_path, text):
    workbooks.write(document([text, text]), tmp_path / "file.xlsx")
    cells = openpyxl.load_workbook(tmp_path / "file.xlsx")["Rows"][2]
    assert [(cell.data_type, cell.value, cell.hyperlink) for cell in cells] == [("s", text, None)] * 2


@pytest.mark.req("AUD-4")
def test_no_text_is_taken_for_markup(tmp_path):
    text = '<r><t>x</t></r></is></c><c r="A2"><f>1+1</f></c><c r="B9" t="inlineStr"><is><r></r>'
    workbooks.write(document([text, " _x0041_ & <b> "], facts=(("Searched for", text),)), tmp_path / "file.xlsx")
    book = openpyxl.load_workbook(tmp_path / "file.xlsx")
    assert [cell.value for cell in book["Rows"][2]] == [text, " _x005F_x0041_ & <b> "]
    assert [cell.value for cell in book["About"][3]] == ["Searched for", f"{text} "]


@pytest.mark.req("AUD-4")
@pytest.mark.parametrize("writer", [workbooks.write, prints.write])
def test_control_characters_are_removed_and_long_notes_marked_when_cut(tmp_path, writer):
    writer(document(["a\x00b\x1b\x08c\rd", "x" * 40_000], ["\ud800", "\N{GRINNING FACE}" * 20_000], facts=(("F", "\x07f"),)),
           tmp_path / "file")
    data = (tmp_path / "file").read_bytes()
    if writer is prints.write:
        assert "abc d" in text_of(data)
        assert "cut here: too long" in text_of(data)
        return
    first, second = sheets(data)["Rows"][1:]
    assert first[0] == "abc\nd"
    assert len(first[1]) == documents.LONGEST_TEXT
    assert first[1].endswith("[cut here: too long for one cell]")
    assert len(second[1].encode("utf-16-le")) <= 2 * documents.LONGEST_TEXT
    assert second[1].endswith("[cut here: too long for one cell]")


@pytest.mark.req("AUD-4")
@pytest.mark.parametrize(("count", "wanted"), [(0, [0]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1]), (6, [3, 3])])
def test_rows_that_a_sheet_cannot_hold_go_on_in_the_next(tmp_path: Path, monkeypatch, count, wanted):
    monkeypatch.setattr(workbooks, "ROWS_ON_A_SHEET", 4)
    workbooks.write(document(*([str(number), ""] for number in range(count))), tmp_path / "file.xlsx")
    book = sheets((tmp_path / "file.xlsx").read_bytes())
    found = [rows for name, rows in book.items() if name != "About"]
    assert [len(rows) - 1 for rows in found] == wanted
    assert [row[0] for rows in found for row in rows[1:]] == [str(number) for number in range(count)]


@pytest.mark.req("AUD-4")
def test_a_long_reading_looks_again_and_misses_nothing(auditor, monkeypatch, events):
    asked(7)
    found = searched(auditor, plate="ABC123")
    monkeypatch.setattr(search, "_STEP", 2)
    monkeypatch.setattr(search, "_LOOK_SECONDS", -1)
    with context.acting(context.actor_of(auditor)):
        whole = search.open_whole(search=found, user_id=auditor.pk, purpose="export")
        assert len({event.id for event in whole.events}) == 7
    assert len(events(Kind.AUDIT_VIEWED)) == 5


@pytest.fixture
def made(auditor: User) -> Callable[..., bytes]:
    def make(format: str) -> bytes:
        answer = exports.ask(search=searched(auditor), format=format, user=auditor, now=datetime.now(UTC))
        assert isinstance(answer, exports.Made)
        return answer.content.read()

    return make


@pytest.mark.req("BEY-2")
@pytest.mark.parametrize("format", FORMATS)
def test_an_unsealed_record_is_said_to_be_unsealed(made, auditor, format):
    with context.acting(context.actor_of(auditor)):
        data = made(format)
    assert "the record was not sealed" in (str(sheets(data)) if format == "xlsx" else text_of(data))


@pytest.mark.req("AUD-4", "AUD-9")
def test_facts_that_a_page_cannot_hold_go_on_behind_it_and_before_the_tables(tmp_path):
    long = "\n".join(f"line {number} of it" for number in range(90))
    facts = (("What happened", long), ("Checkpoint", "origin\n7\nroot"))
    prints.write(document(["row one", ""], facts=facts), tmp_path / "file.pdf")
    pages = [page.extract_text() for page in pypdf.PdfReader(tmp_path / "file.pdf").pages]
    assert [number for number in range(90) if f"line {number} of it" not in "\n".join(pages[:-1])] == []
    assert "Checkpoint" in pages[-2]
    assert "root" in pages[-2]
    assert "row one" in pages[-1]
    assert [f"Page {number} of {len(pages)}" in page for number, page in enumerate(pages, 1)] == [True] * 4
