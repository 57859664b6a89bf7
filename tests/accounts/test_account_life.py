"""The life of an account, walked at random from request to deletion: no path to an open one without approval, key and training,
and none back into one that a sanction or a deletion closed (ACC-4, ACC-7, ACC-9, ACC-11)."""

import itertools
from datetime import UTC, datetime, timedelta

import hypothesis
import pytest
import time_machine
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts import (
    access_requests,
    ceilings,
    challenges,
    deletions,
    keys,
    needs,
    registration,
    reopening,
    sanctions,
    standing,
    training,
)
from accounts.models import (
    AccessRequest,
    AccountCeiling,
    AccountNeed,
    ChallengeQuestion,
    DeletionRequest,
    RegistrationKey,
    Sanction,
    User,
)
from accounts.roles import Role
from tests.accounts.applicants import filed
from tests.accounts.test_ceilings import USERS, form_of
from tests.personas import PASSWORD, train

NUMBERS = itertools.count()
MOST = 3
EARLIEST = datetime.min.replace(tzinfo=UTC)
PICK = st.integers(min_value=0, max_value=50)
MEASURES = st.sampled_from(["reprimand", "suspension", "revocation"])


class Life(RuleBasedStateMachine):
    """The steps of requesters, managers, operator, clocks and thieves in any order.

    `secrets` are the keys that ever left the house; `entered` is when each browser signed in, `cut` when a step last ended every
    session of an account.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime.now(UTC)
        self.manager = User.objects.get(username="manager")
        self.stranger = User.objects.get(username="other_manager")
        self.operator = User.objects.get(username="operator")
        self.secrets: list[str] = []
        self.made: dict[str, int] = {}
        self.trained: set[str] = set()
        User.objects.filter(role=Role.OFFICER).update(is_active=False)
        AccessRequest.objects.filter(state="pending").update(
            state="refused", decided_at=self.now, decided_by=self.manager)
        RegistrationKey.objects.standing().update(revoked_at=self.now)
        self.before = set(User.objects.values_list("username", flat=True))
        self.browsers: dict[str, Client] = {}
        self.entered: dict[str, datetime] = {}
        self.cut: dict[str, datetime] = {}

    def _request(self, pick: int) -> AccessRequest | None:
        found = list(AccessRequest.objects.order_by("-pk")[:6])
        return found[pick % len(found)] if found else None

    @rule()
    def file(self) -> None:
        filed(self.manager.aor, self.now)

    @rule(pick=PICK, foreign=st.booleans())
    def approve(self, pick: int, foreign: bool) -> None:
        if (request := self._request(pick)) is None:
            return
        waiting = request.state == "pending"
        try:
            access_requests.approve(request=request, by=self.stranger if foreign else self.manager, now=self.now)
            assert waiting
            assert not foreign
        except (access_requests.AlreadyDecided, access_requests.MayNotDecide, ceilings.Full):
            return
        self._read_mail(request)

    @rule(pick=PICK)
    def turn_down(self, pick: int) -> None:
        if (request := self._request(pick)) is not None and request.state == "pending":
            access_requests.turn_down(request=request, by=self.manager, reason="No", now=self.now)

    @rule(pick=PICK)
    def send_again(self, pick: int) -> None:
        if (request := self._request(pick)) is None:
            return
        try:
            access_requests.send_key_again(request=request, by=self.manager, now=self.now)
        except (access_requests.MayNotDecide, ceilings.Full):
            return
        self._read_mail(request)

    @rule(pick=PICK)
    def revoke(self, pick: int) -> None:
        if (request := self._request(pick)) is None:
            return
        try:
            access_requests.revoke_key(request=request, by=self.manager, now=self.now)
        except keys.NoKeyToRevoke:
            return

    def _read_mail(self, request: AccessRequest) -> None:
        address = keys.make(RegistrationKey.objects.open(self.now).get(request=request), now=self.now)
        self.secrets.append(address.rstrip("/").rpartition("/")[2])

    @rule(days=st.integers(min_value=1, max_value=9))
    def time_goes_by(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(pick=PICK, altered=st.booleans())
    def register(self, pick: int, altered: bool) -> None:
        if not self.secrets:
            return
        secret = self.secrets[pick % len(self.secrets)] + ("x" if altered else "")
        name = f"person.{next(NUMBERS)}"
        questions = [(question, "an answer") for question in ChallengeQuestion.objects.all()[:challenges.NEEDED]]
        try:
            key = registration.open_key(secret=secret, now=self.now)
            user = registration.register(key=key, username=name, password=PASSWORD, answers=questions, now=self.now)
        except (registration.KeyNotGood, ceilings.Full):
            assert not User.objects.filter(username=name).exists()
            return
        assert not altered
        assert key.request_id not in self.made.values(), "one request is one account"
        self.made[user.username] = key.request_id

    @rule(pick=PICK)
    def complete_training(self, pick: int) -> None:
        untrained = sorted(set(self.made) - self.trained)
        if untrained:
            name = untrained[pick % len(untrained)]
            train(User.objects.get(username=name))
            self.trained.add(name)

    @rule()
    def review(self) -> None:
        needs.review(now=self.now)

    @rule(pick=PICK)
    def close_or_open_again(self, pick: int) -> None:
        """On the manager's page of the person."""
        if (user := self._made(pick)) is None:
            return
        with time_machine.travel(self._tick(), tick=False):
            desk = Client()
            self._give_password(desk, self.manager)
            desk.post(f"{USERS}{user.pk}/change/", form_of(user) if user.is_active else form_of(user, is_active="on"))
        was_open, barred = user.is_active, reopening.why_closed(user) or reopening.need_is_over(user, now=self.now)
        user.refresh_from_db()
        assert not (was_open and user.is_active)
        assert not (barred and user.is_active)
        if was_open:
            self.cut[user.username] = self.now

    @rule(pick=PICK)
    def reaffirm(self, pick: int) -> None:
        if (user := self._made(pick)) is None:
            return
        try:
            needs.reaffirm(account=user, by=self.manager, now=self._tick())
        except needs.MayNotReaffirm:
            assert user.deleted_at

    @rule(pick=PICK, kind=MEASURES, days=st.integers(min_value=1, max_value=9))
    def sanction(self, pick: int, kind: str, days: int) -> None:
        if (user := self._made(pick)) is None:
            return
        now = self._tick()
        sanctions.impose(account=user, kind=kind, reason="Misuse", evidence="Review 1", by=self.manager, now=now,
                         ends_at=now + timedelta(days=days) if kind == "suspension" else None)
        if kind != "reprimand":
            self.cut[user.username] = now

    @rule(pick=PICK)
    def lift(self, pick: int) -> None:
        found = list(Sanction.objects.standing().filter(account__username__in=self.made).order_by("decided_at"))
        if not found:
            return
        try:
            sanctions.lift(sanction=found[pick % len(found)], reason="Mistake", evidence="Review 2", by=self.manager,
                           now=self._tick())
        except ceilings.Full:
            return

    @rule(pick=PICK)
    def file_deletion(self, pick: int) -> None:
        if (user := self._made(pick)) is None:
            return
        now, gone = self._tick(), user.deleted_at is not None
        try:
            deletions.file(account=user, by=self.manager, reason="Left", now=now)
            assert not gone
        except (deletions.AlreadyThere, deletions.AlreadyEnded):
            return
        self.cut[user.username] = now

    @rule(pick=PICK, withdraws=st.booleans())
    def end_deletion(self, pick: int, withdraws: bool) -> None:
        running = list(DeletionRequest.objects.running().filter(account__username__in=self.made).order_by("filed_at"))
        if not running:
            return
        request = running[pick % len(running)]
        if not withdraws:
            deletions.carry_out(request=request, by=self.operator, now=self._tick())
            return
        try:
            deletions.withdraw(request=request, by=self.manager, note="Stays", now=self._tick())
        except ceilings.Full:
            return

    @rule(pick=PICK)
    def come_in(self, pick: int) -> None:
        """By the door, with the right password: inside is who has an open account and all training, and nobody else."""
        if (user := self._made(pick)) is None:
            return
        browser = self.browsers[user.username] = Client()
        now = self.entered[user.username] = self._tick()
        with time_machine.travel(now, tick=False):
            assert self._give_password(browser, user) == standing.is_open(user, now=now)
        assert self._is_inside(user) == (standing.is_open(user, now=now) and user.username in self.trained)

    @rule(pick=PICK)
    def go_on(self, pick: int) -> None:
        """A session that was opened once gets no further than the account does now, and never past what ended it."""
        user = self._made(pick)
        if user is not None and user.username in self.browsers and self._is_inside(user):
            assert standing.is_open(user, now=self.now)
            assert user.username in self.trained
            assert self.entered[user.username] > self.cut.get(user.username, EARLIEST)

    def _tick(self) -> datetime:
        """No two steps of people happen at the same moment."""
        self.now += timedelta(minutes=1)
        return self.now

    def _made(self, pick: int) -> User | None:
        names = sorted(self.made)
        return User.objects.get(username=names[pick % len(names)]) if names else None

    def _give_password(self, browser: Client, user: User) -> bool:
        signed_in = browser.post("/accounts/login/", {"username": user.username, "password": PASSWORD}).status_code == 302
        browser.post("/accounts/rules/", {"agree": "on"})
        return signed_in

    def _is_inside(self, user: User) -> bool:
        with time_machine.travel(self.now, tick=False):
            return self.browsers[user.username].get("/queries/new/").status_code == 200

    @invariant()
    def every_account_came_by_request_approval_and_key(self) -> None:
        new = User.objects.exclude(username__in=self.before)
        assert set(new.values_list("username", flat=True)) == set(self.made)
        for user in new.select_related("access_request"):
            request = user.access_request
            assert (request.state, request.decided_by, user.aor) == ("registered", self.manager, request.aor)
            assert RegistrationKey.objects.filter(request=request, used_at__isnull=False).count() == 1
            assert user.challenge_answers.count() == (0 if user.deleted_at else challenges.NEEDED)

    @invariant()
    def content_opens_with_training_alone(self) -> None:
        for user in User.objects.filter(username__in=self.made):
            assert training.is_complete(user, now=datetime.now(UTC)) == (user.username in self.trained)

    @invariant()
    def nothing_opens_against_the_record(self) -> None:
        for user in User.objects.filter(username__in=self.made):
            assert not (user.is_active and reopening.why_closed(user)), user
            assert user.deleted_at is None or not (user.is_active or user.email or user.has_usable_password()
                                                   or AccountNeed.objects.filter(user=user).exists())

    @invariant()
    def the_ceiling_holds(self) -> None:
        open_accounts = User.objects.filter(aor=self.manager.aor, component="ERO", is_active=True).count()
        assert open_accounts + RegistrationKey.objects.open(self.now).filter(request__isnull=False).count() <= MOST

    @invariant()
    def who_was_refused_has_no_key(self) -> None:
        assert not RegistrationKey.objects.standing().filter(request__state__in=["pending", "refused"]).exists()


@pytest.mark.req("ACC-1", "ACC-4", "ACC-7", "ACC-9", "ACC-11", "ACC-15")
def test_no_path_leads_to_an_open_account_without_approval_key_and_training(manager, other_manager, operator, settings):
    # Whoever finds the door closed tries again; lockout is another room's.
    settings.LOCKOUT_FAILURES = settings.AXES_FAILURE_LIMIT = 10**6
    AccountCeiling.objects.create(aor=manager.aor, component="ERO", most=MOST)
    run_state_machine_as_test(Life, settings=hypothesis.settings(
        max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)))
