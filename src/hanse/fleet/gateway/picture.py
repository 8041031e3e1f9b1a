"""What the gateway has to show the outside: services, where they are, and under which domains."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

PARTS = ("canary", "twin")


class Endpoint(msgspec.Struct, frozen=True):
    """One host of a service.

    Attributes:
        socket: Path of its gate, relative to the project's folder; empty for one elsewhere.
        weight: Its share of the service's requests, beside those of the other endpoints; 1 to 128.
        draining: No new request goes there; it is about to leave.
        address: Of its door for other machines, in another region, like `127.0.0.1:7001`.
    """

    socket: str
    weight: int = 1
    draining: bool = False
    address: str = ""


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
        elsewhere: Its hosts in other regions; they get requests where none of the above answers.
    """

    service: str
    segments: tuple[str, ...]
    endpoints: tuple[Endpoint, ...] = ()
    parts: tuple[Part, ...] = ()
    elsewhere: tuple[Endpoint, ...] = ()

    def drained(self) -> Upstream:
        """The same, all of whose requests go elsewhere; what is nowhere else stays."""
        if not self.elsewhere:
            return self
        parts = tuple(replace(one, endpoints=_drained(one.endpoints)) for one in self.parts)
        return replace(self, endpoints=_drained(self.endpoints), parts=parts)


class Certificate(msgspec.Struct, frozen=True):
    """A certificate with its chain and its private key: both PEM, as text."""

    chain: str
    key: str


class RegionalIdentity(msgspec.Struct, frozen=True):
    """Who the gateway is to hosts of other regions.

    Attributes:
        certificate: Its own, which is replaced within the hour.
        trusted: The roots that hosts are of, PEM.
        trust_domain: The project, whose hosts alone are spoken to.
    """

    certificate: Certificate
    trusted: str
    trust_domain: str


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
        identity: By which hosts elsewhere are reached; None where there are no other regions.
    """

    upstreams: tuple[Upstream, ...]
    domains: tuple[Domain, ...] = ()
    certificate: Certificate | None = None
    challenges: tuple[tuple[str, str], ...] = ()
    renewal: int = 0
    lease_seconds: float = 10.0
    identity: RegionalIdentity | None = None

    @property
    def trust_domain(self) -> str:
        """Whose hosts are reached elsewhere; empty where there are no other regions."""
        return self.identity.trust_domain if self.identity else ""

    def drained(self) -> Picture:
        """The same while its region is drained: requests go elsewhere, none of them fails."""
        return replace(self, upstreams=tuple(one.drained() for one in self.upstreams))


def _drained(endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    return tuple(replace(one, draining=True) for one in endpoints)
