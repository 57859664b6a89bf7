"""Small reports as CSV: no cell can start a formula in the program that opens it (AUD-4)."""

import csv
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

# What would make a spreadsheet take a cell for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def answer(name: str, rows: Iterable[Sequence[str]]) -> HttpResponse:
    """The rows as a download called `name`, in UTF-8 with the mark by which Excel knows it; kept by no cache."""
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers={
        "Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store, private"})
    response.write("\ufeff")
    csv.writer(response).writerows(
        [f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in row] for row in rows)
    return response
