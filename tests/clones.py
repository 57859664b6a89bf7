"""A database in its template's state for each test: put back where only rows differ, cloned anew otherwise.

A clone is a thousand files. Most tests only add rows to tables that are empty in the template, and taking those out again,
past the guards, gives the same database many times sooner. Every change shows by the transaction that wrote it: what the
template holds is written back from a copy, and a changed definition or grant costs a clone.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from config import databases

# Rows taken out stay as dead ones until the next clone.
TESTS_A_CLONE = 60
CATALOGS = ("pg_class", "pg_proc", "pg_trigger", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_type",
            "pg_rewrite", "pg_policy", "pg_default_acl", "pg_extension", "pg_inherits", "pg_index", "pg_db_role_setting")
TABLES = """
    SELECT c.oid, n.nspname, c.relname,
           ARRAY(SELECT tgname::text FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgenabled = 'A' AND NOT t.tgisinternal)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND left(n.nspname, 3) <> 'pg_' ORDER BY c.oid
"""
SEQUENCES = "SELECT seqrelid, pg_sequence_last_value(seqrelid), seqstart FROM pg_sequence"
# The other sessions of a test (a server's, a worker's) end with it.
END_THE_OTHERS = ("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                  " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'")


@dataclass
class Table:
    """A table as the template has it: what it holds, as COPY writes it, and the guards that hold even for a restore."""

    name: sql.Identifier
    guards: list[str]
    rows: int = 0
    copy: bytes = b""

    def changed(self, oid: int) -> sql.Composed:
        """The question whether it is still so, with the first transaction of the test as its argument."""
        if not self.rows:
            return sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(oid, self.name)
        return sql.SQL("SELECT {} WHERE (SELECT count(*) FROM {}) <> {} OR EXISTS (SELECT FROM {} WHERE {})").format(
            oid, self.name, self.rows, self.name, NEW)

    def put_back(self, connection: psycopg.Connection) -> None:
        for guard in self.guards:
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(self.name, sql.Identifier(guard)))
        connection.execute(sql.SQL("DELETE FROM {}").format(self.name))
        if self.copy:
            with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(self.name)) as copy:
                copy.write(self.copy)
        for guard in self.guards:
            connection.execute(sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(self.name, sql.Identifier(guard)))


NEW = sql.SQL("xmin::text::bigint >= {}").format(sql.Placeholder("first"))


@dataclass
class Clone:
    """The database `name`, made from `template`, and what it was like before the test that uses it."""

    name: str
    template: str
    _open: ExitStack = field(default_factory=ExitStack)
    _connection: psycopg.Connection | None = None
    _tests: int = 0
    _tables: dict[int, Table] = field(default_factory=dict)
    _sequences: dict[int, int | None] = field(default_factory=dict)
    _questions: list[sql.Composed] = field(default_factory=list)
    _first: int = 0

    def freshen(self) -> None:
        """Give the database its template's state. This process holds no connection to it then."""
        self._tests += 1
        if self._tests >= TESTS_A_CLONE or not self._put_back():
            self.take()

    def take(self) -> None:
        """Clone the template anew."""
        self.drop()
        databases.create(self.name, template=self.template)
        self._connection = self._open.enter_context(databases.administrator(self.name))
        self._connection.autocommit = True
        self._tests = 0
        self._look()

    def drop(self) -> None:
        self._open.close()
        self._connection = None
        databases.drop(self.name)

    def _look(self) -> None:
        connection = self._connection
        connection.execute("SET session_replication_role = replica; SET plan_cache_mode = force_generic_plan")
        self._tables = {}
        for oid, schema, name, guards in connection.execute(TABLES).fetchall():
            table = self._tables[oid] = Table(sql.Identifier(schema, name), guards)
            if connection.execute(sql.SQL("SELECT FROM {} LIMIT 1").format(table.name)).rowcount:
                with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(table.name)) as copy:
                    table.copy = b"".join(copy)
                table.rows = table.copy.count(b"\n")
        self._sequences = {oid: last for oid, last, _ in connection.execute(SEQUENCES).fetchall()}
        definitions = [
            sql.SQL("SELECT 0 WHERE (SELECT count(*) FROM {0}) <> {1} OR EXISTS (SELECT FROM {0} WHERE {2})").format(
                sql.Identifier(name), connection.execute(sql.SQL("SELECT count(*) FROM {}").format(
                    sql.Identifier(name))).fetchone()[0], NEW) for name in CATALOGS]
        # Apart, because switching a guard off makes the server plan anew whatever mentions its table.
        guarded = [table.changed(oid) for oid, table in self._tables.items() if table.guards]
        others = [table.changed(oid) for oid, table in self._tables.items() if not table.guards]
        self._questions = [sql.SQL(" UNION ALL ").join(definitions + others), sql.SQL(" UNION ALL ").join(guarded)]
        self._begin()

    def _begin(self) -> None:
        self._first = self._connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").fetchone()[0]

    def _put_back(self) -> bool:
        """Whether the template's state was reached without a new clone."""
        if self._connection is None:
            return False
        try:
            self._connection.execute(END_THE_OTHERS)
            changed = [oid for question in self._questions
                       for (oid,) in self._connection.execute(question, {"first": self._first}, prepare=True)]
            if 0 in changed:
                return False
            for oid in changed:
                self._tables[oid].put_back(self._connection)
            for oid, last, start in self._connection.execute(SEQUENCES, prepare=True).fetchall():
                before = self._sequences[oid]
                if last != before:
                    self._connection.execute("SELECT setval(%s::oid::regclass, %s, %s)",
                                             [oid, start if before is None else before, before is not None])
        except psycopg.Error:
            return False
        self._begin()
        return True
