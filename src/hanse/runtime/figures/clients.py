"""What tells clients apart: who signed in by that, a visitor by a digest of the address.

Canary and twin have to give one client one name, so there is no secret in the digest, and who has
it can try all addresses. It leaves no process but by sockets that only hosts of ours and this user
open: in the context of a call to another host, and in `Figures`.
"""

from __future__ import annotations

import functools
import hashlib
import ipaddress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hanse.runtime.identity.principal import Principal

NAME_MAX: Final = 80
"""Characters of a client's name; of what is longer, a digest stands for the end."""

_PREFIX_BITS: Final = 64
"""What of an IPv6 address is one client: whoever has one has all of its last 64 bits."""


@functools.lru_cache(maxsize=4096)
def visitor_at(address: str) -> str:
    """What a visitor at an address is called, the same in every process; empty for no address."""
    return _digest(_of_one(address)) if address else ""


def client_of(principal: Principal, visitor: str) -> str:
    """Whose a call is, for counting.

    Args:
        principal: Who calls.
        visitor: What `visitor_at` gave; it counts where nobody is signed in.
    """
    known = visitor if principal.kind == "visitor" else principal.id
    name = f"{principal.kind}:{known}" if known else principal.kind
    if len(name) > NAME_MAX:
        return f"{name[: NAME_MAX - 13]}~{_digest(name)}"
    return name


def _of_one(address: str) -> str:
    """The part of an address that all requests of one client share."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # whatever else a server in front of us calls its peer
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), _PREFIX_BITS), strict=False))


def _digest(text: str) -> str:
    raw = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(raw, digest_size=6, person=b"hanse.visitor").hexdigest()
