"""The development authority: signs certificates for this machine's own names and nothing else."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hanse.fleet.certificates.draft import draft_of, extended, general_name
from hanse.fleet.certificates.pair import Pair

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

LOCAL_HOSTS = ("localhost", "test")
"""Names, with all below them, that RFC 6761 keeps from ever being anybody's on the internet."""

LOCAL_NETWORKS = ("127.0.0.0/8", "::1/128")
OWN_NAMES = ("localhost", "127.0.0.1", "::1")
"""What the gateway is always reached by."""

AUTHORITY_LIFE = timedelta(days=730)
SERVER_LIFE = timedelta(days=395)
"""Thirteen months: Apple's systems, the strictest, take 398 days."""

BACKDATED = timedelta(days=1)
"""A clock that is put right after the first start, or steps by an hour, makes nothing invalid."""

ORGANIZATION = "Hanse development authority"
SERVER_TITLE = "Hanse gateway in development"
"""No name of a host or an address: OpenSSL would hold that to the constraints on names of hosts."""


class Authority(NamedTuple):
    """Its own certificate and key; whoever has the key can pose as localhost to who trusts it."""

    pair: Pair

    @property
    def name(self) -> str:
        """What lists of trusted authorities show."""
        (found,) = self.pair.leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(found.value)

    @property
    def ends(self) -> datetime:
        return self.pair.ends

    def issue(self, names: Sequence[str], now: datetime) -> Pair:
        """A certificate for a server, with a new key.

        Args:
            names: Of hosts, or addresses: those that `may_sign` takes.
            now: It counts from a day before on.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self.pair.leaf
        ends = min(now + SERVER_LIFE, self.ends)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SERVER_TITLE)])
        draft = draft_of(subject, key, now - BACKDATED, ends).issuer_name(issuer.subject)
        draft = draft.add_extension(
            x509.SubjectAlternativeName([general_name(one) for one in names]), critical=False
        )
        draft = extended(draft, key, self.pair.key)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        signed = draft.add_extension(usage, critical=False).sign(self.pair.key, SHA256())
        return Pair((signed,), key)


def found_authority(machine: str, now: datetime) -> Authority:
    """Makes a new one, which nobody trusts yet.

    Args:
        machine: Its name, so that one knows in a list whose authority this is.
        now: It counts from a day before on.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    title = f"Hanse development on {machine}"[:50] + f" ({now:%Y-%m-%d})"
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, title),
        ]
    )
    draft = draft_of(subject, key, now - BACKDATED, now + AUTHORITY_LIFE).issuer_name(subject)
    draft = extended(draft, key, key, authorities_below=0).add_extension(
        only_local(), critical=True
    )
    return Authority(Pair((draft.sign(key, SHA256()),), key))


def only_local() -> x509.NameConstraints:
    """What holds an authority to names of this machine."""
    hosts = [x509.DNSName(one) for one in LOCAL_HOSTS]
    networks = [x509.IPAddress(ip_network(one)) for one in LOCAL_NETWORKS]
    return x509.NameConstraints([*hosts, *networks], None)


def is_constrained(certificate: x509.Certificate) -> bool:
    """Whether a certificate can sign names of this machine, and nothing else."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.NameConstraints)
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    held = names.critical and names.value == only_local()
    return held and basic.value.ca and basic.value.path_length == 0


def may_sign(name: str) -> bool:
    """Whether a name is this machine's own: anything else the authority's constraints forbid."""
    try:
        address = ip_address(name)
    except ValueError:
        return any(name == one or name.endswith(f".{one}") for one in LOCAL_HOSTS)
    return any(address in ip_network(one) for one in LOCAL_NETWORKS)
