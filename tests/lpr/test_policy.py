"""Who may reach back how far, for what (QRY-3, QRY-4), and the policies that an installation starts with."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from alerts import upload_rows
from lpr import first_records, policy, search
from lpr.models import Offense, ReasonCode, TimeframeLimit
from lpr.query import Query
from lpr.timeframes import Span, TimeframeTooLong, years_before

pytestmark = pytest.mark.usefixtures("database")
NOW = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)


def allowed(asker, years, *, reason="CRIM", offense=None, other_name="", other_unit=""):
    """Whether a span of so many calendar years is allowed."""
    span = Span(years_before(NOW, years), NOW)
    try:
        policy.allowed_span(
            span, asker=asker, reason=ReasonCode.objects.get(code=reason),
            offense=Offense.objects.get(code=offense) if offense else None, other_name=other_name, other_unit=other_unit, now=NOW)
    except TimeframeTooLong:
        return False
    return True


@pytest.mark.req("QRY-3")
@pytest.mark.parametrize("reason", ["CRIM", "ADMN", "FUGI"])
@pytest.mark.parametrize("offense", [None, "18USC2251"])
def test_ero_reaches_back_five_years_whatever_the_reason(officer, reason, offense):
    if reason != "CRIM" and offense:
        return
    assert allowed(officer, 5, reason=reason, offense=offense)
    assert not allowed(officer, 6, reason=reason, offense=offense)


@pytest.mark.req("QRY-3")
def test_hsi_reaches_back_five_years_without_a_crime(agent):
    assert allowed(agent, 5, reason="WORK")
    assert not allowed(agent, 6, reason="WORK")


@pytest.mark.req("QRY-4")
@pytest.mark.parametrize(("offense", "years"), [
    ("8USC1326", 5), ("21USC841", 5), ("18USC2339B", 8), ("8USC1324", 10), ("18USC1344", 10),
])
def test_a_criminal_query_of_hsi_reaches_back_to_the_offenses_limitation(agent, offense, years):
    assert allowed(agent, years, offense=offense)
    assert not allowed(agent, years + 1, offense=offense)


@pytest.mark.req("QRY-4")
@pytest.mark.parametrize("offense", ["18USC2251", "18USC1111"])
def test_an_offense_without_limitation_has_no_limit(agent, offense):
    assert allowed(agent, 40, offense=offense)


@pytest.mark.req("QRY-4")
def test_a_criminal_query_of_hsi_names_its_offense_and_no_other_does(agent, officer):
    with pytest.raises(policy.NotAllowed) as refusal:
        allowed(agent, 1)
    assert refusal.value.field == "offense"
    with pytest.raises(policy.NotAllowed) as refusal:
        allowed(agent, 1, reason="WORK", offense="21USC841")
    assert refusal.value.field == "offense"
    assert allowed(officer, 1)


@pytest.mark.req("QRY-4")
def test_an_offense_goes_with_its_own_reasons_at_form_api_and_store(agent, api, signed_in, load_read, events):
    load_read()
    whole = {"plate": "XYZ1234", "state": "OH", "reason": "DRUG", "offense": "18USC1591", "timeframe": "30d", "for_whom": "self",
             "case_reference": "Subject name John Doe, case number 12345678"}
    told = "This offense does not go with the reason."
    assert told in signed_in(agent).post("/queries/new/", whole).content.decode()
    client = api(agent)
    refused = client.post("/api/v1/queries/", whole, format="json")
    assert refused.json()["errors"]["offense"][0].startswith(told)
    assert (len(events("query.refused")), events("query.attempted")) == (2, [])
    asked = client.post("/api/v1/queries/", whole | {"reason": "TRAF"}, format="json").json()
    assert asked["count"] == 1
    # Past the form: the store refuses what its own table does not know, and what was answered stays open to its owner.
    question = Query.from_event(events("query.attempted")[0])
    with pytest.raises(search.QueryFailed):
        search.run_query(query=replace(question, reason="DRUG"))
    assert events("query.failed")[-1]["query"] == events("query.attempted")[-1]["id"]
    ReasonCode.objects.filter(code="TRAF").update(offenses=["8USC1324"])
    assert len(client.get(f"/api/v1/queries/{asked['id']}/").json()["reads"]) == 1
    with pytest.raises(search.QueryFailed):
        search.run_query(query=question)


@pytest.mark.req("QRY-4")
def test_the_operator_ties_offenses_to_a_reason_with_history(operator, signed_in):
    client, reason = signed_in(operator), ReasonCode.objects.get(code="WEAP")
    address = f"/admin/lpr/reasoncode/{reason.pk}/change/"
    whole = {"label": reason.label, "is_criminal": "on", "components": ["HSI"], "is_active": "on"}
    assert client.post(address, whole | {"offenses": ["18USC922", "22USC2778"]}).status_code == 302
    reason.refresh_from_db()
    assert (reason.offenses, reason.history.first().offenses) == (["18USC922", "22USC2778"],) * 2
    assert reason.history.count() == 2
    for wrong in ({"offenses": []}, {"offenses": ["NOPE"]}, {"offenses": ["18USC922"], "is_criminal": ""}):
        assert client.post(address, whole | wrong).status_code == 200
    reason.refresh_from_db()
    assert reason.offenses == ["18USC922", "22USC2778"]
    listed = client.get("/admin/lpr/offense/").content.decode()
    assert "goes with the reasons" in listed.lower()
    assert "CRIM, TERR, WEAP" in listed


@pytest.mark.req("QRY-3")
@pytest.mark.parametrize("name", ["officer2", "OFFICER2", "Officer2", "  officer2 "])
def test_the_stricter_limit_of_asker_and_person_named_holds(agent, officer2, name):
    assert allowed(agent, 10, offense="8USC1324", other_name="Somebody Else")
    assert not allowed(agent, 10, offense="8USC1324", other_name=name)
    assert allowed(agent, 5, offense="8USC1324", other_name=name)


@pytest.mark.req("QRY-3")
@pytest.mark.parametrize("name", ["Jose\u0301 Pe\u0301rez", "JOSÉ  PÉREZ"])
def test_the_limit_of_the_person_named_holds_however_the_name_is_composed(agent, make_user, aor_nyc, name):
    make_user("jose", full_name="José Pérez", role="officer", aor=aor_nyc, component="ERO")
    assert not allowed(agent, 10, offense="8USC1324", other_name=name)


@pytest.mark.req("QRY-3")
def test_of_several_persons_of_one_name_the_strictest_counts(agent, make_user, aor_nyc):
    for component in ("HSI", "ERO"):
        make_user(f"roe.{component.lower()}", full_name="Jane Roe", role="officer", aor=aor_nyc, component=component)
    assert not allowed(agent, 10, offense="8USC1324", other_name="jane roe")


@pytest.mark.req("QRY-3")
@pytest.mark.parametrize("unit", ["ERO Newark", "Enforcement and Removal Operations", "newark ero"])
def test_a_unit_that_says_ero_is_held_to_its_limit(agent, unit):
    assert not allowed(agent, 10, offense="8USC1324", other_name="Jane Roe", other_unit=unit)
    assert allowed(agent, 10, offense="8USC1324", other_name="Jane Roe", other_unit="HSI Newark, Oberon squad")


@pytest.mark.req("QRY-3", "QRY-4")
def test_for_an_agent_of_hsi_an_officer_of_ero_keeps_the_limit_of_ero_and_names_the_offense(officer, agent):
    assert not allowed(officer, 10, offense="8USC1324", other_name="agent")
    with pytest.raises(policy.NotAllowed):
        allowed(officer, 1, other_name="agent")


@pytest.mark.req("QRY-3")
def test_the_numbers_are_records(officer):
    TimeframeLimit.objects.filter(component="ERO").update(max_years=3)
    assert not allowed(officer, 4)
    TimeframeLimit.objects.filter(component="ERO").delete()
    with pytest.raises(policy.NotAllowed, match="No limit"):
        allowed(officer, 1)


@pytest.mark.req("QRY-3", "QRY-4")
def test_a_reason_may_have_a_limit_of_its_own_and_the_strictest_holds(agent, operator, signed_in):
    reason = ReasonCode.objects.get(code="WORK")
    answer = signed_in(operator).post(f"/admin/lpr/reasoncode/{reason.pk}/change/", {
        "label": reason.label, "components": ["HSI"], "is_active": "on", "max_years": "2"})
    assert answer.status_code == 302
    assert reason.history.first().max_years == 2
    assert allowed(agent, 2, reason="WORK")
    assert not allowed(agent, 3, reason="WORK")
    ReasonCode.objects.filter(code="TRAF").update(max_years=7)
    assert not allowed(agent, 8, reason="TRAF", offense="8USC1324")
    assert not allowed(agent, 40, reason="TRAF", offense="18USC1591"), "where the offense has no limitation"
    assert allowed(agent, 10, offense="8USC1324"), "of another reason"
    ReasonCode.objects.filter(code="TRAF").update(max_years=12)
    assert not allowed(agent, 11, reason="TRAF", offense="8USC1324"), "the offense's limit is the stricter one"


def test_a_person_of_no_component_is_held_to_the_limits_of_all(make_user):
    someone = make_user("someone", role="supervisor")
    assert not allowed(someone, 6, offense="8USC1324")
    assert set(policy.reasons_for(someone)) == set(ReasonCode.objects.all())


@pytest.mark.req("QRY-1")
def test_reasons_are_those_of_the_component_and_active(officer, agent):
    assert {"ADMN", "CRIM"} <= {row.code for row in policy.reasons_for(officer)}
    assert "ADMN" not in {row.code for row in policy.reasons_for(agent)}
    ReasonCode.objects.filter(code="CRIM").update(is_active=False)
    assert "CRIM" not in {row.code for row in policy.reasons_for(officer)}


@pytest.mark.req("QRY-1", "QRY-4")
def test_an_installation_starts_with_policies_and_never_overwrites_them():
    assert ReasonCode.objects.count() >= 12
    assert Offense.objects.count() >= 15
    assert {row.component: (row.max_years, row.by_offense) for row in TimeframeLimit.objects.all()} == {
        "ERO": (5, False), "HSI": (5, True)}
    TimeframeLimit.objects.filter(component="HSI").update(max_years=2)
    first_records.install(now=NOW)
    assert TimeframeLimit.objects.get(component="HSI").max_years == 2
    assert Offense.objects.count() == len(first_records.OFFENSES)
    assert {code for row in ReasonCode.objects.all() for code in row.offenses} == {code for code, *_ in first_records.OFFENSES}


@pytest.mark.req("QRY-4", "AUD-1")
def test_the_operator_keeps_policies_in_the_back_office_with_history_and_a_code_stays(operator, officer, signed_in, events):
    client = signed_in(operator)
    assert client.get("/admin/lpr/offense/").status_code == 200
    offense = Offense.objects.get(code="21USC841")
    answer = client.post(f"/admin/lpr/offense/{offense.pk}/change/", {
        "code": "CHANGED", "title": offense.title, "citation": offense.citation, "limitation_years": "7",
        "limitation_citation": offense.limitation_citation, "is_active": "on"})
    assert answer.status_code == 302
    offense.refresh_from_db()
    assert (offense.code, offense.limitation_years, offense.history.count()) == ("21USC841", 7, 2)
    assert events("record.changed")[-1]["details"]["fields"] == ["limitation_years"]
    reason = ReasonCode.objects.get(code="CRIM")
    page = client.get(f"/admin/lpr/reasoncode/{reason.pk}/change/")
    assert page.status_code == 200
    assert client.post("/admin/lpr/reasoncode/add/", {
        "code": "NEWR", "label": "A new reason", "components": ["ERO"], "is_active": "on"}).status_code == 302
    assert ReasonCode.objects.get(code="NEWR").components == ["ERO"]
    assert signed_in(officer).get("/admin/lpr/offense/").status_code in {302, 403, 404}


@pytest.mark.req("QRY-1", "ALR-2")
def test_a_component_that_needs_its_case_number_gets_it_in_queries_alerts_and_files(officer, signed_in, events):
    TimeframeLimit.objects.filter(component="ERO").update(
        case_number_pattern=r"NYC-\d{6}", case_number_example="NYC-123456", case_number_required=True)
    browser = signed_in(officer)
    told = "Your component needs the case number, such as NYC-123456."
    whole = {"plate": "XYZ1234", "state": "OH", "reason": "ADMN", "timeframe": "30d", "for_whom": "self", "ongoing": "on",
             "case_reference": "Subject name John Doe, case number 12345678"}
    for page in ("/queries/new/", "/alerts/new/"):
        assert told in browser.post(page, whole).content.decode()
    assert browser.post("/queries/new/", whole | {"case_reference": "nyc-123456"}).status_code == 303
    _, bad, _ = upload_rows.sorted_out(
        [(2, ["XYZ1234", "OH", "ADMN", "John Doe 1234567"])],
        {"plate": 0, "state": 1, "reason": 2, "case_reference": 3}, {"ADMN": "Administrative"}, policy.case_numbers_of(officer))
    assert bad[0].why == [told]


@pytest.mark.req("QRY-1")
def test_a_pattern_that_is_none_is_refused_in_the_back_office():
    row = TimeframeLimit.objects.get(component="HSI")
    for pattern in ("(", "A*"):
        row.case_number_pattern = pattern
        with pytest.raises(ValidationError):
            row.full_clean()
