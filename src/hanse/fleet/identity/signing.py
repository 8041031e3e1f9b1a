"""Signs: a root for the project, an authority below it for each region, a leaf for each process."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hanse.fleet.certificates.draft import draft_of, extended, general_name
from hanse.fleet.certificates.pair import Pair

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hanse.runtime.mutual.identity import Identity

BACKDATED = timedelta(minutes=5)
"""What clocks of two machines may differ by."""

ROOT_TITLE = "project authority"
"""No region has this name, so nothing that the root signs by itself is a process of one."""

NAME_MAX = 64


def found_root(project: str, now: datetime, life: timedelta) -> Pair:
    """A new root, which signs authorities of regions and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(project, ROOT_TITLE)
    draft = draft_of(subject, key, now - BACKDATED, now + life).issuer_name(subject)
    draft = extended(draft, key, key, authorities_below=1)
    return Pair((draft.sign(key, SHA256()),), key)


def found_region(project: str, region: str, root: Pair, now: datetime, life: timedelta) -> Pair:
    """A region's authority with a new key, its root behind it: it signs leaves, no authorities."""
    key = ec.generate_private_key(ec.SECP256R1())
    ends = min(now + life, root.ends)
    draft = draft_of(_subject(project, region), key, now - BACKDATED, ends)
    draft = extended(draft.issuer_name(root.leaf.subject), key, root.key, authorities_below=0)
    return Pair((draft.sign(root.key, SHA256()), root.leaf), key)


def sign_leaf(
    identity: Identity, addresses: Sequence[str], authority: Pair, begins: datetime, ends: datetime
) -> Pair:
    """A certificate of one process with a new key, its region's authority behind it.

    Args:
        identity: Who it is.
        addresses: Names of hosts and IP addresses, for those who are checked by these too.
        authority: The region's.
        begins: From when it counts.
        ends: Until when it does.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(identity.domain, identity.name or f"{identity.region} {identity.role}")
    draft = draft_of(subject, key, begins, ends).issuer_name(authority.leaf.subject)
    names = [x509.UniformResourceIdentifier(identity.uri), *map(general_name, addresses)]
    draft = draft.add_extension(x509.SubjectAlternativeName(names), critical=False)
    usage = x509.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    )
    draft = extended(draft, key, authority.key).add_extension(usage, critical=False)
    return Pair((draft.sign(authority.key, SHA256()), authority.leaf), key)


def _subject(project: str, title: str) -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, project),
        x509.NameAttribute(NameOID.COMMON_NAME, title[:NAME_MAX]),
    ])  # fmt: skip
