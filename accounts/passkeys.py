"""Passkeys as a second factor (BEY-1): WebAuthn ceremonies, each over a challenge that is asked once.

The address that keys are bound to is SITE_URL's, never what a request says.
"""

import base64
import json
import secrets
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import webauthn
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac
from webauthn.helpers import structs
from webauthn.helpers.exceptions import WebAuthnException

from accounts.models import Passkey, PasskeyChallenge, User

REGISTER, ENTER = "register", "enter"
MOST = 10


class PasskeyRefused(Exception):
    """What the browser sent is no answer to what was asked, or the device is registered already."""


def options_to_register(*, user: User, now: datetime) -> str:
    """What `navigator.credentials.create` is called with, as JSON; valid for five minutes."""
    return webauthn.options_to_json(webauthn.generate_registration_options(
        rp_id=_host(), rp_name="PlateLedger", user_name=user.username, user_display_name=user.full_name,
        user_id=salted_hmac("accounts.passkeys", str(user.pk), algorithm="sha256").digest(),
        challenge=_ask(user, REGISTER, now), exclude_credentials=_credentials(user),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.DISCOURAGED,
            user_verification=structs.UserVerificationRequirement.PREFERRED)))


def options_to_enter(*, user: User, now: datetime) -> str:
    """What `navigator.credentials.get` is called with, as JSON; empty where the user has no passkey."""
    if not (credentials := _credentials(user)):
        return ""
    return webauthn.options_to_json(webauthn.generate_authentication_options(
        rp_id=_host(), challenge=_ask(user, ENTER, now), allow_credentials=credentials))


def register(*, user: User, name: str, answer: str, now: datetime) -> Passkey:
    """Keep the public key that answers a challenge of ours; joins the open transaction.

    Args:
        user: the owner.
        name: what the owner calls the device.
        answer: the browser's credential as JSON.
        now: the moment.

    Raises:
        PasskeyRefused: unknown, late or used challenge, another site, a device that is registered, or too many of them.
    """
    credential, challenge = _answered(user, REGISTER, answer, now)
    if user.passkeys.count() >= MOST:
        raise PasskeyRefused
    try:
        proven = webauthn.verify_registration_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=_host(), expected_origin=_origin())
        with transaction.atomic():
            return Passkey.objects.create(
                user=user, name=name, credential_id=proven.credential_id, public_key=proven.credential_public_key,
                sign_count=proven.sign_count, made_at=now)
    except (WebAuthnException, IntegrityError, ValueError) as error:
        raise PasskeyRefused from error


def answers(*, user: User, answer: str, now: datetime) -> bool:
    """Whether `answer` is a passkey of `user` signing a challenge of ours; the challenge is spent by this."""
    try:
        credential, challenge = _answered(user, ENTER, answer, now)
        passkey = user.passkeys.filter(credential_id=_bytes(credential["id"])).first()
        if passkey is None:
            return False
        proven = webauthn.verify_authentication_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=_host(), expected_origin=_origin(),
            credential_public_key=bytes(passkey.public_key), credential_current_sign_count=passkey.sign_count)
    except (PasskeyRefused, WebAuthnException, ValueError, KeyError, TypeError):
        return False
    Passkey.objects.filter(pk=passkey.pk).update(sign_count=proven.new_sign_count, used_at=now)
    return True


def _ask(user: User, purpose: str, now: datetime) -> bytes:
    """A new challenge; those of this user that are over are swept away."""
    challenge = secrets.token_bytes(32)
    PasskeyChallenge.objects.filter(user=user, made_at__lte=now - PasskeyChallenge.LIFE).delete()
    PasskeyChallenge.objects.create(user=user, purpose=purpose, challenge=challenge, made_at=now)
    return challenge


def _answered(user: User, purpose: str, answer: str, now: datetime) -> tuple[dict[str, Any], bytes]:
    """The credential, and the challenge of ours that it says it answers, which nobody can answer again.

    Raises:
        PasskeyRefused: it is no credential, or there is no such challenge (any more).
    """
    try:
        credential = json.loads(answer)
        said = json.loads(_bytes(credential["response"]["clientDataJSON"]))
        challenge = _bytes(said["challenge"])
    except (ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error
    asked = PasskeyChallenge.objects.filter(
        user=user, purpose=purpose, challenge=challenge, made_at__gt=now - PasskeyChallenge.LIFE)
    if not asked.delete()[0]:
        raise PasskeyRefused
    return credential, challenge


def _credentials(user: User) -> list[structs.PublicKeyCredentialDescriptor]:
    return [structs.PublicKeyCredentialDescriptor(id=bytes(id)) for id in user.passkeys.values_list("credential_id", flat=True)]


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _origin() -> str:
    site = urlsplit(settings.SITE_URL)
    return f"{site.scheme}://{site.netloc}"


def _host() -> str:
    return urlsplit(settings.SITE_URL).hostname or ""
