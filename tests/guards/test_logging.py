"""The operator's log holds no data of a request: not the message of an exception, which quotes what it was given."""

import ast
import io
import json
import logging
import sys
from pathlib import Path

import pytest

from config.logging import JsonFormatter

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = [file for app in ("accounts", "alerts", "audit", "config", "lpr") for file in sorted((ROOT / app).rglob("*.py"))]
SECRET = "XYZ1234"
METHODS = {"debug", "info", "warning", "error", "exception", "critical", "log"}


def line_of(log) -> dict:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.Logger("guard")
    logger.addHandler(handler)
    log(logger)
    (line,) = stream.getvalue().splitlines()
    assert SECRET not in line
    return json.loads(line)


def fail() -> None:
    try:
        raise KeyError(f"inner {SECRET}")
    except KeyError as error:
        raise ValueError(f"duplicate key (plate)=({SECRET})") from error


@pytest.mark.req("AUD-11")
def test_an_exception_leaves_its_type_and_place_and_not_its_message():
    def log(logger):
        try:
            fail()
        except ValueError:
            logger.exception("the page failed")

    line = line_of(log)
    assert line["message"] == "the page failed"
    assert line["exception"].startswith("ValueError at ")
    assert line["exception"].split(":")[0].endswith("test_logging.py")


@pytest.mark.req("AUD-11")
def test_neither_a_group_nor_notes_nor_a_cached_text_of_an_exception_is_written():
    def log(logger):
        try:
            error = ValueError(SECRET)
            error.add_note(SECRET)
            raise ExceptionGroup(SECRET, [error])
        except ExceptionGroup:
            record = logger.makeRecord("guard", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
            record.exc_text = f"Traceback ... {SECRET}"
            record.stack_info = f"Stack ... {SECRET}"
            logger.handle(record)

    assert line_of(log)["exception"].startswith("ExceptionGroup at ")


@pytest.mark.req("AUD-11")
def test_every_process_logs_through_it(settings):
    assert settings.LOGGING["formatters"] == {"json": {"()": "config.logging.JsonFormatter"}}
    assert {handler["formatter"] for handler in settings.LOGGING["handlers"].values()} == {"json"}


def errors_logged(tree: ast.AST) -> list[int]:
    """Lines where a caught exception, or its text, is an argument of a logging call; its type's name may be one."""
    found = []
    for handler in (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name):
        for call in (node for node in ast.walk(handler) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Attribute) and call.func.attr in METHODS and "log" in ast.unparse(call.func.value):
                for argument in [*call.args, *(word.value for word in call.keywords if word.arg != "exc_info")]:
                    text = ast.unparse(argument).replace(f"type({handler.name}).__name__", "")
                    names = {node.id for node in ast.walk(ast.parse(text or "None")) if isinstance(node, ast.Name)}
                    if handler.name in names:
                        found.append(call.lineno)
    return found


@pytest.mark.req("AUD-11")
def test_no_call_logs_the_text_of_an_exception():
    found = [(file.relative_to(ROOT).as_posix(), line) for file in CODE for line in errors_logged(ast.parse(file.read_text()))]
    assert not found


def test_the_search_for_logged_exceptions_finds_them():
    wrong = 'try:\n x()\nexcept E as error:\n logger.error("no: %s", error)\n logger.error(f"no {error}")\n'
    right = 'try:\n x()\nexcept E as error:\n logger.error("no: %s", type(error).__name__)\n'
    assert errors_logged(ast.parse(wrong)) == [4, 5]
    assert errors_logged(ast.parse(right)) == []
