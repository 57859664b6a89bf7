"""The report as PDF (RES-3)."""

from dataclasses import asdict
from pathlib import Path

from audit import typesetting
from lpr.report.document import Document

TEMPLATE = Path(__file__).parent / "report.typ"


def render(document: Document) -> bytes:
    """The PDF of a document."""
    return typesetting.pdf(TEMPLATE, asdict(document))
