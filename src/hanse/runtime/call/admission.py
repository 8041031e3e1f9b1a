"""Who is let in when not all can be: bounds per host, method and site, refused early."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from hanse.runtime.errors import ResourceExhausted, Unavailable

if TYPE_CHECKING:
    from hanse.runtime.call.context import Call
    from hanse.runtime.call.deadline import Deadlines
    from hanse.runtime.telemetry.metrics import Metrics, Series

Count = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(gt=0, le=1)]
Seconds = Annotated[float, Meta(gt=0)]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one host takes on at most. Sizes are bytes, times seconds.

    Attributes:
        calls: Calls from outside that run at once.
        calls_per_site: Share of `calls` that one site gets when others want some too.
        connections: Open connections.
        header_bytes: Request line and headers together.
        headers: Number of header lines.
        body_room: Of all bodies over 64 KiB together, from their first byte to their answer.
        json_depth: Nesting of arrays and objects at the public door.
        pipelined: Requests one connection may have waiting; then it is not read.
        header_timeout: From the first byte of a request to the end of its headers.
        body_timeout: From the end of the headers to the end of the body.
        idle_timeout: Between two requests of a connection.
        write_timeout: For a peer that does not take what it asked for.
        drain_timeout: For running requests when a host stops.
    """

    calls: Count = 1024
    calls_per_site: Share = 0.5
    connections: Count = 10_000
    header_bytes: Count = 32 * 1024
    headers: Count = 100
    body_room: Count = 256 * 1024 * 1024
    json_depth: Count = 64
    pipelined: Count = 16
    header_timeout: Seconds = 10.0
    body_timeout: Seconds = 30.0
    idle_timeout: Seconds = 75.0
    write_timeout: Seconds = 30.0
    drain_timeout: Seconds = 30.0


class Admission:
    """Counts calls from outside, of a host and of each site, and has their deadlines watched.

    While less than half of the host is used, anybody may use all of it. From there on a site that
    holds more than its share is refused, so that one site's flood leaves room for the others.

    Attributes:
        held: Calls running now, by site.
        running: All of them.
    """

    __slots__ = (
        "_calls", "_full", "_greedy", "_limit", "_quiet", "_share", "_watch", "held", "running",
    )  # fmt: skip

    def __init__(self, limits: Limits, deadlines: Deadlines, metrics: Metrics) -> None:
        self._limit = limits.calls
        self._quiet = limits.calls // 2
        self._share = max(1, int(limits.calls * limits.calls_per_site))
        self._full = shed_by("host", metrics)
        self._greedy = shed_by("site", metrics)
        self.held: dict[str, int] = {}
        self._watch = deadlines.watch
        self._calls = deadlines.calls
        self.running = 0

    def enter(self, call: Call) -> None:
        """Counts a call in; `leave` must follow.

        Raises:
            Unavailable: The host is full.
            ResourceExhausted: The site has its share of a busy host.
        """
        site = call.origin.site
        held = self.held.get(site, 0)
        if self.running >= self._quiet:
            self._refuse(held)
        self.running += 1
        self.held[site] = held + 1
        self._watch(call)

    def leave(self, call: Call) -> None:
        """Counts a call out."""
        self._calls.discard(call)
        self.running -= 1
        site = call.origin.site
        held = self.held[site] - 1
        if held:
            self.held[site] = held
        else:
            del self.held[site]

    def _refuse(self, held: int) -> None:
        if self.running >= self._limit:
            self._full.add()
            raise Unavailable("This host has all it can do; try again shortly.", retry_after=1)
        if held >= min(self._share, max(1, self._limit // (len(self.held) + 1))):
            self._greedy.add()
            raise ResourceExhausted("This site has its share of a busy host.", retry_after=1)


def shed_by(reason: str, metrics: Metrics) -> Series:
    """Counts what is refused so that the rest is served."""
    return metrics.counter("hanse_calls_shed_total", "Calls refused early.", reason=reason)
