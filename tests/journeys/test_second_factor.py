"""The second factor in a browser, where everybody must have one: app, lost phone, recovery code, passkey (BEY-1)."""

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
from playwright.sync_api import Page, expect

from config import embedded
from tests.journeys.conftest import Demo, affirm, ask, give_password, look
from tests.journeys.people import AuthenticatorApp

pytestmark = [pytest.mark.browser, pytest.mark.embedded, pytest.mark.xdist_group("demo")]
OWNER, MANAGER, KEY_OWNER = "officer.ero2", "manager.nyc", "supervisor.nyc"
SET_UP, GIVE = re.compile("/accounts/second-factor/set-up/"), re.compile(r"/accounts/second-factor/(\?|$)")


@pytest.fixture(scope="module")
def strict(demo: Demo) -> Iterator[Demo]:
    """The same demo, started again so that everybody must have a factor; and as it was for those who come later."""
    demo.interrupt()
    demo.start(SIMULATE="0", MFA_REQUIRED="1")
    yield demo
    demo.interrupt()
    demo.start(SIMULATE="0")
    forget_factors(demo)


def forget_factors(demo: Demo) -> None:
    """The phones of these people are nobody else's: those who come later sign in without."""
    entry = embedded.connection_settings(demo.data_dir, "postgres")
    with psycopg.connect(host=entry["HOST"], port=entry["PORT"], user="postgres", dbname=entry["NAME"],
                         passfile=entry["OPTIONS"]["passfile"]) as connection:
        for table in ("authenticator", "passkey", "recoverycode"):
            connection.execute(f"DELETE FROM accounts_{table}")


def enter(visit: Callable[..., Page], demo: Demo, username: str) -> Page:
    page = visit()
    give_password(page, username, demo.password)
    return page


def set_up_app(page: Page, name: str) -> tuple[AuthenticatorApp, list[str]]:
    """Bind an app on the page that asks for one; return it and the recovery codes."""
    expect(page).to_have_url(SET_UP)
    look(page, name)
    app = AuthenticatorApp(page.locator("section[aria-labelledby=app] code").first.inner_text())
    page.get_by_label("Code that the app shows").fill(app.code())
    page.get_by_role("button", name=re.compile("Set up the app|Replace the app")).click()
    expect(page.locator("main li code")).to_have_count(10)
    codes = page.locator("main li code").all_inner_texts()
    look(page, f"{name}-codes")
    page.get_by_role("link", name="I have kept them").click()
    return app, codes


def give_code(page: Page, code: str) -> None:
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Continue").click()


@pytest.mark.req("BEY-1", "ACC-13")
def test_a_lost_phone_is_reset_by_the_manager_after_an_identity_check(strict: Demo, visit: Callable[..., Page]) -> None:
    page = enter(visit, strict, OWNER)
    page.goto("/queries/new/")
    app, codes = set_up_app(page, "factor-set-up")
    affirm(page)
    page.get_by_role("button", name="Sign out").click()

    give_password(page, OWNER, strict.password)
    expect(page).to_have_url(GIVE)
    look(page, "factor-give")
    give_code(page, "000000")
    expect(page.locator("#id_code_error")).to_be_visible()
    give_code(page, app.code())
    affirm(page)
    page.get_by_role("button", name="Sign out").click()

    # The phone is gone, the printed codes are not: each opens once.
    give_password(page, OWNER, strict.password)
    give_code(page, codes[0])
    affirm(page)
    page.get_by_role("button", name="Sign out").click()
    give_password(page, OWNER, strict.password)
    give_code(page, codes[0])
    expect(page.locator("#id_code_error")).to_be_visible()

    manager = enter(visit, strict, MANAGER)
    set_up_app(manager, "factor-set-up-manager")
    affirm(manager)
    manager.goto("/admin/accounts/user/")
    manager.get_by_role("row").filter(has=manager.get_by_role("link", name=OWNER, exact=True)).get_by_role("checkbox").check()
    manager.locator("[name=action]").select_option("reset_factor")
    manager.get_by_role("button", name="Go").click()
    look(manager, "factor-reset")
    expect(manager.locator("[name=note]")).to_have_attribute("required", "")
    manager.locator("[name=check]").select_option("in person")
    manager.locator("[name=note]").fill("Came to my desk with the badge")
    manager.get_by_role("button", name="Reset the second factor").click()
    expect(manager.locator(".messagelist")).to_contain_text("is reset")
    for told in (OWNER, MANAGER):
        strict.mail(f"{told}@agency.example", "reset")

    page.goto("/accounts/login/")
    give_password(page, OWNER, strict.password)
    page.goto("/queries/new/")
    set_up_app(page, "factor-set-up-again")
    affirm(page)
    ask(page)
    expect(page.locator("[data-map-list] li").first).to_contain_text("HBX4172")


@pytest.mark.req("BEY-1")
def test_a_passkey_is_set_up_and_opens_the_next_session(strict: Demo, visit: Callable[..., Page]) -> None:
    page = enter(visit, strict, KEY_OWNER)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True,
        "automaticPresenceSimulation": True}})
    expect(page).to_have_url(SET_UP)
    page.get_by_label("Name of the device").fill("Work laptop")
    page.get_by_role("button", name="Set up a passkey").click()
    expect(page.locator("main li code")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()
    affirm(page)
    page.goto("/accounts/second-factor/set-up/")
    expect(page.locator("main")).to_contain_text("Passkey: Work laptop")
    look(page, "passkey-bound")
    page.get_by_role("button", name="Sign out").click()

    give_password(page, KEY_OWNER, strict.password)
    expect(page).to_have_url(GIVE)
    look(page, "passkey-give")
    page.get_by_role("button", name="Use a passkey").click()
    affirm(page)
    ask(page)
    page.get_by_role("button", name="Sign out").click()

    # Another device has no key of this account: the page says so and nothing opens.
    other = enter(visit, strict, KEY_OWNER)
    strange = other.context.new_cdp_session(other)
    strange.send("WebAuthn.enable")
    strange.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True,
        "automaticPresenceSimulation": True}})
    other.get_by_role("button", name="Use a passkey").click()
    expect(other.locator("[data-passkey-error]")).to_be_visible()
    other.goto("/queries/")
    expect(other).to_have_url(GIVE)
