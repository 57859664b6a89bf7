"""Files of plates as users upload them, and the upload."""

import csv
import io

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile

from alerts import uploads
from tests.factories.alerts import CASE

HEADING = ["plate", "state", "reason", "case_reference"]


def row(plate, *more, state="OH", reason="CRIM", case=CASE):
    return [plate, state, reason, case, *more]


def csv_of(*rows, heading=HEADING) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([heading, *rows])
    return text.getvalue().encode()


def xlsx_of(*rows, heading=HEADING) -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    for cells in [heading, *rows]:
        book.active.append(cells)
    book.save(file)
    return file.getvalue()


def many(number, start=0):
    return [row(f"P{index:06d}") for index in range(start, start + number)]


def upload(browser, data, filename="plates.csv", **fields):
    return browser.post("/alerts/upload/", {
        "name": "Team", "file": SimpleUploadedFile(filename, data), "scope": "self"} | fields)


def begun(officer, now, data, **fields):
    return uploads.begin(owner=officer, data=data, now=now, **{"name": "Team"} | fields)
