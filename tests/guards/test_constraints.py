"""What the database can hold, the database holds: every constraint is violated once, past all forms (style, rule 8)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, models

from accounts import appointments, challenges, keys, tickets
from accounts.models import (
    AccessRequest,
    AccountCeiling,
    Appointment,
    Authenticator,
    ChallengeAnswer,
    ChallengeQuestion,
    Course,
    DeletionCall,
    DeletionRequest,
    EscalationStep,
    Notice,
    RegistrationKey,
    RulesAffirmation,
    RulesText,
    Sanction,
    Ticket,
    TicketPolicy,
    TrainingRecord,
    TrainingReminder,
    User,
    UserGroup,
)
from accounts.roles import Role
from alerts.models import AlertList, AlertPolicy, Entry, Hit, MailChoice, Notification
from audit.models import (
    ContractEnd,
    Delivery,
    Export,
    Incident,
    LastVerified,
    LegalHold,
    Letter,
    Mailing,
    MailingRecipient,
    MonthsEnd,
    NamedNotice,
    Question,
    RetentionPolicy,
    Review,
    ReviewItem,
    ReviewPolicy,
    Step,
    SuspectedUse,
)
from lpr.models import (
    CorrectionNotice,
    CoverageCount,
    CoverageState,
    EndedAuthority,
    ErrorReport,
    Jurisdiction,
    Offense,
    QuarantinedRecord,
    ReasonCode,
    SharedQuery,
    Source,
    SourceAuthority,
    TimeframeLimit,
)
from tests.accounts.applicants import filed

OURS = ("accounts", "alerts", "audit", "lpr")


@dataclass(frozen=True)
class World:
    """One record of each kind, as the service makes it."""

    officer: User
    course: Course
    source: Source


def copied(row: models.Model, **changes: Any) -> None:
    """The row once more under another id."""
    row.pk = None if isinstance(row._meta.pk, models.BigAutoField) else row._meta.pk.get_default()
    row._state.adding = True
    for name, value in changes.items():
        setattr(row, name, value)
    models.Model.save(row, force_insert=True)


def changed(found: models.QuerySet, **changes: Any) -> None:
    assert found.update(**changes), "there was nothing to change"


def recipient(world: World, refusal: str = "SMTPRecipientsRefused 550") -> MailingRecipient:
    mailing = Mailing.objects.create(kind="alarm", about=str(uuid4()), made_at=datetime.now(UTC))
    return MailingRecipient.objects.create(mailing=mailing, address="a@agency.example", tried_at=mailing.made_at, refusal=refusal)


def trained_twice(world: World) -> None:
    for _ in range(2):
        TrainingRecord.objects.create(user=world.officer, course=world.course, completed_on=date(2026, 1, 1))


def reminded_twice(world: World) -> None:
    notice = Notice.objects.create(account=world.officer, kind="training_expiring", made_at=datetime.now(UTC))
    for _ in range(2):
        TrainingReminder.objects.create(user=world.officer, course=world.course, valid_until=date(2026, 1, 1), days=7,
                                        notice=notice)


def authorized_twice(world: World) -> None:
    for _ in range(2):
        SourceAuthority.objects.create(source=world.source, jurisdiction=Jurisdiction.objects.get(state="OH"),
                                       valid_from=date(2020, 1, 1))


def two_apps(world: World, confirmed_at: datetime | None) -> None:
    for _ in range(2):
        Authenticator.objects.create(user=world.officer, sealed_key="x", made_at=datetime.now(UTC), confirmed_at=confirmed_at)


def contract_end(world: World, **fields: Any) -> ContractEnd:
    return ContractEnd.objects.create(**{
        "destination": "x", "ended_on": date(2026, 11, 21), "due_on": date(2026, 12, 21), "opened_by": world.officer,
        "opened_at": datetime.now(UTC)} | fields)


def months_end(world: World, **fields: Any) -> MonthsEnd:
    return MonthsEnd.objects.create(**{
        "announced": uuid4(), "announced_by": world.officer, "announced_at": datetime.now(UTC),
        "months": [date(2018, 1, 1)]} | fields)


def legal_hold(world: World, **fields: Any) -> LegalHold:
    return LegalHold.objects.create(**{"reason": "x", "placed_by": world.officer, "placed_at": datetime.now(UTC)} | fields)


VIOLATIONS: dict[str, Callable[[World], None]] = {
    "authenticator_one_that_counts": lambda world: two_apps(world, datetime.now(UTC)),
    "authenticator_one_being_set_up": lambda world: two_apps(world, None),
    "user_username_unique_whatever_case": lambda world: copied(User.objects.get(username="officer"), username="OFFICER"),
    "user_component_is_ero_or_hsi": lambda world: changed(User.objects.all(), component="CBP"),
    "user_role_is_listed": lambda world: changed(User.objects.all(), role="emperor"),
    "training_record_once_a_day": trained_twice,
    "training_reminder_once_a_stage": reminded_twice,
    "reason_is_somebodys": lambda world: changed(ReasonCode.objects.all(), components=[]),
    "reason_limit_is_positive": lambda world: changed(ReasonCode.objects.all(), max_years=0),
    "reason_of_crimes_has_offenses": lambda world: changed(ReasonCode.objects.filter(is_criminal=False), offenses=["21USC841"]),
    "offense_limitation_is_positive": lambda world: changed(Offense.objects.all(), limitation_years=0),
    "timeframe_limit_is_positive": lambda world: changed(TimeframeLimit.objects.all(), max_years=0),
    "timeframe_of_ero_is_limited": lambda world: changed(TimeframeLimit.objects.filter(component="ERO"), by_offense=True),
    "case_number_required_is_described": lambda world: changed(
        TimeframeLimit.objects.filter(component="HSI"), case_number_required=True),
    "source_kind_is_listed": lambda world: changed(Source.objects.all(), kind="drone"),
    "source_retention_is_positive": lambda world: changed(Source.objects.all(), retention_days=0),
    "source_quarantine_is_positive": lambda world: changed(Source.objects.all(), quarantine_days=0),
    "set_aside_status_is_listed": lambda world: changed(QuarantinedRecord.objects.all(), status="lost"),
    "set_aside_discarded_with_reason": lambda world: changed(QuarantinedRecord.objects.all(), status="discarded"),
    "jurisdiction_end_is_listed": lambda world: changed(Jurisdiction.objects.all(), when_over="sell"),
    "source_authority_end_is_listed": lambda world: changed(SourceAuthority.objects.all(), when_over="sell"),
    "ended_authority_once": lambda world: copied(
        EndedAuthority.objects.create(source=world.source, state="OH", policy="hide", noticed_at=datetime.now(UTC))),
    "source_authority_starts_once_a_day": authorized_twice,
    "alert_list_scope_is_listed": lambda world: changed(AlertList.objects.all(), scope="world"),
    "alert_list_group_is_named": lambda world: changed(AlertList.objects.all(), scope="group", group=None),
    "entry_plate_once_a_list": lambda world: copied(Entry.objects.get()),
    "entry_plate_is_folded": lambda world: changed(Entry.objects.all(), plate="xyz-1234"),
    "entry_state_is_given": lambda world: changed(Entry.objects.all(), state=""),
    "entry_status_is_listed": lambda world: changed(Entry.objects.all(), status="asleep"),
    "hit_once_for_entry_and_read": lambda world: copied(Hit.objects.get()),
    "notification_once_for_entry_read_recipient_kind": lambda world: copied(Notification.objects.get()),
    "shared_query_once_a_group": lambda world: copied(SharedQuery.objects.get()),
    "error_report_once_open_by_reporter": lambda world: copied(ErrorReport.objects.get(), reported=uuid4()),
    "error_report_kind_is_listed": lambda world: changed(ErrorReport.objects.all(), kind="ugly"),
    "error_report_status_is_listed": lambda world: changed(ErrorReport.objects.all(), status="lost"),
    "correction_notice_once_a_recipient": lambda world: copied(CorrectionNotice.objects.get()),
    "delivery_one_at_a_time": lambda world: copied(Delivery.objects.get(), asked=uuid4()),
    "delivery_state_is_listed": lambda world: changed(Delivery.objects.all(), state="lost"),
    "delivery_period_has_an_end": lambda world: changed(Delivery.objects.all(), until=datetime(2020, 1, 1, tzinfo=UTC)),
    "delivery_is_due_after_it_was_asked": lambda world: changed(Delivery.objects.all(), due_at=datetime(2020, 1, 1, tzinfo=UTC)),
    "delivery_made_has_checksum_and_end": lambda world: changed(Delivery.objects.all(), state="ready"),
    "delivery_received_was_made": lambda world: changed(Delivery.objects.all(), received_at=datetime(2030, 1, 1, tzinfo=UTC)),
    "export_once_for_search_and_format": lambda world: copied(Export.objects.get()),
    "export_format_is_listed": lambda world: changed(Export.objects.all(), format="docx"),
    "export_state_is_listed": lambda world: changed(Export.objects.all(), state="lost"),
    "mailing_once_for_its_matter": lambda world: copied(
        Mailing.objects.create(kind="alarm", about="x", made_at=datetime.now(UTC))),
    "mailing_recipient_once": lambda world: copied(recipient(world)),
    "mailing_recipient_took_it_or_refused": lambda world: recipient(world, refusal="") and None,
    "last_verified_is_one_row": lambda world: LastVerified.objects.create(pk=2, at=datetime.now(UTC)) and None,
    "mailing_kind_is_listed": lambda world: Mailing.objects.create(kind="news", about="x", made_at=datetime.now(UTC)) and None,
    "incident_discovered_before_opened": lambda world: copied(
        Incident.objects.get(), number=2, discovered_at=datetime.now(UTC) + timedelta(days=1)),
    "suspected_use_discovered_before_opened": lambda world: copied(
        SuspectedUse.objects.get(), number=2, discovered_at=datetime.now(UTC) + timedelta(days=1)),
    "suspected_use_outcome_is_listed": lambda world: changed(SuspectedUse.objects.all(), outcome="forgotten"),
    "suspected_use_names_its_sanction": lambda world: changed(SuspectedUse.objects.all(), outcome="sanctioned"),
    "step_is_about_one_thing": lambda world: copied(Step.objects.get(), suspected_use=SuspectedUse.objects.get()),
    "step_kind_is_listed": lambda world: copied(Step.objects.get(), kind="guess"),
    "review_method_is_listed": lambda world: changed(Review.objects.all(), method="dice"),
    "review_period_has_an_end": lambda world: changed(Review.objects.all(), until=datetime(2020, 1, 1, tzinfo=UTC)),
    "review_closing_is_whole": lambda world: changed(Review.objects.all(), closed=uuid4()),
    "review_item_once_a_review": lambda world: copied(ReviewItem.objects.get()),
    "review_item_verdict_is_listed": lambda world: changed(ReviewItem.objects.all(), verdict="fine", judged=uuid4()),
    "review_item_verdict_has_its_event": lambda world: changed(ReviewItem.objects.all(), verdict="justified"),
    "review_item_sanction_follows_a_question": lambda world: changed(ReviewItem.objects.all(), sanction="17"),
    "question_disowned_once_a_query": lambda world: copied(Question.objects.get(), item=None),
    "named_notice_once_a_person": lambda world: copied(NamedNotice.objects.get()),
    "contract_end_one_is_open": lambda world: contract_end(world) and contract_end(world),
    "contract_end_due_after_its_day": lambda world: contract_end(world, due_on=date(2026, 11, 1)),
    "contract_end_approval_needs_a_receipt": lambda world: contract_end(world, agency_by=world.officer),
    "contract_end_two_persons": lambda world: contract_end(
        world, manifest="ab" * 32, received_by=world.officer, received_at=datetime.now(UTC), agency_by=world.officer,
        operator_by=world.officer),
    "months_end_one_is_open": lambda world: months_end(world) and months_end(world) and None,
    "months_end_two_persons": lambda world: months_end(world, agency_by=world.officer, operator_by=world.officer) and None,
    "months_end_dropped_was_approved": lambda world: months_end(world, dropped=[date(2018, 1, 1)]) and None,
    "legal_hold_names_a_month": lambda world: legal_hold(world, month=date(2018, 1, 2)) and None,
    "legal_hold_lifting_is_whole": lambda world: legal_hold(world, lifted_at=datetime.now(UTC)) and None,
    "retention_policy_is_one_row": lambda world: RetentionPolicy.objects.create(pk=2) and None,
    "retention_policy_keeps_seven_years": lambda world: changed(RetentionPolicy.objects.all(), years=6),
    "letter_once_a_recipient": lambda world: copied(Letter.objects.get()),
    "letter_kind_is_listed": lambda world: changed(Letter.objects.all(), kind="love"),
    "review_policy_is_one_row": lambda world: ReviewPolicy.objects.create(pk=2) and None,
    "review_policy_asks_for_reviews": lambda world: changed(ReviewPolicy.objects.all(), smallest_sample=0),
    "review_policy_shift_is_a_span": lambda world: changed(ReviewPolicy.objects.all(), shift_ends=25),
    "coverage_once_for_area_and_kind": lambda world: copied(
        CoverageCount.objects.create(area="OH", source_kind="toll_road", reads=1, counted_at=datetime.now(UTC))),
    "coverage_state_is_one_row": lambda world: CoverageState.objects.create(pk=2, counted_at=datetime.now(UTC)) and None,
    "access_request_state_is_listed": lambda world: changed(
        AccessRequest.objects.all(), state="lost", decided_at=datetime.now(UTC), decided_by=world.officer),
    "access_request_component_is_ero_or_hsi": lambda world: changed(AccessRequest.objects.all(), component="CBP"),
    "access_request_decision_has_a_person": lambda world: changed(AccessRequest.objects.all(), state="approved"),
    "account_ceiling_once_an_area_and_component": lambda world: copied(AccountCeiling.objects.get()),
    "account_ceiling_component_is_ero_or_hsi": lambda world: changed(AccountCeiling.objects.all(), component="CBP"),
    "appointment_manager_is_federal_employee": lambda world: changed(
        Appointment.objects.filter(role="agency_manager"), is_federal_employee=False),
    "appointment_first_is_one": lambda world: copied(Appointment.objects.get(role="agency_appointer")),
    "appointment_successor_stands_on_a_word": lambda world: changed(
        Appointment.objects.filter(role="agency_appointer"), succeeds=world.officer),
    "appointment_without_appointer_is_the_first": lambda world: changed(
        Appointment.objects.filter(role="agency_manager"), appointed_by=None),
    "challenge_answer_once_a_question": lambda world: copied(ChallengeAnswer.objects.get()),
    "registration_key_has_one_ground": lambda world: changed(
        RegistrationKey.objects.filter(request__isnull=False), request=None),
    "registration_key_one_standing_a_request": lambda world: copied(
        RegistrationKey.objects.get(request__isnull=False), digest=None),
    "registration_key_one_standing_an_appointment": lambda world: copied(
        RegistrationKey.objects.get(appointment__isnull=False), digest=None),
    "rules_text_in_force_is_approved": lambda world: RulesText.objects.create(body="x", in_force_from=datetime.now(UTC)) and None,
    "rules_affirmation_once_a_user_and_text": lambda world: copied(RulesAffirmation.objects.get()),
    "alert_list_collapse_is_listed": lambda world: changed(AlertList.objects.all(), collapse_minutes=7),
    "mail_choice_frequency_is_listed": lambda world: MailChoice.objects.create(user=world.officer, frequency="never") and None,
    "alert_policy_digest_hour_is_of_the_clock": lambda world: changed(AlertPolicy.objects.all(), digest_hour=24),
    "ticket_state_has_its_times": lambda world: changed(Ticket.objects.all(), state="closed"),
    "ticket_policy_is_one_row": lambda world: TicketPolicy.objects.create(pk=2) and None,
    "escalation_step_tells_somebody": lambda world: changed(EscalationStep.objects.all(), tells="officer"),
    "user_deleted_is_closed_and_out_of_reach": lambda world: changed(
        User.objects.filter(username="officer"), deleted_at=datetime.now(UTC)),
    "deletion_request_state_is_listed": lambda world: changed(
        DeletionRequest.objects.all(), state="lost", ended_at=datetime.now(UTC), ended_by=world.officer),
    "deletion_request_one_open_an_account": lambda world: copied(DeletionRequest.objects.get()),
    "deletion_request_filed_has_a_clock": lambda world: changed(DeletionRequest.objects.all(), due_at=None),
    "deletion_request_end_has_a_person": lambda world: changed(DeletionRequest.objects.all(), state="done"),
    "deletion_call_once_a_stage": lambda world: copied(DeletionCall.objects.get()),
    # Nobody may change a sanction, so each of these is another one.
    "sanction_kind_is_listed": lambda world: copied(Sanction.objects.get(), kind="scolding"),
    "sanction_only_a_suspension_has_other_times": lambda world: copied(
        Sanction.objects.get(), ends_at=datetime.now(UTC) + timedelta(days=1)),
    "sanction_lifting_names_what_it_lifts": lambda world: copied(Sanction.objects.get(), kind="lifting"),
    "alert_policy_is_one_row": lambda world: AlertPolicy.objects.create(pk=2) and None,
}


def constraints() -> dict[str, str]:
    return {constraint.name: model._meta.db_table for model in apps.get_models() if model._meta.app_label in OURS
            for constraint in model._meta.constraints}


def settle_accounts(officer: User, appointer: User) -> None:
    """A request, a manager's appointment and the first appointer's, with keys, a ceiling and an answer."""
    now = datetime.now(UTC)
    request = filed(officer.aor, now)
    appointments.appoint(by=appointer, role=Role.AGENCY_MANAGER, full_name="M", email="m@agency.example", aor=officer.aor,
                         is_federal_employee=True, now=now)
    Appointment.objects.create(role=Role.AGENCY_APPOINTER, full_name="A", email="a@agency.example", appointed_at=now)
    keys.issue(ground=request, by=appointer, now=now)
    AccountCeiling.objects.create(aor=officer.aor, component="ERO", most=1)
    challenges.keep(user=officer, questions=[ChallengeQuestion.objects.first()], hashed=challenges.hashes(["answer"]))


def settle_reviews(officer: User) -> None:
    """A review of one query, a question about it, a notice and a letter."""
    now = datetime.now(UTC)
    review = Review.objects.create(opened=uuid4(), aor="NYC", since=now, until=now + timedelta(days=1), method="random", seed="s",
                                   size=1, opened_by=officer, opened_at=now)
    item = ReviewItem.objects.create(review=review, query=uuid4(), officer=officer, position=1)
    Question.objects.create(query=item.query, officer=officer, item=item, is_disowned=True, asked=uuid4(), asked_by=officer,
                            asked_at=now)
    NamedNotice.objects.create(query=item.query, person=officer, is_only_match=True, made_at=now)
    Letter.objects.create(kind="named", recipient=officer, about="x", made_at=now)


def settle_incidents(officer: User) -> None:
    now = datetime.now(UTC)
    incident = Incident.objects.create(number=1, discovered_at=now, opened_at=now, users_affected="x")
    Step.objects.create(incident=incident, kind="opened", at=now, text="x")
    SuspectedUse.objects.create(number=1, person=officer, discovered_at=now, opened_at=now, opened_by=officer, told_at=now)


def settle_removals(officer: User, appointer: User) -> None:
    """A filed deletion with one of its calls, and a reprimand."""
    now = datetime.now(UTC)
    filed = DeletionRequest.objects.create(account=officer, state="filed", reason="Left", asked_by=appointer, asked_at=now,
                                           filed_by=appointer, filed_at=now, due_at=now + timedelta(days=1))
    DeletionCall.objects.create(request=filed, stage="half", due_at=now)
    Sanction.objects.create(account=officer, kind="reprimand", reason="Misuse", evidence="Review 1", starts_at=now,
                            decided_by=appointer, decided_at=now)


@pytest.fixture
def world(officer, appointer, source, watch, load_read) -> World:
    settle_accounts(officer, appointer)
    settle_reviews(officer)
    settle_incidents(officer)
    settle_removals(officer, appointer)
    watch(plate="XYZ1234", state="OH")
    read = load_read(plate="XYZ1234", state="OH", captured_at=datetime.now(UTC))
    report = ErrorReport.objects.create(reported=uuid4(), record_id=read, kind="plate", note="An O, not a zero", reporter=officer,
                                        reported_at=datetime.now(UTC))
    circle = UserGroup.objects.create(name="Task force", purpose="Joint case", owner=officer)
    SharedQuery.objects.create(query=uuid4(), group=circle, shared_by=officer, shared_at=datetime.now(UTC))
    CorrectionNotice.objects.create(report=report, recipient=officer, made_at=datetime.now(UTC))
    now = datetime.now(UTC)
    Export.objects.create(search="0190a0a0-0000-7000-8000-000000000000", format="xlsx", requester=officer.pk, asked_at=now,
                          stirred_at=now, expires_at=now)
    Delivery.objects.create(asked=uuid4(), requester=officer, since=now - timedelta(days=1), until=now, certificate="c",
                            fingerprint="f", asked_at=now, stirred_at=now, due_at=now + timedelta(hours=24))
    tickets.open(account=officer, subject="s", text="t", now=now)
    RulesAffirmation.objects.create(user=officer, text=RulesText.objects.get(), first_at=now, last_at=now)
    QuarantinedRecord.objects.create(source=source, received_at=now, position=0, reason="plate: missing.")
    return World(officer, Course.objects.earliest("pk"), source)


def test_every_constraint_has_its_violation_here():
    assert set(VIOLATIONS) == set(constraints())


def test_the_database_refuses_each_violation_by_the_constraints_name(world):
    for name, violate in VIOLATIONS.items():
        with pytest.raises(IntegrityError) as refusal:
            violate(world)
        assert name in str(refusal.value)
