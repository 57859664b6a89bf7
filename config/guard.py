"""The manifest of the database: who owns what, who may do what, and which code runs inside it (decisions 5 to 9a).

`apply` makes a server so, `differences` says where a server is not so. Web, worker and `readyz` refuse one that differs:
"nobody edits the log" and "no unaudited look" are invariants of the database, and this is where they are written down.
Tables of `public` follow one rule; those of `store` and `audit` are named one by one, partitions like their parent.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = ("public", "store", "audit")
OWNER = "lpr_owner"
LOGINS = ("lpr_app", "lpr_loader", "lpr_sealer", "lpr_auditor", "lpr_migrator")
# Definitions are read from where migrations take them, so that the file is the manifest.
FUNCTION_FILES = sorted(file for app in ("accounts", "alerts", "audit", "lpr") for file in ROOT.glob(f"{app}/sql/*.sql"))
FUNCTION = re.compile(
    r"CREATE OR REPLACE FUNCTION (?P<schema>\w+)\.(?P<name>\w+)\s*\(.*?AS \$function\$(?P<body>.*?)\$function\$", re.S)

WRITE = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
# Of the tables of `public` the application may read and write all but these.
PUBLIC_EXCEPTIONS: dict[str, frozenset[str]] = {
    # Bytes that show a plate or a subject never reach the admin's own log: it takes nothing at all.
    "django_admin_log": frozenset({"SELECT"}),
    "django_migrations": frozenset({"SELECT"}),
    # Sanctions stay as they were put on record; public.erase_sanctions_over takes them at the end of their retention.
    "accounts_sanction": frozenset({"SELECT", "INSERT"}),
}
LOADER_PUBLIC: dict[str, frozenset[str]] = {
    "lpr_source": frozenset({"SELECT"}),
    "lpr_sourcekey": frozenset({"SELECT"}),
    "lpr_jurisdiction": frozenset({"SELECT"}),
    "lpr_sourceauthority": frozenset({"SELECT"}),
    "lpr_street": frozenset({"SELECT"}),
    "lpr_streetdataset": frozenset({"SELECT"}),
    "lpr_receipt": frozenset({"SELECT", "INSERT"}),
    # It sets records aside, and says what became of one that was repaired.
    "lpr_quarantinedrecord": frozenset({"SELECT", "INSERT", "UPDATE"}),
    # Views of entries and recipients, without case text.
    "alerts_watch": frozenset({"SELECT"}),
    "alerts_recipient": frozenset({"SELECT"}),
    "alerts_hit": frozenset({"SELECT", "INSERT"}),
    "alerts_notification": frozenset({"SELECT", "INSERT"}),
}
LOADER_STORE: dict[str, frozenset[str]] = {
    "make": frozenset({"SELECT", "INSERT"}),
    "model": frozenset({"SELECT", "INSERT"}),
    "camera": frozenset({"SELECT", "INSERT"}),
    "place": frozenset({"SELECT", "INSERT"}),
    "recent_record": frozenset({"SELECT", "INSERT"}),
    "read": frozenset({"INSERT"}),
}
# The sealer moves the queue into the tree and sees no event; the auditor sees all and writes nothing; the application takes
# proofs from the seals, which hold hashes and times alone.
RECORD_TABLES: dict[str, dict[str, frozenset[str]]] = {
    "event": {"lpr_auditor": frozenset({"SELECT"})},
    "kept_event": {"lpr_auditor": frozenset({"SELECT"})},
    "unsealed": {"lpr_sealer": frozenset({"SELECT", "DELETE"}), "lpr_auditor": frozenset({"SELECT"})},
    **{table: {"lpr_sealer": frozenset({"SELECT", "INSERT"}), "lpr_auditor": frozenset({"SELECT"}),
               "lpr_app": frozenset({"SELECT"})} for table in ("sealed_leaf", "node", "checkpoint")},
}
# Append-only, as every month of `event` is.
GUARDED = frozenset({"event", "kept_event", "sealed_leaf", "node", "checkpoint"})
# The tables of Django's with a trigger: what was approved, discovered and noted there stays (accounts/sql/rules.sql,
# audit/sql/incidents.sql, audit/sql/legal_holds.sql).
KEPT = {
    "public.accounts_rulestext": "keep_approved_rules", "public.audit_incident": "keep_discovery",
    "public.audit_suspecteduse": "keep_discovery", "public.audit_step": "keep_steps",
    "public.audit_legalhold": "keep_hold",
}
# ON CONFLICT and RETURNING need the key's columns, and nothing else of a read.
LOADER_COLUMNS: dict[str, tuple[str, ...]] = {"read": ("plate", "state", "captured_at", "record_id")}
FUNCTION_GRANTS: dict[str, frozenset[str]] = {
    "audit.append": frozenset({"lpr_app", "lpr_loader", "lpr_sealer", "lpr_auditor"}),
    "audit.append_many": frozenset({"lpr_app"}),
    "audit.events_page": frozenset({"lpr_app"}),
    "audit.query_owner": frozenset({"lpr_app"}),
    "audit.search_owner": frozenset({"lpr_app"}),
    "audit.search_seen": frozenset({"lpr_app"}),
    "audit.proof_page": frozenset({"lpr_app"}),
    "audit.proof_of_bundle": frozenset({"lpr_app"}),
    "audit.delivery_page": frozenset({"lpr_app"}),
    "audit.seal_state": frozenset({"lpr_app", "lpr_sealer"}),
    "audit.daily_counts": frozenset({"lpr_app"}),
    **{f"audit.{door}": frozenset({"lpr_app"}) for door in (
        "review_sample", "review_chosen", "review_candidates", "review_signals", "review_rows",
        "review_frame", "own_questions", "queries_naming")},
    "audit.maintain_partitions": frozenset({"lpr_app"}),
    # Events go by audit.drop_month alone, which asks log, seals and holds; the others say what there is, and whether it may.
    "audit.months_over": frozenset({"lpr_app"}),
    "audit.month_facts": frozenset({"lpr_app"}),
    "audit.check_month": frozenset({"lpr_app"}),
    "audit.drop_month": frozenset({"lpr_app"}),
    "store.maintain_partitions": frozenset({"lpr_app"}),
    "store.reads_over": frozenset({"lpr_app"}),
    "store.delete_reads_over": frozenset({"lpr_app"}),
    "store.drop_months_over": frozenset({"lpr_app"}),
    "store.close_month": frozenset({"lpr_app"}),
    "store.ended_authorities": frozenset({"lpr_app"}),
    "store.stray_rows": frozenset({"lpr_app"}),
    "store.coverage": frozenset({"lpr_app"}),
    "store.reads_page": frozenset({"lpr_app"}),
    "store.reads_outcome": frozenset({"lpr_app"}),
    "store.narrowing_seen": frozenset({"lpr_app"}),
    "store.reads_selected": frozenset({"lpr_app"}),
    "store.shared_queries": frozenset({"lpr_app"}),
    "store.replay_outcome": frozenset({"lpr_app"}),
    "store.replay_differences": frozenset({"lpr_app"}),
    "store.reads_compared": frozenset({"lpr_app"}),
    "store.reported_reads": frozenset({"lpr_app"}),
    "store.correct_read": frozenset({"lpr_app"}),
    "store.withdraw_read": frozenset({"lpr_app"}),
    "store.shown_to": frozenset({"lpr_app"}),
    "store.match_back": frozenset({"lpr_app"}),
    "public.erase_sanctions_over": frozenset({"lpr_app"}),
}
USAGE: dict[str, frozenset[str]] = {
    "public": frozenset({"lpr_app", "lpr_loader", "lpr_sealer", "lpr_auditor"}),
    "store": frozenset({"lpr_app", "lpr_loader"}),
    "audit": frozenset({"lpr_app", "lpr_loader", "lpr_sealer", "lpr_auditor"}),
}


def apply_roles(connection: psycopg.Connection, passwords: Mapping[str, str | None]) -> None:
    """As an administrator: make the roles, the schemas and what new tables start with. Safe to run again.

    Args:
        connection: an administrator's connection to the service's database.
        passwords: by login; None leaves a login's password as it is.
    """
    run = _runner(connection)
    for role, attributes in {OWNER: "NOLOGIN", **dict.fromkeys(LOGINS, "LOGIN")}.items():
        if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).rowcount:
            run("CREATE ROLE {}", role)
        run(f"ALTER ROLE {{}} {attributes} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS", role)
        if passwords.get(role):
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), passwords[role]))
    for member, role in connection.execute(
        "SELECT m.rolname, r.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member"
        " JOIN pg_roles r ON r.oid = a.roleid WHERE m.rolname = ANY(%s)", [[OWNER, *LOGINS]]).fetchall():
        if (member, role) != ("lpr_migrator", OWNER):
            run("REVOKE {} FROM {}", role, member)
    run("GRANT {} TO lpr_migrator", OWNER)
    database = connection.info.dbname
    run("REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
    run(f"GRANT CONNECT ON DATABASE {{}} TO {', '.join(LOGINS)}", database)
    # A delivery is copied into a temporary table before it is stored.
    run("GRANT TEMPORARY ON DATABASE {} TO lpr_loader", database)
    for schema in SCHEMAS:
        run(f"CREATE SCHEMA IF NOT EXISTS {{}} AUTHORIZATION {OWNER}", schema)
        run(f"ALTER SCHEMA {{}} OWNER TO {OWNER}", schema)
        run("REVOKE ALL ON SCHEMA {} FROM PUBLIC", schema)
    # Elsewhere than in `public` nothing is granted by default, or a new month would be readable although its parent is not.
    run(f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    run(f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT {', '.join(sorted(WRITE))} ON TABLES TO lpr_app")
    run(f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO lpr_app")
    connection.commit()


def apply_grants(connection: psycopg.Connection) -> None:
    """As the owner or an administrator, after every migration: give each role what the manifest says, and no more."""
    run = _runner(connection)
    for schema, roles in USAGE.items():
        run(f"REVOKE ALL ON SCHEMA {{}} FROM {', '.join(LOGINS)}", schema)
        run(f"GRANT USAGE ON SCHEMA {{}} TO {', '.join(sorted(roles))}", schema)
        run("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {} FROM PUBLIC", schema)
        run(f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {{}} FROM {', '.join(LOGINS)}", schema)
    present = {(schema, name) for schema, name, *_ in _relations(connection)}
    wanted = _wanted_table_grants(present)
    for schema, name in sorted(present):
        run("REVOKE ALL ON {}.{} FROM PUBLIC", schema, name)
        run(f"REVOKE ALL ON {{}}.{{}} FROM {', '.join(LOGINS)}", schema, name)
        for role in LOGINS:
            if rights := wanted.get((schema, name, role)):
                run(f"GRANT {', '.join(sorted(rights))} ON {{}}.{{}} TO {role}", schema, name)
        if schema == "store" and (columns := LOADER_COLUMNS.get(name)):
            run(f"GRANT SELECT ({', '.join(columns)}) ON {{}}.{{}} TO lpr_loader", schema, name)
    run("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO lpr_app")
    for sequence in ("lpr_receipt_id_seq", "lpr_quarantinedrecord_id_seq"):
        run("GRANT USAGE ON SEQUENCE public.{} TO lpr_loader", sequence)
    for function, roles in FUNCTION_GRANTS.items():
        schema, name = function.split(".")
        for (signature,) in connection.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = %s::regnamespace AND p.proname = %s",
            [schema, name]).fetchall():
            run(f"GRANT EXECUTE ON FUNCTION {signature} TO {', '.join(sorted(roles))}")
    connection.commit()


def differences(connection: psycopg.Connection) -> list[str]:
    """Where the server is not as the manifest says, each in a sentence; empty when all is well. Needs no special right."""
    return [*_role_differences(connection), *_relation_differences(connection), *_function_differences(connection),
            *_trigger_differences(connection)]


def _role_differences(connection: psycopg.Connection) -> Iterator[str]:
    roles = {name: rest for name, *rest in connection.execute(
        "SELECT rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication FROM pg_roles"
        " WHERE rolname = ANY(%s)", [[OWNER, *LOGINS]]).fetchall()}
    for role in (OWNER, *LOGINS):
        if role not in roles:
            yield f"role {role} is missing"
        elif any(roles[role][1:]):
            yield f"role {role} has a power of the server that it must not have"
        elif roles[role][0] != (role != OWNER):
            yield f"role {role} {'may not' if role != OWNER else 'must not'} log in"
    for member, role in connection.execute(
        "SELECT m.rolname, r.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member"
        " JOIN pg_roles r ON r.oid = a.roleid WHERE m.rolname = ANY(%s)", [[OWNER, *LOGINS]]).fetchall():
        if (member, role) != ("lpr_migrator", OWNER):
            yield f"role {member} is a member of {role}"


def _relations(connection: psycopg.Connection) -> list[tuple]:
    """Tables and views of our schemas as (schema, name, parent or None, owner)."""
    return connection.execute(
        "SELECT n.nspname, c.relname, p.relname, pg_get_userbyid(c.relowner) FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_inherits i ON i.inhrelid = c.oid"
        " LEFT JOIN pg_class p ON p.oid = i.inhparent"
        " WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')", [list(SCHEMAS)]).fetchall()


def _wanted_table_grants(present: set[tuple[str, str]]) -> dict[tuple[str, str, str], frozenset[str]]:
    wanted: dict[tuple[str, str, str], frozenset[str]] = {}
    for schema, name in present:
        if schema == "public":
            wanted[schema, name, "lpr_app"] = PUBLIC_EXCEPTIONS.get(name, WRITE)
            if name in LOADER_PUBLIC:
                wanted[schema, name, "lpr_loader"] = LOADER_PUBLIC[name]
        elif schema == "store" and name in LOADER_STORE:
            wanted[schema, name, "lpr_loader"] = LOADER_STORE[name]
        elif schema == "audit":
            wanted |= {(schema, name, role): rights for role, rights in RECORD_TABLES.get(name, {}).items()}
    return wanted


def _relation_differences(connection: psycopg.Connection) -> Iterator[str]:
    relations = _relations(connection)
    wanted = _wanted_table_grants({(schema, name) for schema, name, *_ in relations})
    for schema, name, _, owner in relations:
        if owner != OWNER:
            yield f"{schema}.{name} belongs to {owner}"
    found: dict[tuple[str, str, str], set[str]] = {}
    for schema, name, role, right in connection.execute(
        "SELECT n.nspname, c.relname, coalesce(g.rolname, 'PUBLIC'), x.privilege_type FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN aclexplode(c.relacl) x"
        " LEFT JOIN pg_roles g ON g.oid = x.grantee"
        " WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND x.grantee <> c.relowner",
        [list(SCHEMAS)]).fetchall():
        found.setdefault((schema, name, role), set()).add(right)
    for key in sorted(found.keys() | wanted.keys()):
        schema, name, role = key
        there, meant = frozenset(found.get(key, ())), wanted.get(key, frozenset())
        more, less = there - meant, meant - there
        if more:
            yield f"{role} may {', '.join(sorted(more))} {schema}.{name}"
        if less:
            yield f"{role} may not {', '.join(sorted(less))} {schema}.{name}"
    for schema, name, column, role, right in connection.execute(
        "SELECT n.nspname, c.relname, a.attname, coalesce(g.rolname, 'PUBLIC'), x.privilege_type FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " CROSS JOIN aclexplode(a.attacl) x LEFT JOIN pg_roles g ON g.oid = x.grantee"
        " WHERE n.nspname = ANY(%s) AND a.attacl IS NOT NULL", [list(SCHEMAS)]).fetchall():
        if (schema, role, right) != ("store", "lpr_loader", "SELECT") or column not in LOADER_COLUMNS.get(name, ()):
            yield f"{role} may {right} column {column} of {schema}.{name}"


def defined_functions() -> dict[str, str]:
    """The functions that the source defines: "schema.name" to the MD5 of its body."""
    functions = {}
    for file in FUNCTION_FILES:
        for match in FUNCTION.finditer(file.read_text()):
            body = match["body"].encode()
            functions[f"{match['schema']}.{match['name']}"] = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return functions


def _function_differences(connection: psycopg.Connection) -> Iterator[str]:
    defined = defined_functions()
    found = {}
    for name, digest, owner, grantees in connection.execute(
        "SELECT n.nspname || '.' || p.proname, md5(p.prosrc), pg_get_userbyid(p.proowner),"
        " ARRAY(SELECT coalesce(g.rolname, 'PUBLIC') FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x"
        "       LEFT JOIN pg_roles g ON g.oid = x.grantee WHERE x.grantee <> p.proowner)::text[]"
        " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY(%s)", [list(SCHEMAS)]).fetchall():
        found[name] = digest
        if name not in defined:
            yield f"function {name} is not of this release"
            continue
        if digest != defined[name]:
            yield f"function {name} is not the one of this release"
        if owner != OWNER:
            yield f"function {name} belongs to {owner}"
        allowed = FUNCTION_GRANTS.get(name, frozenset())
        for role in sorted(set(grantees) - allowed):
            yield f"{role} may call {name}"
        for role in sorted(allowed - set(grantees)):
            yield f"{role} may not call {name}"
    for name in sorted(defined.keys() - found.keys()):
        yield f"function {name} is missing"


def _trigger_differences(connection: psycopg.Connection) -> Iterator[str]:
    """Every month of the log and the seals carry both guards, always on, and what is kept its own; no other trigger is there."""
    guards: dict[str, dict[str, str]] = {}
    for table, trigger, enabled in connection.execute(
        "SELECT c.relname, t.tgname, t.tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'audit' AND NOT t.tgisinternal").fetchall():
        guards.setdefault(table, {})[trigger] = enabled
    tables = {name for schema, name, parent, _ in _relations(connection)
              if schema == "audit" and (name in GUARDED or parent == "event")}
    for name in sorted(GUARDED - tables):
        yield f"audit.{name} is missing"
    for table in sorted(tables):
        for trigger in ("refuse_change", "refuse_truncate"):
            state = guards.get(table, {}).get(trigger)
            if state != "A":
                yield f"audit.{table} is not guarded by {trigger}" if state is None else f"{trigger} of audit.{table} is off"
    kept = dict(KEPT)
    for name, trigger, enabled in connection.execute(
        "SELECT n.nspname || '.' || c.relname, t.tgname, t.tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname IN ('public', 'store') AND NOT t.tgisinternal").fetchall():
        if kept.get(name) != trigger:
            yield f"{name} carries a trigger"
        elif enabled != "A":
            yield f"{kept.pop(name)} of {name} is off"
        else:
            kept.pop(name)
    for name, trigger in kept.items():
        yield f"{name} is not guarded by {trigger}"
    for (name,) in connection.execute(
        "SELECT n.nspname || '.' || c.relname FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY(%s) AND r.rulename <> '_RETURN'",
        [list(SCHEMAS)]).fetchall():
        yield f"{name} carries a rule"


def _runner(connection: psycopg.Connection):
    def run(statement: str, *names: str) -> None:
        connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))

    return run
