"""The whole service as a new user starts it: `manage.py demo` in a folder of its own, and people who click through it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_string, policy
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, sync_playwright

from config.frontend import ROOT

AXE = ROOT / "config" / "static" / "vendor" / "axe" / "axe.min.js"
SCREENSHOTS = settings.DATA_DIR / "screenshots"
WIDTHS = (320, 768, 1280)
CASE = "Subject name John Doe, case number 12345678"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Demo:
    """A demo of one's own. `log` is what its terminal shows."""

    data_dir: Path
    port: int
    process: subprocess.Popen | None = None

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> Path:
        return self.data_dir.parent / "terminal.log"

    def start(self, *, seconds: float = 240, **environment: str) -> float:
        """Start it and wait until it is ready; return after how many seconds."""
        started = time.monotonic()
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "REDIS_", "DJANGO_"))}
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo"], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
                env=clean | {"DATA_DIR": str(self.data_dir), "PORT": str(self.port)} | environment)
        while time.monotonic() - started < seconds:
            if self.process.poll() is not None:
                raise AssertionError(self.log.read_text())
            try:
                with urllib.request.urlopen(f"{self.address}/readyz", timeout=5):
                    return time.monotonic() - started
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise AssertionError(f"not ready after {seconds} s:\n{self.log.read_text()}")

    def interrupt(self) -> None:
        """Ctrl-C: the terminal sends it to the whole group."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(30)

    def kill(self) -> None:
        """The power goes: every process of the demo's own group dies at once, without a last word."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)

    @property
    def password(self) -> str:
        return re.search(r"password of all: (.+)", self.log.read_text())[1]

    def mails(self) -> list[str]:
        return [path.read_text() for path in sorted((self.data_dir / "mail").glob("*.eml"))]

    def mail(self, to: str, holds: str, *, besides: int = 0, seconds: float = 30) -> str:
        """The text of the newest mail to `to` with `holds` in it, once there are more than `besides` of them."""
        deadline = time.monotonic() + seconds
        while len(found := self._texts(to, holds)) <= besides:
            assert time.monotonic() < deadline, f"no mail to {to} with {holds!r}\n{self.log.read_text()}"
            time.sleep(0.2)
        return found[-1]

    def _texts(self, to: str, holds: str) -> list[str]:
        messages = [message_from_string(text, policy=policy.default) for text in self.mails()]
        texts = [message.get_body(("plain",)).get_content() for message in messages if to in message["To"]]
        return [text for text in texts if holds in text]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One running demo for all journeys, of few reads and without the simulator: a journey makes its own traffic."""
    service = Demo(tmp_path_factory.mktemp("demo") / "var", free_port())
    service.start(SIMULATE="0", DEMO_READS="2000")
    yield service
    service.interrupt()


# For a module, not for the session: while it runs, its event loop does, and Django would refuse the database.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
                  "--disable-component-update", "--disable-sync"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(demo: Demo, browser: Browser) -> Iterator[Callable[..., Page]]:
    """`visit(username)`: a browser of one's own, signed in and past the splash; no page may complain in its console."""
    contexts, complaints = [], []

    def enter(username: str | None = None, **options: object) -> Page:
        contexts.append(browser.new_context(base_url=demo.address, viewport={"width": 1280, "height": 900}, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/")
        if username:
            sign_in(page, username, demo.password)
        return page

    yield enter
    for context in contexts:
        context.close()
    # A refused page is said by its status in the console too; what counts here is scripts, styles and policy.
    assert [line for line in complaints if "status of 4" not in line] == []


def sign_in(page: Page, username: str, password: str) -> None:
    give_password(page, username, password)
    affirm(page)


def give_password(page: Page, username: str, password: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=False).first.fill(password)
    page.get_by_role("button", name="Sign in").click()


def affirm(page: Page) -> None:
    page.locator("[name=agree]").check()
    page.locator("main button[type=submit]").click()


def ask(page: Page, *, timeframe: str = "1y") -> None:
    """A whole query about the demo's own plate."""
    page.goto("/queries/new/")
    page.get_by_label("License plate number").fill("hbx-4172")
    page.locator("input.usa-combo-box__input").fill("New York")
    page.keyboard.press("Enter")
    page.locator("[name=reason]").select_option(index=1)
    page.locator("[name=case_reference]").fill(CASE)
    page.locator("[name=timeframe]").select_option(timeframe)
    page.locator("[name=for_whom][value=self]").check()
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_url("**/queries/*-*/")


def look(page: Page, name: str) -> None:
    """Take the page at three widths: nothing runs out at the side, nothing serious is wrong for anybody's eyes or hands."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_load_state("networkidle")
    page.evaluate(AXE.read_text())
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} runs out at {width} px"
        assert _serious(page, contrast=width != 768) == [], f"{name} at {width} px"
        page.screenshot(path=SCREENSHOTS / (f"{name}.png" if width == 1280 else f"{name}-{width}.png"))


def _serious(page: Page, *, contrast: bool) -> list[tuple[str, list]]:
    """Colors are the same at each width, and the dearest of all to look at."""
    found = page.evaluate("contrast => axe.run(document, {resultTypes: ['violations'], preload: false,"
                          " rules: {'color-contrast': {enabled: contrast}}})", contrast)["violations"]
    return [(item["id"], [node["target"] for node in item["nodes"]][:3]) for item in found
            if item["impact"] in {"serious", "critical"}]
