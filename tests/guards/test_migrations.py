"""Models and migrations agree, and each app's migrations are one line (style, 4.9)."""

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connections
from django.db.migrations import RunSQL
from django.db.migrations.loader import MigrationLoader

from config import databases

OURS = ("accounts", "alerts", "audit", "lpr")
pytestmark = pytest.mark.usefixtures("database")


def test_no_migration_is_missing():
    said = StringIO()
    try:
        call_command("makemigrations", *OURS, check=True, dry_run=True, stdout=said, verbosity=1)
    except SystemExit:
        pytest.fail(said.getvalue())


def test_each_apps_migrations_are_one_line():
    graph = MigrationLoader(None).graph
    for app in OURS:
        assert len(graph.leaf_nodes(app)) == 1, app
        for node in (key for key in graph.nodes if key[0] == app):
            parents = [parent for parent in graph.node_map[node].parents if parent.key[0] == app]
            assert len(parents) == (0 if node[1].startswith("0001_") else 1), node


def test_every_migration_is_applied_where_the_service_runs():
    loader = MigrationLoader(connections["owner"])
    assert set(loader.graph.nodes) <= set(loader.applied_migrations)


@pytest.mark.parametrize("name", ["0015_asked_elsewhere_in_their_name", "0022_scopes_counts_and_draws"])
def test_functions_that_answered_otherwise_before_are_made_anew(name):
    steps = [step.sql for step in MigrationLoader(None).get_migration("audit", name).operations if isinstance(step, RunSQL)]
    with databases.administrator() as connection:
        for function in ("review_sample", "own_questions", "queries_naming"):
            connection.execute(f"DROP FUNCTION IF EXISTS audit.{function}(uuid)")
            connection.execute(f"CREATE FUNCTION audit.{function}(uuid) RETURNS integer LANGUAGE sql AS 'SELECT 1'")
        for step in steps:
            connection.execute(step)
        connection.rollback()


def test_every_table_of_ours_belongs_to_a_migrated_app():
    assert {config.label for config in apps.get_app_configs() if list(config.get_models())} >= set(OURS) - {"audit"}
