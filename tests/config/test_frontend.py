"""The look: packages from npm, the copies that pages name, and templates that a strict content security policy lets through."""

import re
import shutil
import sys
import time
from pathlib import Path

import pytest
from django import forms
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template.loader import get_template, render_to_string

from config import frontend

ROOT = frontend.ROOT
STATIC = ROOT / "config" / "static"
VENDOR = ROOT / frontend.VENDOR
APPS = ("config", "accounts", "audit", "lpr", "alerts")
TEMPLATES = sorted(path for app in APPS for path in (ROOT / app).glob("templates/**/*") if path.is_file())
OWN_SCRIPTS = sorted((STATIC / "js").glob("*.js"))
ERROR_PAGES = ("400.html", "403.html", "403_csrf.html", "404.html", "500.html", "503.html")
# What the policy forbids, or what would need it loosened.
INLINE_CODE = {
    "a script without a file": re.compile(r"<script(?![^>]*\ssrc=)", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "an event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "a script address": re.compile(r"javascript:", re.I),
    "a foreign address": re.compile(r"""(src|href|action)\s*=\s*["']?(https?:)?//""", re.I),
}


@pytest.fixture(scope="module", autouse=True)
def _built():
    frontend.build()


def test_a_second_build_does_nothing_and_takes_no_time():
    before = (VENDOR / frontend.STAMP).stat().st_mtime_ns
    start = time.perf_counter()
    assert frontend.build() is False
    assert time.perf_counter() - start < 0.1
    assert (VENDOR / frontend.STAMP).stat().st_mtime_ns == before


def test_a_changed_lock_file_makes_the_build_stale(tmp_path):
    lock = tmp_path / "package-lock.json"
    lock.write_text("{}")
    first = frontend._stamp(tmp_path)
    lock.write_text('{"lockfileVersion": 3}')
    assert frontend._stamp(tmp_path) != first


def test_every_file_that_pages_need_was_copied():
    for target in frontend.COPIES.values():
        assert (VENDOR / target).exists(), target


def test_no_source_map_is_named():
    for path in VENDOR.rglob("*.[cj]s*"):
        assert "sourceMappingURL" not in path.read_text("utf-8"), path


@pytest.mark.parametrize("sheet", sorted([*VENDOR.rglob("*.css"), *(STATIC / "css").glob("*.css")]), ids=lambda p: p.name)
def test_every_file_that_a_style_sheet_names_is_there(sheet):
    for name in frontend.named_files(sheet.read_text("utf-8")):
        assert (sheet.parent / name).is_file(), f"{sheet.name} names {name}"


def test_static_files_can_be_given_hashed_names(settings, tmp_path, capsys):
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_DIRS = [STATIC]
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    assert (tmp_path / "staticfiles.json").is_file()


def test_the_lock_file_holds_no_download_address():
    lock = (ROOT / "package-lock.json").read_text("utf-8")
    assert not re.search(r"https?:|registry|\"resolved\"", lock)
    assert lock.count('"integrity"') == lock.count('"version"')


def test_every_version_in_package_json_is_exact():
    package = (ROOT / "package.json").read_text("utf-8")
    assert not re.search(r'"[\^~><*]', package)


def test_without_npm_the_node_of_the_python_package_is_used(monkeypatch):
    monkeypatch.setenv("PATH", "")
    node, script = frontend.npm_command()
    assert Path(node).is_file()
    assert Path(script).is_file()


def test_without_any_npm_one_sentence_says_what_is_missing(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    with pytest.raises(frontend.FrontendError, match=r"^Neither npm nor .* is here: install one of them\.$"):
        frontend.npm_command()


def test_a_missing_lock_file_is_one_sentence(tmp_path):
    with pytest.raises(frontend.FrontendError, match=r"package-lock\.json cannot be read: No such file"):
        frontend.build(tmp_path)


def test_a_refusal_of_npm_is_one_sentence(tmp_path):
    shutil.copy(ROOT / "package-lock.json", tmp_path)
    (tmp_path / "package.json").write_text('{"name": "other", "dependencies": {"leaflet": "1.0.0"}}')
    with pytest.raises(frontend.FrontendError) as refused:
        frontend.build(tmp_path)
    assert str(refused.value).startswith("npm could not install the front-end packages: ")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / frontend.VENDOR).exists()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_holds_inline_code_or_a_foreign_address(template):
    text = re.sub(r"{#.*?#}|{%\s*comment\s*%}.*?{%\s*endcomment\s*%}", "", template.read_text("utf-8"), flags=re.S)
    found = [what for what, pattern in INLINE_CODE.items() if pattern.search(text)]
    assert not found


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_static_file_that_a_template_names_is_there(template):
    for name in re.findall(r"""{%\s*static\s+["']([^"']+)""", template.read_text("utf-8")):
        assert finders.find(name), name


@pytest.mark.parametrize("script", OWN_SCRIPTS, ids=lambda path: path.name)
def test_our_scripts_write_text_and_never_html(script):
    text = script.read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    for imported in re.findall(r'from "([^"]+)"', text):
        assert (script.parent / imported).is_file(), imported


@pytest.mark.parametrize("name", ERROR_PAGES)
def test_error_pages_need_neither_request_nor_database(name):
    page = get_template(name).render()
    assert page.count("<h1>") == 1
    assert "{" not in page
    assert "<title>" in page


class SampleForm(forms.Form):
    plate = forms.CharField(help_text="Letters and digits.")
    whom = forms.ChoiceField(choices=[("self", "Myself")], widget=forms.RadioSelect, help_text="You, or a colleague.")
    agree = forms.BooleanField(help_text="Read them first.")


@pytest.mark.parametrize("name", ["plate", "whom", "agree"])
def test_a_field_names_its_hint_and_its_error(name):
    field = SampleForm(data={})[name]
    html = render_to_string("includes/field.html", {"field": field})
    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described is not None
    for wanted in described[1].split():
        assert f'id="{wanted}"' in html
    assert described[1] == f"id_{name}_helptext id_{name}_error"


def test_the_error_summary_links_to_each_field_that_is_on_the_page():
    form = SampleForm(data={})
    summary = render_to_string("includes/form_errors.html", {"form": form})
    fields = "".join(render_to_string("includes/field.html", {"field": field}) for field in form)
    targets = re.findall(r'href="#([^"]+)"', summary)
    assert len(targets) == 3
    for target in targets:
        assert f'id="{target}"' in fields


def test_a_valid_form_has_no_error_summary():
    form = SampleForm(data={"plate": "ABC1", "whom": "self", "agree": "on"})
    assert form.is_valid()
    assert "alert" not in render_to_string("includes/form_errors.html", {"form": form})
