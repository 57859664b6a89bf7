"""The manifest and the server agree, and a difference is found (decisions 5 to 9a)."""

import pytest

from config import databases

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.req("AUD-2", "BEY-3")
def test_a_migrated_database_is_as_the_manifest_says():
    assert databases.differences() == []


@pytest.mark.req("AUD-2", "BEY-3")
@pytest.mark.parametrize(("damage", "named"), [
    ("GRANT SELECT ON store.read TO lpr_app", "lpr_app may SELECT store.read"),
    ("GRANT SELECT (plate) ON audit.event TO lpr_app", "lpr_app may SELECT column plate"),
    ("GRANT lpr_owner TO lpr_app", "lpr_app is a member of lpr_owner"),
    ("ALTER TABLE audit.event_default DISABLE TRIGGER refuse_change", "refuse_change of audit.event_default is off"),
    ("ALTER TABLE audit.checkpoint DISABLE TRIGGER refuse_change", "refuse_change of audit.checkpoint is off"),
    ("ALTER TABLE audit.kept_event DISABLE TRIGGER refuse_change", "refuse_change of audit.kept_event is off"),
    ("GRANT EXECUTE ON FUNCTION audit.drop_month TO lpr_loader", "lpr_loader may call audit.drop_month"),
    ("ALTER TABLE audit_legalhold DISABLE TRIGGER keep_hold", "keep_hold of public.audit_legalhold is off"),
    ("GRANT INSERT ON audit.sealed_leaf TO lpr_app", "lpr_app may INSERT audit.sealed_leaf"),
    ("GRANT SELECT ON audit.event TO lpr_sealer", "lpr_sealer may SELECT audit.event"),
    ("DROP TRIGGER refuse_truncate ON audit.event", "audit.event is not guarded by refuse_truncate"),
    ("CREATE FUNCTION store.peek() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function store.peek is not of this release"),
    ("ALTER TABLE store.read OWNER TO postgres", "store.read belongs to postgres"),
    ("GRANT INSERT ON django_admin_log TO lpr_app", "lpr_app may INSERT public.django_admin_log"),
    ("CREATE OR REPLACE FUNCTION store.meters_between(lat1 double precision, lon1 double precision, lat2 double precision,"
     " lon2 double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS 'SELECT 0.0::double precision'",
     "function store.meters_between is not the one of this release"),
])
def test_a_difference_is_named(damage, named):
    try:
        with databases.administrator() as connection:
            connection.execute(damage)
        assert any(named in difference for difference in databases.differences())
    finally:
        if damage.startswith("GRANT lpr_owner"):  # roles belong to the server, not to the test's own database
            with databases.administrator() as connection:
                connection.execute("REVOKE lpr_owner FROM lpr_app")
