"""What a printed report says, on the page and as PDF (RES-3, RES-5)."""

import io
import re
import socket
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import typst
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image
from pypdf import PdfReader

from accounts.models import Component
from audit import signs
from lpr import photos
from lpr.models import ReportFooter, Street, StreetDataset
from lpr.query import Query
from lpr.report import pdf
from tests.factories.lpr import jpeg
from tests.lpr.stored_reads import HOUR, add_source, store_read

CASE = "Subject name John Doe, case number 12345678"
WHOLE = {"plate": "XYZ-1234", "state": "OH", "reason": "CRIM", "timeframe": "1y", "case_reference": CASE, "for_whom": "self"}


@pytest.fixture
def browser(officer, signed_in):
    return signed_in(officer)


def seen(**changes):
    """A stored read with both photos."""
    read = store_read(**changes)
    for kind in ("plate", "vehicle"):
        default_storage.save(photos.name(read, kind), ContentFile(jpeg(kind, str(read))))
    return read


def ask(browser, **changes):
    answer = browser.post("/queries/new/", WHOLE | changes)
    assert answer.status_code == 303, answer.content.decode()
    return answer["Location"]


def report(browser, address, *reads):
    answer = browser.post(f"{address}report.pdf", {"read": [str(read) for read in reads]})
    assert answer.status_code == 200
    return PdfReader(io.BytesIO(answer.content))


def words(document):
    """The text of all pages with single spaces."""
    return " ".join(" ".join(page.extract_text() for page in document.pages).split())


def page(browser, address, *reads):
    answer = browser.post(f"{address}report/", {"read": [str(read) for read in reads]})
    assert answer.status_code == 200
    return answer.content.decode()


def said(browser, address, *reads):
    """The same report both ways: as PDF and as page."""
    return words(report(browser, address, *reads)), page(browser, address, *reads)


@pytest.mark.req("RES-3", "RES-1")
def test_a_report_says_all_that_is_known_of_a_read_and_of_its_query(browser):
    add_source("toll-de", label="Delaware toll road camera")
    read = seen(source="toll-de", captured_at=datetime(2026, 7, 1, 16, 5, 9, tzinfo=UTC), address="100 Main St, Columbus 43215",
                received_at=datetime(2026, 7, 1, 16, 6, tzinfo=UTC))
    address = ask(browser, for_whom="other", other_name="Sam Okafor", other_unit="Fugitive Operations", geo_state="OH")
    for text in said(browser, address, read):
        for fact in ("XYZ1234", "Ohio", "Ford, F-150", "July 1, 2026, 12:05:09 PM EDT", "America/New_York",
                     "2026-07-01 16:05:09 UTC", "2026-07-01 16:06:00 UTC", "100 Main St, Columbus 43215",
                     "Delaware toll road camera (toll road, camera Gate 4)", "39.960000° N, 83.000000° W", "97 % by the source",
                     str(read), CASE, "Criminal investigation", "Sam Okafor", "Fugitive Operations", "Officer (officer)",
                     "Last year", address.split("/")[2], "No enforcement action may rest", "angle", "snow",
                     "Near view, by streets", "Wide view, by region"):
            assert fact in text, fact
        assert re.search(r"Main St &(amp;)? 1st Ave", text)


@pytest.mark.req("RES-3", "AUD-1")
def test_each_report_carries_the_id_of_its_own_event_on_every_page(browser, events):
    reads = [seen(captured_at=datetime.now(UTC) - hours * HOUR) for hours in (1, 2)]
    document = report(browser, ask(browser), *reads)
    [event] = events("report.printed")
    assert len(document.pages) == 3
    for number, sheet in enumerate(document.pages, 1):
        text = " ".join(sheet.extract_text().split())
        assert event["id"] in text
        assert f"Page {number} of 3" in text
        assert "Printed by Officer (officer)" in text
        assert "No enforcement action may rest on this report alone" in text


@pytest.mark.req("RES-3")
@pytest.mark.parametrize(("who", "notice", "schedule"), [
    ("officer", "DHS/ICE-011", "three years after the end of the calendar year"),
    ("agent", "DHS/ICE-009 External Investigations", "destroy when 20 years old")])
def test_the_footer_names_the_components_records_notice_and_schedule(request, signed_in, who, notice, schedule):
    browser = signed_in(request.getfixturevalue(who))
    read = seen()
    offense = {"offense": "8USC1324"} if who == "agent" else {}
    for text in said(browser, ask(browser, timeframe="30d", **offense), read):
        assert notice in text
        assert schedule in text


