"""Encryption of a delivery to one person: S/MIME envelopes (CMS, AES-256) to an X.509 certificate, which openssl opens (AUD-13).

An envelope is made in memory, so a delivery is a ZIP of envelopes of PART_BYTES each: put together in order they are the whole.
The envelopes hide and do not prove; what proves is inside (a bundle's lines) and beside (the file's SHA-256).
"""

import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import pkcs7

PART_BYTES = 16 * 2**20
MOST_CERTIFICATE_BYTES = 64 * 2**10
README = """A delivery of the audit log, encrypted to the certificate that came with the request (CMS, AES-256).

1. Compare the SHA-256 of this ZIP with the one on the page of the delivery, and record the receipt there.
2. Decrypt with the certificate's private key, all parts in their order into one file:

   for part in part-*.p7m; do openssl cms -decrypt -binary -inform DER -in "$part" -inkey key.pem || break; done > log.jsonl

3. Check every line and that none is missing, with verifier.py of the service (Python and its package cryptography):

   python verifier.py log.jsonl --key KEY-OF-THE-AGENCY
"""


class CertificateNotFit(ValueError):
    """What was sent is no certificate to encrypt to; the message is a plain sentence."""


def read_certificate(sent: bytes, *, least_bits: int, now: datetime) -> x509.Certificate:
    """The certificate of a file, PEM or DER.

    Args:
        sent: the file, of which no more than MOST_CERTIFICATE_BYTES are taken.
        least_bits: how long its RSA key must be.
        now: it must be valid then.

    Raises:
        CertificateNotFit: it is none, or not one to encrypt to.
    """
    if len(sent) > MOST_CERTIFICATE_BYTES:
        raise CertificateNotFit("The file is too large for a certificate.")
    if b"PRIVATE KEY" in sent:
        raise CertificateNotFit("The file holds a private key. Nothing of it is kept: send the certificate alone.")
    try:
        is_text = b"-----BEGIN" in sent
        found = x509.load_pem_x509_certificate(sent) if is_text else x509.load_der_x509_certificate(sent)
        key = found.public_key()
        usage = _usage(found)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateNotFit("The file is not an X.509 certificate (PEM or DER).") from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < least_bits:
        raise CertificateNotFit(f"The certificate needs an RSA key of at least {least_bits} bits.")
    if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
        raise CertificateNotFit("The certificate is not valid today.")
    if usage is not None and not usage.key_encipherment:
        raise CertificateNotFit("The certificate's key is not meant for encryption (key usage lacks key encipherment).")
    return found


def fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def to_text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def write(lines: Iterable[bytes], *, to: str, file: Path) -> None:
    """Write `lines` as a ZIP of envelopes; nothing of them touches the disk unencrypted.

    Args:
        lines: what is delivered, each with its newline; taken as it is written.
        to: the receiver's certificate, PEM.
        file: where the ZIP is made.
    """
    certificate = x509.load_pem_x509_certificate(to.encode())
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as whole:
        whole.writestr("README.txt", README)
        for number, part in enumerate(_parts(lines), 1):
            whole.writestr(f"part-{number:05}.p7m", _envelope(part, certificate))


def _parts(lines: Iterable[bytes]) -> Iterator[bytes]:
    part = bytearray()
    for line in lines:
        part += line
        if len(part) >= PART_BYTES:
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)


def _envelope(part: bytes, certificate: x509.Certificate) -> bytes:
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(part).add_recipient(certificate)
    return builder.set_content_encryption_algorithm(algorithms.AES256).encrypt(
        serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
