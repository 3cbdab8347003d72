"""The certificate with which a server is known to machines that were paired with it."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from foveate_shared.connection.private_files import write_private
from foveate_shared.errors import InputError

_YEARS = 10  # clients pin the certificate, so a new one means pairing all of them again
RENEWAL_MARGIN = dt.timedelta(days=30)  # renewed this long before its end


def is_usable(cert: Path, key: Path) -> bool:
    """Tell whether both belong together and are good for another month."""
    try:
        certificate = x509.load_pem_x509_certificate(cert.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        return False
    fits = private.public_key() == certificate.public_key()
    return fits and certificate.not_valid_after_utc > _now() + RENEWAL_MARGIN


def make(cert: Path, key: Path, names: list[str]) -> None:
    """Write a certificate for a machine of these names and addresses, and its key. Raises InputError for no name."""
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Foveate")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - dt.timedelta(days=1))  # clocks differ
        .not_valid_after(_now() + dt.timedelta(days=365 * _YEARS))
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in dict.fromkeys(names)]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .sign(private, hashes.SHA256())
    )
    encoded_key = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(key, encoded_key.decode("ascii"))
    write_private(cert, certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"))


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name.encode("idna").decode("ascii"))
    except UnicodeError:
        raise InputError(f"{name!r} is no name of a host.", remedy="Give a host name or an IP address.") from None


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