@pytest.mark.req("RES-3", "AUD-12")
def test_the_footer_is_that_of_the_asker_whoever_prints_and_is_a_record_with_history(browser, auditor, signed_in):
    footer = ReportFooter.objects.get(component=Component.ERO)
    footer.notice = "Law enforcement sensitive."
    footer.save()
    assert footer.history.count() == 2
    text, _ = said(signed_in(auditor), *_query_and_read(browser))
    assert "DHS/ICE-011" in text
    assert "Law enforcement sensitive." in text
    assert "Auditor (auditor), OPR auditor" in text


def _query_and_read(browser):
    read = seen()
    return ask(browser), read


def heights(page):
    """How far each piece of text stands above the lower edge of the paper, in points."""
    found = []

    def visit(text, canvas, at, *_):
        if text.strip():
            found.append((canvas[1] * at[4] + canvas[3] * at[5] + canvas[5], text))

    page.extract_text(visitor_text=visit)
    return found


@pytest.mark.req("RES-3")
@pytest.mark.parametrize("notice", ["", "Handle under the rules of the case file. " * 25])
def test_the_foot_stays_on_the_paper_and_below_all_else_however_long_it_is(browser, notice):
    ReportFooter.objects.update(notice=notice)
    read = seen(address="about 80 Quarry Road " * 9, intersection="Exit 12 Ramp & Harlow Turnpike " * 6)
    for page in report(browser, ask(browser), read).pages:
        placed = heights(page)
        assert min(height for height, _ in placed) > 27, "printers leave out what is nearer to the edge"
        [foot] = [height for height, text in placed if "Investigative lead only" in text]
        below = " ".join(text for height, text in placed if height <= foot)
        assert "Printed by" in below
        assert not {"Confidence", "Record", "Signature", "Maps"} & set(re.findall(r"\w+", below))


@pytest.mark.req("RES-3", "RES-1")
def test_both_photographs_and_two_different_maps_are_in_the_report(browser):
    address, read = _query_and_read(browser)
    document = report(browser, address, read)
    assert len(document.pages[1].images) >= 2
    shown = re.findall(r'<img src="(data:[^"]+)" alt="([^"]+)"', page(browser, address, read))
    assert len(shown) == 4
    assert len({picture for picture, _ in shown}) == 4
    assert [alt.split(",")[0] for _, alt in shown[2:]] == ["Street map", "Map of the region"]


@pytest.mark.req("RES-1")
def test_what_a_source_did_not_give_is_said_and_a_missing_photo_too(browser):
    read = store_read(make="", model="", confidence=None, address="", intersection="", plate_photo_cut=True, state="")
    for text in said(browser, ask(browser), read):
        for fact in ("make not given by source, model not given by source", "not given by source", "none within 1 mile",
                     "state not read by the source", "cut from the vehicle photo", "does not hold this photo"):
            assert fact in text, fact


@pytest.mark.req("RES-3")
def test_a_large_photo_is_made_smaller_and_its_digest_is_of_the_whole(browser):
    read = store_read()
    file = io.BytesIO()
    Image.effect_noise((3000, 2000), 90).convert("RGB").save(file, "JPEG")
    for kind in ("plate", "vehicle"):
        default_storage.save(photos.name(read, kind), ContentFile(file.getvalue()))
    document = report(browser, ask(browser), read)
    text = words(document)
    assert "3000 by 2000 pixels, printed smaller" in text
    assert re.search(r"SHA-256 [0-9a-f]{64}", text)
    assert max(image.image.width for image in document.pages[1].images) <= 1200


@pytest.mark.req("RES-3")
def test_the_pdf_is_tagged_for_screen_readers_and_has_title_and_language(browser):
    address, read = _query_and_read(browser)
    document = report(browser, address, read)
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("en")
    assert document.metadata.title == "Report of license plate reads"
    assert "pdfuaid" in document.xmp_metadata.stream.get_data().decode()


@pytest.mark.req("RES-3", "LIM-2")
def test_no_plate_name_or_case_text_stands_in_address_file_name_or_title(browser):
    address, read = _query_and_read(browser)
    answer = browser.post(f"{address}report.pdf", {"read": [str(read)]})
    assert re.fullmatch(r'attachment; filename="report-[0-9a-f-]{36}\.pdf"', answer["Content-Disposition"])
    assert "<title>Report of license plate reads</title>" in page(browser, address, read)


