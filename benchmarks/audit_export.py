"""A search of the log exported as Excel, from the request to the file, against bare XlsxWriter writing the same cells.

Bare is XlsxWriter in constant memory with a call for each cell by its type, from rows that lie in memory. By CPU: this process
and the application's session.
"""

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter
from django.db import connection

from audit import context, search, workbooks
from audit.documents import Cell
from audit.event_report import EventReport
from benchmarks import audit_log, ground
from benchmarks.measure import Ratio, cpu_clock, percentile, ratio, turn_by_turn

STANDARD_SIZE = 200_000  # rows of the export
GOAL = 1.5
ROUNDS = 3
AUDITOR = context.Actor(id=900, name="auditor.opr", role="opr_auditor")


def run(size: int) -> list[Ratio]:
    """`size`: rows of the export, of which each second is a question and shows its answer."""
    with ground.database("audit_export"), tempfile.TemporaryDirectory() as folder, context.acting(AUDITOR):
        audit_log.grow(size)
        ground.settle()
        cells = [row for table in _report().document().tables for row in table.rows]
        connection.ensure_connection()
        cost = turn_by_turn(
            {"export": lambda _: workbooks.write(_report().document(), Path(folder) / "export.xlsx"),
             "bare": lambda _: _bare(cells, Path(folder) / "bare.xlsx")},
            rounds=ROUNDS, clock=cpu_clock(connection.connection.info.backend_pid), say="audit_export")
    ours, theirs = (percentile(cost[side], 0.5) for side in ("export", "bare"))
    return [Ratio(
        "audit_export", ratio(cost["export"], cost["bare"]), GOAL,
        f"search of {size:,} events read and written as Excel ({ours:.1f} s CPU) against bare XlsxWriter of the same cells"
        f" ({theirs:.1f} s)")]


def _report() -> EventReport:
    """What a worker makes of a search that finds the log's questions and answers, anew each time."""
    begun = search.begin(criteria=search.Criteria(user=audit_log.OFFICER.name))
    whole = search.open_whole(search=begun, user_id=AUDITOR.id, purpose="export")
    return EventReport(whole, whole.events, by="OPR (auditor.opr)", aor="", now=datetime.now(UTC))


def _bare(rows: Sequence[Sequence[Cell]], file: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        book = xlsxwriter.Workbook(str(file), {"constant_memory": True, "tmpdir": folder})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        sheet = book.add_worksheet("Events")
        for place, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    if cell:
                        sheet.write_string(place, column, cell)
                elif isinstance(cell, datetime):
                    sheet.write_datetime(place, column, cell.replace(tzinfo=None), moment)
                elif cell is not None:
                    sheet.write_number(place, column, cell)
        book.close()
