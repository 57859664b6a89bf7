"""Made-up persons' keys and certificates, to encrypt to."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.core.files.uploadedfile import SimpleUploadedFile


class Identity(NamedTuple):
    """Both as PEM."""

    key: bytes
    certificate: bytes


def make_identity(*, key: Any = None, bits: int = 2048, days: int = 30, encrypts: bool | None = None) -> Identity:
    """A self-signed certificate that ends in `days`; `encrypts` says whether its key usage allows that, None leaves it out."""
    key = key or rsa.generate_private_key(public_exponent=65537, key_size=bits)
    now, name = datetime.now(UTC), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Auditor")])
    builder = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=60))
               .not_valid_after(now + timedelta(days=days)))
    if encrypts is not None:
        builder = builder.add_extension(x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=encrypts, data_encipherment=False,
            key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False), critical=True)
    return Identity(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def certificate_file(identity: Identity) -> SimpleUploadedFile:
    return SimpleUploadedFile("me.pem", identity.certificate)
