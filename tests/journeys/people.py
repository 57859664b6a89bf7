"""What the people of these journeys do that is not a click: names of their own, a scan, an authenticator app."""

import io
import time
from base64 import b32decode
from datetime import UTC, datetime

from django_otp.oath import hotp
from PIL import Image, ImageDraw
from playwright.sync_api import Page

PASSWORD = "nine quiet lakes under snow"
ANSWERS = ("Maple Street", "Mrs. Alder", "Rex")


def new_name(stem: str) -> str:
    """A name that nobody has yet: usernames are never used again, and the demo lives longer than one test."""
    return f"{stem}{time.time_ns() % 10**9}"


def scan() -> bytes:
    picture = Image.new("RGB", (600, 800), "white")
    ImageDraw.Draw(picture).text((40, 40), "Request for access. Signed: N. Field", fill="black")
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


class AuthenticatorApp:
    """Made from the key that the page shows; never gives the same code twice, as the service never takes one twice."""

    def __init__(self, key: str) -> None:
        self._key = b32decode("".join(key.split()))
        self._last = -1

    def code(self) -> str:
        # The service takes the step that comes next as well, so there is no waiting for it.
        while (step := max(self._last + 1, int(time.time()) // 30)) > int(time.time()) // 30 + 1:
            time.sleep(0.5)
        self._last = step
        return f"{hotp(self._key, step):06d}"


def register(page: Page, address: str, username: str) -> None:
    page.goto(address)
    page.get_by_label("Username").fill(username)
    page.locator("[name=password1]").fill(PASSWORD)
    page.locator("[name=password2]").fill(PASSWORD)
    for number, answer in enumerate(ANSWERS, 1):
        page.locator(f"[name=question_{number}]").select_option(index=number)
        page.locator(f"[name=answer_{number}]").fill(answer)
    page.get_by_role("button", name="Register").click()


def today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")
