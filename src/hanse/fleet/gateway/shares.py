"""Which share of a service's requests goes to hosts that are judged: numbers, and for a while only.

They come apart from routes and hosts, as values of Envoy's runtime, so that a shift of one service
is a few bytes; and with a time to live, so that they end when nobody renews them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.fleet.gateway.picture import PARTS

if TYPE_CHECKING:
    from hanse.fleet.gateway.picture import Picture, Upstream

SHARES = "shares"
"""Name of the layer of the runtime, and first part of all keys in it."""

WHOLE = 1_000_000
"""All requests of a service; a share is so many of them."""


def part_name(service: str, part: str) -> str:
    """Name of the cluster of a part."""
    return f"{service}~{part}"


def parts_of(service: str) -> tuple[str, ...]:
    """Names of all parts a service may have."""
    return tuple(part_name(service, part) for part in PARTS)


def shares(picture: Picture) -> dict[str, int]:
    """Weights of clusters by key; of what has no part there is none, and all is the service's."""
    return {
        f"{SHARES}.{name}": weight
        for upstream in picture.upstreams
        if upstream.parts
        for name, weight in _weights(upstream)
    }


def _weights(upstream: Upstream) -> list[tuple[str, int]]:
    found = [
        (part_name(upstream.service, part.name), round(WHOLE * part.share))
        for part in upstream.parts
    ]
    return [(upstream.service, WHOLE - sum(weight for _, weight in found)), *found]