@pytest.mark.req("RES-3")
@pytest.mark.parametrize("nasty", [
    '#read("/etc/passwd") *bold* _it_ $x^2$ = heading `raw` @label <script>alert(1)</script> \\u{41}',
    "#panic(1) #{ sys.inputs } #import \"@preview/x:1.0.0\": *", "“]) #text(red)[x]", "a\u202edesrever\u2066b", "שלום עולם محمد",
    "中文 😀 \ufffd", "ABCDEFGHIJ" * 20, "line one\nline two, case 1", "</dd></dl><img src=x onerror=alert(1)>"])
def test_text_is_printed_as_text_whatever_it_holds(browser, nasty):
    read = seen(address=nasty.replace("\n", " ")[:200], intersection=nasty.replace("\n", " ")[:200])
    text, html = said(browser, ask(browser, case_reference=f"{nasty} {CASE}"[:590]), read)
    assert "Case reference" in text
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    for sign in ("\u202e", "\u2066"):
        assert sign not in text
    if "read(" in nasty:
        assert '#read("/etc/passwd") *bold*' in text
        assert "root:" not in text


@pytest.mark.req("RES-3")
def test_a_note_of_a_megabyte_is_cut_and_says_so(browser, monkeypatch):
    whole = Query.from_event
    monkeypatch.setattr(Query, "from_event", lambda payload: replace(whole(payload), case_reference="x y " * 262_144))
    address, read = _query_and_read(browser)
    started = time.monotonic()
    text, html = said(browser, address, read)
    assert time.monotonic() - started < 5
    for report_text in (text, html):
        assert "cut here; the log holds all 1,048,576 characters" in report_text
    assert len(html) < 500_000


@pytest.mark.req("RES-3")
def test_every_sign_that_passes_as_printable_is_in_the_fonts():
    text = "".join(chr(code) for first, last in signs.SHOWN for code in range(first, last + 1))
    assert signs.legible("a\x07b\u202ec中") == "a[U+0007]b[U+202E]c[U+4E2D]"
    page = b'#set document(title: "x")\n#set text(lang: "en", font: ("Public Sans", "Libertinus Serif"))\n#sys.inputs.text'
    for fonts in (settings.REPORT_FONTS, settings.REPORT_FONTS / "not-there"):
        typst.compile(page, sys_inputs={"text": text}, font_paths=[fonts], ignore_system_fonts=True,
                      pdf_standards=["ua-1"])


@pytest.mark.req("RES-3")
def test_nothing_is_fetched_from_anywhere(browser, monkeypatch):
    address, read = _query_and_read(browser)
    browser.get("/queries/")
    connect = socket.socket.connect

    def only_here(self, place):
        assert self.family == socket.AF_UNIX, place
        return connect(self, place)

    monkeypatch.setattr(socket.socket, "connect", only_here)
    text, html = said(browser, address, read)
    assert "Page 1 of 2" in text
    addresses = re.findall(r'(?:src|href|action)="([^"]+)"', html)
    assert addresses
    assert all(found.startswith(("/", "data:image/")) for found in addresses)
    template = pdf.TEMPLATE.read_text()
    assert not re.search(r"#import|#include|read\(|plugin\(|eval\(|https?:", template.split("\n", 3)[3])


@pytest.mark.req("RES-3")
def test_the_credit_of_the_street_data_stands_on_every_page_of_maps(browser):
    data = StreetDataset.objects.create(name="city", attribution="© OpenStreetMap contributors", loaded_at=datetime.now(UTC))
    Street.objects.create(dataset=data, kind="street", name="Main Street", street_class="primary",
                          points=[[-83.01, 39.96], [-82.99, 39.96]], west=-83.01, south=39.96, east=-82.99, north=39.96)
    address, read = _query_and_read(browser)
    document = report(browser, address, read)
    assert "© OpenStreetMap contributors" in " ".join(document.pages[1].extract_text().split())
    assert "Main Street" in document.pages[1].extract_text()
    assert "© OpenStreetMap contributors" in page(browser, address, read)


@pytest.mark.req("RES-3")
def test_twenty_reads_are_printed_within_five_seconds(browser):
    now = datetime.now(UTC)
    reads = [seen(captured_at=now - timedelta(hours=number + 1), latitude=39.96 + number / 500) for number in range(20)]
    address = ask(browser)
    started = time.monotonic()
    document = report(browser, address, *reads)
    assert time.monotonic() - started < 5
    assert len(document.pages) >= 21
