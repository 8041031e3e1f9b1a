"""A certificate with its chain and its key: read strictly, so that the gateway takes it whole."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from hanse.fleet.gateway.picture import Certificate
from hanse.runtime.config.configuration_error import ConfigurationError

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

RSA_BITS_MIN = 2048
CURVES = ("secp256r1", "secp384r1", "secp521r1")
CHAIN_MAX = 10


class CertificateError(ConfigurationError):
    """A certificate cannot be shown; `problems` say why, and the way out."""


class Pair(NamedTuple):
    """A certificate that fits its key, its issuers behind it, as far as they are sent."""

    chain: tuple[x509.Certificate, ...]
    key: Key

    @property
    def leaf(self) -> x509.Certificate:
        return self.chain[0]

    @property
    def begins(self) -> datetime:
        return max(one.not_valid_before_utc for one in self.chain)

    @property
    def ends(self) -> datetime:
        """When the first of them expires."""
        return min(one.not_valid_after_utc for one in self.chain)

    @property
    def names(self) -> tuple[str, ...]:
        """What it may be shown as: names of hosts, perhaps with `*` in front, and addresses."""
        return names_of(self.leaf)

    def is_due(self, now: datetime) -> bool:
        """Whether two thirds of its life are over, which leaves a third to mend what fails."""
        return now >= self.begins + (self.ends - self.begins) * 2 / 3

    def covers(self, name: str) -> bool:
        """Whether browsers take it for this name of a host."""
        _, _, parent = name.partition(".")
        return name in self.names or (bool(parent) and f"*.{parent}" in self.names)

    def pem(self) -> Certificate:
        """As the gateway shows it."""
        return Certificate("".join(pem_of(one) for one in self.chain), pem_of_key(self.key))


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = found.get_values_for_type(x509.DNSName)
    return (*hosts, *(str(one) for one in found.get_values_for_type(x509.IPAddress)))


def pem_of(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def pem_of_key(key: Key) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def to_bytes(pair: Pair) -> bytes:
    """A pair as one file, so that no crash leaves half of it."""
    pem = pair.pem()
    return f"{pem.key}{pem.chain}".encode()


def from_bytes(data: bytes, name: str) -> Pair:
    """What `to_bytes` wrote.

    Raises:
        CertificateError: It is not that.
    """
    return read_pair(data, data, chain_name=name, key_name=name, named=False)


def read_pair(
    chain: bytes, key: bytes, *, chain_name: str, key_name: str, named: bool = True
) -> Pair:
    """Reads both, as PEM.

    Args:
        chain: The certificate, then whoever issued it, then whoever issued that.
        key: Its private key.
        chain_name: What people call the first: its file.
        key_name: What people call the second.
        named: Whether it must say of whom it is, which an authority does not.

    Raises:
        CertificateError: The gateway, or a browser, would not take it.
    """
    private = _read_key(key, key_name)
    certificates = _read_chain(chain, chain_name)
    _check_fit(certificates, private, chain_name, key_name)
    _check_order(certificates, chain_name)
    if named and not names_of(certificates[0]):
        raise CertificateError(
            f"{chain_name} names no host as a subject alternative name, without which no browser "
            "takes it. Have it issued anew, with the names of the gateway."
        )
    return Pair(certificates, private)


def check_time(pair: Pair, now: datetime, name: str) -> None:
    """Checks that a pair counts at this moment.

    Raises:
        CertificateError: It has expired, or does not count yet.
    """
    if now >= pair.ends:
        raise CertificateError(
            f"{name} expired on {pair.ends:%d %B %Y at %H:%M} UTC. Put a new certificate there; "
            "it is taken up within seconds."
        )
    if now < pair.begins:
        raise CertificateError(
            f"{name} counts from {pair.begins:%d %B %Y at %H:%M} UTC on only, and it is "
            f"{now:%d %B %Y, %H:%M} here. Set the clock of this machine, or wait."
        )


def _read_key(pem: bytes, name: str) -> Key:
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise CertificateError(
            f"The key {name} has a passphrase, and nobody is there to type it. Write it without: "
            f"openssl pkey -in {name} -out plain.key"
        ) from None
    except ValueError:
        raise CertificateError(
            f"{name} holds no private key in PEM: it begins with -----BEGIN PRIVATE KEY-----. "
            "See whether [gateway] key names the right file."
        ) from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= RSA_BITS_MIN:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return key
    raise CertificateError(
        f"The key {name} is of a kind the gateway does not take: RSA of {RSA_BITS_MIN} bits or "
        "more, or ECDSA on P-256, P-384 or P-521. Have a certificate issued for such a key."
    )


def _read_chain(pem: bytes, name: str) -> tuple[x509.Certificate, ...]:
    try:
        found = tuple(x509.load_pem_x509_certificates(pem))
    except ValueError:
        raise CertificateError(
            f"{name} holds no certificate in PEM: it begins with -----BEGIN CERTIFICATE-----. "
            "See whether [gateway] certificate names the right file."
        ) from None
    if len(found) > CHAIN_MAX:
        raise CertificateError(
            f"{name} holds {len(found)} certificates, {CHAIN_MAX} at most: leave its own there, "
            "and the intermediate ones it needs."
        )
    return found


def _check_fit(chain: tuple[x509.Certificate, ...], key: Key, name: str, key_name: str) -> None:
    public = _spell(key.public_key())
    fits = [_spell(one.public_key()) == public for one in chain]
    if fits[0]:
        return
    if any(fits):
        raise CertificateError(
            f"{name} begins with somebody else's certificate: put the one of {key_name} first, "
            "then the one that issued it, and so on."
        )
    raise CertificateError(
        f"The key {key_name} does not fit the certificate {name}: name the two that were made "
        "together in [gateway]."
    )


def _spell(key: CertificatePublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _check_order(chain: tuple[x509.Certificate, ...], name: str) -> None:
    for number, (one, issuer) in enumerate(pairwise(chain), start=2):
        try:
            one.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            raise CertificateError(
                f"Certificate {number} in {name} did not issue the one before it: order them, "
                "each followed by its issuer, and leave out the others."
            ) from None
