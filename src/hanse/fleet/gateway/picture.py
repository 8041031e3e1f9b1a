"""What the gateway has to show the outside: services, where they are, and under which domains."""

from __future__ import annotations

import msgspec

PARTS = ("canary", "twin")


class Endpoint(msgspec.Struct, frozen=True):
    """One host of a service.

    Attributes:
        socket: Path of its gate, relative to the project's folder.
        weight: Its share of the service's requests, beside those of the other endpoints; 1 to 128.
        draining: No new request goes there; it is about to leave.
    """

    socket: str
    weight: int = 1
    draining: bool = False


class Part(msgspec.Struct, frozen=True):
    """Hosts with a share of a service's requests that is held to exactly, while they are judged.

    Attributes:
        name: `canary` or `twin`.
        endpoints: Its hosts. Where none of them answers, the other hosts of the service do.
        share: Of all requests of the service, from 0 to 1.
    """

    name: str
    endpoints: tuple[Endpoint, ...]
    share: float = 0.0


class Upstream(msgspec.Struct, frozen=True):
    """One service as the outside reaches it.

    Attributes:
        service: Full name of its contract, like `cart.v1.Cart`; also the name of its cluster.
        segments: First segments of the paths it answers: `("cart", "cart.v1.Cart")`; the empty one
            is the path `/` itself.
        endpoints: Its hosts; while there are none, requests are answered by 503 with Retry-After.
        parts: Those besides that are judged; what they have no share of goes to `endpoints`.
    """

    service: str
    segments: tuple[str, ...]
    endpoints: tuple[Endpoint, ...] = ()
    parts: tuple[Part, ...] = ()


class Certificate(msgspec.Struct, frozen=True):
    """A certificate with its chain and its private key: both PEM, as text."""

    chain: str
    key: str


class Domain(msgspec.Struct, frozen=True):
    """A name under which one site is reached.

    Attributes:
        name: Like `shop.example`, in lower case, without a port.
        site: Whose requests those are.
        certificate: What is shown to those who ask for this name; None for the gateway's own.
        waits: Whether one of its own is still to be fetched. The gateway's would be a warning to
            whoever is led to HTTPS, so until then nobody is.
    """

    name: str
    site: str
    certificate: Certificate | None = None
    waits: bool = False


class Picture(msgspec.Struct, frozen=True):
    """All of it at one moment; what the gateway is told is a pure function of it and of settings.

    Attributes:
        upstreams: By service.
        domains: Of sites other than the default one; any other name is the default site's.
        certificate: The gateway's own; None for no TLS.
        challenges: Answers to ACME's HTTP challenges, by token.
        renewal: Counts up to have the shares of parts last on.
        lease_seconds: For which they last: whoever gives them may die, and would not take them
            back.
    """

    upstreams: tuple[Upstream, ...]
    domains: tuple[Domain, ...] = ()
    certificate: Certificate | None = None
    challenges: tuple[tuple[str, str], ...] = ()
    renewal: int = 0
    lease_seconds: float = 10.0
