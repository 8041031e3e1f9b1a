"""Who a process of a fleet is, as its certificate says: a SPIFFE ID of our own form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, cast, get_args

Role = Literal["host", "gateway", "control", "broker"]
ROLES: tuple[Role, ...] = get_args(Role)

_WORD = r"[a-z0-9](?:[a-z0-9_-]{0,62})"
_FORM = re.compile(
    rf"spiffe://({_WORD})/({_WORD})/"
    r"(?:(host)/([a-z0-9][a-z0-9._-]{0,126})|(gateway|control|broker))"
)


class Identity(NamedTuple):
    """One process: `spiffe://shop/r1/host/r1.cart-1`, `spiffe://shop/r1/gateway`.

    Attributes:
        domain: The trust domain, which is the project's name.
        region: Where it runs.
        role: What it is.
        name: A host's; empty for what a region has one of.
    """

    domain: str
    region: str
    role: Role
    name: str = ""

    @property
    def uri(self) -> str:
        end = f"/{self.name}" if self.name else ""
        return f"spiffe://{self.domain}/{self.region}/{self.role}{end}"


def read_identity(uri: str) -> Identity | None:
    """The identity a URI names; None for anything that is not exactly of our form."""
    found = _FORM.fullmatch(uri)
    if found is None:
        return None
    domain, region, host, name, other = found.groups()
    return Identity(domain, region, cast("Role", host or other), name or "")


def identity_of(certificate: Mapping[str, Any]) -> Identity | None:
    """Whose a verified certificate is, as `ssl` describes it; None if it is nobody's of a fleet.

    It names one URI alone, and was issued by the authority of the region that it names: what signs
    for one region is no other's.
    """
    names = certificate.get("subjectAltName", ())
    uris = [value for kind, value in names if kind == "URI"]
    found = read_identity(uris[0]) if len(uris) == 1 else None
    if found is None or issuer_of(certificate) != (found.domain, found.region):
        return None
    return found


def issuer_of(certificate: Mapping[str, Any]) -> tuple[str, str]:
    """Project and region whose authority issued a certificate; empty where it says none."""
    fields = {key: value for part in certificate.get("issuer", ()) for key, value in part}
    return fields.get("organizationName", ""), fields.get("commonName", "")
