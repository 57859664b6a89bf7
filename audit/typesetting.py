"""Reports as PDF, tagged for screen readers (PDF/UA-1), set by Typst from templates of ours (decision 14).

All data goes to the typesetter as one JSON value and comes out as text: no word of it is ever read as markup. Nothing is written
to disk, no file but the template and the fonts is read, and no network is asked.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

from audit import signs


def pdf(template: Path, document: Mapping[str, Any]) -> bytes:
    """The PDF that `template` makes of `document`; what stands under `svg` is a drawing of ours and goes as it is."""
    return typst.compile(
        template, root=template.parent, font_paths=[settings.REPORT_FONTS], ignore_system_fonts=True, format="pdf",
        sys_inputs={"document": json.dumps(_legible(document))}, pdf_standards=["ua-1"])


def _legible(value: Any) -> Any:
    """The data with signs that the fonts have alone; drawings were made of such."""
    if isinstance(value, Mapping):
        return {key: item if key == "svg" else _legible(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_legible(item) for item in value]
    return signs.legible(value) if isinstance(value, str) else value
