"""No transaction spans databases' logins, and nothing calls another alias inside `atomic` ("Hard parts", "Refusals and admin").

First what the source tells: inside a block that names an alias, no call names another one. Then what happens: the doors of the
service are used while every statement of one alias checks that no other alias has a transaction open.
"""

import ast
import importlib
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from audit.events import Kind
from audit.record import record_durably
from tests.factories.alerts import CASE

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("accounts", "alerts", "audit", "config", "lpr")
CODE = [file for app in APPS for file in sorted((ROOT / app).rglob("*.py")) if "migrations" not in file.parts]
ORM = {"create", "get", "filter", "exclude", "all", "get_or_create", "update_or_create", "bulk_create", "exists", "first"}
DEFAULT = "default"


def atomic_alias(node: ast.expr, names: dict[str, Any]) -> str | None:
    """The alias of `transaction.atomic`, with or without a call; None for anything else."""
    call = node if isinstance(node, ast.Call) else None
    function = call.func if call else node
    if ast.unparse(function) not in {"transaction.atomic", "atomic"}:
        return None
    given = [word.value for word in call.keywords if word.arg == "using"] + list(call.args) if call else []
    return alias_of(given[0], names) if given else DEFAULT


def alias_of(expression: ast.expr, names: dict[str, Any]) -> str:
    """The alias that an expression means: its value where the module knows it, else its text."""
    try:
        return str(eval(compile(ast.Expression(expression), "alias", "eval"), dict(names)))
    except Exception:
        return ast.unparse(expression)


def blocks(tree: ast.AST, names: dict[str, Any]) -> Iterator[tuple[str, list[ast.stmt]]]:
    for node in ast.walk(tree):
        entered = []
        if isinstance(node, ast.With):
            entered = [item.context_expr for item in node.items]
        elif isinstance(node, ast.FunctionDef):
            entered = node.decorator_list
        for expression in entered:
            if alias := atomic_alias(expression, names):
                yield alias, node.body


def other_aliases(alias: str, body: list[ast.stmt], names: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """What inside a block of `alias` goes elsewhere, as (line, what)."""
    for node in (inner for statement in body for inner in ast.walk(statement)):
        named = None
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "connections":
            named = alias_of(node.slice, names)
        elif isinstance(node, ast.Call):
            function = ast.unparse(node.func)
            using = [word.value for word in node.keywords if word.arg == "using"]
            if using:
                named = alias_of(using[0], names)
            elif function.endswith(".using") and node.args:
                named = alias_of(node.args[0], names)
            elif function.split(".")[-1] == "record_durably":
                yield node.lineno, "an event that must be recorded outside of any transaction"
            elif function in {"connection.cursor", "record"} or is_unaimed_query(function):
                named = DEFAULT
        if named is not None and named != alias:
            yield node.lineno, f"{named} inside {alias}"


def is_unaimed_query(function: str) -> bool:
    """Whether a call asks a model's manager without saying where."""
    return ".objects." in function and function.split(".")[-1] in ORM and ".using(" not in function


def found_in(source: str, names: dict[str, Any]) -> list[tuple[int, str]]:
    tree = ast.parse(source)
    return [line for alias, body in blocks(tree, names) for line in other_aliases(alias, body, names)]


def test_the_source_names_no_other_alias_inside_a_transaction():
    found = {}
    for file in CODE:
        source = file.read_text()
        if "atomic" in source:
            module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
            if lines := found_in(source, vars(module)):
                found[file.relative_to(ROOT).as_posix()] = lines
    assert not found


@pytest.mark.parametrize("inside", [
    "connections['loader'].cursor()", "X.objects.using('loader').get()", "record(1, using='loader')", "record_durably(1)",
    "f(using=ALIAS)",
])
def test_the_search_finds_another_alias_inside_a_transaction(inside):
    names = {"ALIAS": "loader"}
    assert found_in(f"with transaction.atomic():\n    {inside}\n", names)
    assert found_in(f"@transaction.atomic\ndef f():\n    {inside}\n", names)
    assert found_in("with transaction.atomic(using=ALIAS):\n    X.objects.create()\n", names)
    assert not found_in("with transaction.atomic(using=ALIAS):\n    X.objects.using('loader').create()\n", names)
    assert not found_in("with transaction.atomic():\n    X.objects.create()\n", names)


@pytest.fixture
def watched(database):
    """Every statement of every alias checks that no other alias has a transaction open."""
    spanned = []

    def check(alias: str):
        def run(execute, sql, params, many, context):
            spanned.extend((alias, other) for other in connections if other != alias and connections[other].in_atomic_block)
            return execute(sql, params, many, context)

        return run

    with ExitStack() as stack:
        for alias in connections:
            stack.enter_context(connections[alias].execute_wrapper(check(alias)))
        yield spanned


def test_asking_watching_loading_and_administering_open_no_second_transaction(
    watched, officer, manager, support, operator, signed_in, watch, load_read,
):
    watch(plate="XYZ1234", state="OH")
    load_read(plate="XYZ1234", state="OH", captured_at=datetime.now(UTC))
    client = signed_in(officer)
    answer = client.post("/queries/new/", {
        "plate": "XYZ1234", "state": "OH", "reason": "CRIM", "timeframe": "7d", "for_whom": "self", "case_reference": CASE})
    assert client.get(answer["Location"]).status_code == 200
    client.post("/queries/new/", {"plate": "%"})
    answer = signed_in(manager).post(f"/admin/accounts/user/{support.pk}/change/", {
        "full_name": "Another Name", "email": support.email, "component": "ERO", "job_category": support.job_category,
        "role": support.role, "is_active": "on"})
    assert answer.status_code == 302
    assert signed_in(operator).get("/admin/").status_code == 200
    assert watched == []


def test_the_watch_sees_a_second_transaction(watched):
    from django.db import transaction

    with transaction.atomic():
        record_durably(Kind.COMMAND_RUN, using="loader", command="guard")
    assert watched == [("loader", "default")]
