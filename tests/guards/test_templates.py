"""Nothing in a page runs but our own files, and what people typed is always escaped (decision 13)."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = [file for app in ("accounts", "alerts", "audit", "config", "lpr")
             for file in sorted((ROOT / app).rglob("templates/**/*"))
             if file.is_file()]
CODE = [file for app in ("accounts", "alerts", "audit", "config", "lpr") for file in sorted((ROOT / app).rglob("*.py"))]
SCRIPTS = sorted((ROOT / "config" / "static" / "js").rglob("*.js"))

INLINE = {
    "a script without a file": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "a handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "a script address": re.compile(r"(?:href|src|action)\s*=\s*[\"']?\s*javascript:", re.I),
    "a foreign file": re.compile(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"'](?:https?:)?//", re.I),
}
UNESCAPED = re.compile(r"\|\s*(?:safe|safeseq)\b|{%\s*autoescape\s+off")


def test_there_are_templates_of_every_app():
    assert {file.relative_to(ROOT).parts[0] for file in TEMPLATES} >= {"accounts", "alerts", "audit", "config", "lpr"}


@pytest.mark.parametrize("what", sorted(INLINE))
def test_no_template_holds(what):
    found = [(file.relative_to(ROOT).as_posix(), part) for file in TEMPLATES for part in INLINE[what].findall(file.read_text())]
    assert not found


def test_no_page_and_no_code_marks_text_as_safe():
    """A mail in plain text is no page: it is written as it stands."""
    assert not [file.relative_to(ROOT).as_posix() for file in TEMPLATES
                if file.suffix == ".html" and UNESCAPED.search(file.read_text())]
    assert not [file.relative_to(ROOT).as_posix() for file in CODE
                if re.search(r"\bmark_safe\b|\bSafeString\b|__html__", file.read_text())]


def test_no_script_makes_elements_or_code_from_text():
    makes = re.compile(r"\.innerHTML\s*=|\.outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function\(")
    assert not [file.name for file in SCRIPTS if makes.search(file.read_text())]


def test_the_search_for_inline_code_finds_it():
    page = ('<script>x</script><style>p{}</style><p style="a"><a onclick="b" href="javascript:c">'
            '<img src="https://elsewhere.example/x.png">{{ name|safe }}')
    assert all(pattern.search(page) for pattern in INLINE.values())
    assert UNESCAPED.search(page)
    assert not INLINE["a script without a file"].search('<script type="module" src="/static/js/map.js"></script>')


def test_every_template_can_be_read():
    for file in TEMPLATES:
        if file.suffix == ".html":
            parts = file.relative_to(ROOT).parts
            get_template("/".join(parts[parts.index("templates") + 1:]))
