"""Which addresses may be connected to: public ones, and networks that were opened."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Of IANA's registry of special purposes (RFC 6890) what is not everybody's, and one address that
# is public by its number and answers inside of a cloud only.
CLOSED_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32",
            "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24",
            "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ),
    )
)  # fmt: skip

PUBLIC_6 = IPv6Network("2000::/3")
"""All that is given out to anybody. What stands for an IPv4 address (mapped, translated by 64:ff9b)
is outside of it, so that no spelling of one comes past the list above."""

CLOSED_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
"""Tunnels that carry an IPv4 address within (Teredo, 6to4), and what is for documents."""


class Reach:
    """What is open to requests whose address somebody else chose.

    Args:
        opened: Networks that are, although they are not public: `127.0.0.0/8`.

    Raises:
        ValueError: One is no network.
    """

    def __init__(self, opened: Sequence[str] = ()) -> None:
        self._opened = tuple(map(ip_network, opened))

    def allows(self, text: str) -> bool:
        """Whether an address, as a resolver writes it, may be connected to."""
        try:
            address = ip_address(text)
        except ValueError:
            return False
        return _is_public(address) or any(address in one for one in self._opened)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in one for one in CLOSED_4)
    if address.scope_id is not None:
        return False
    return address in PUBLIC_6 and not any(address in one for one in CLOSED_6)
