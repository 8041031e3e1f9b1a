"""What one method leaves behind for people who look: a histogram, counts by outcome, spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hanse.kit.clock import monotonic_ns, unix_ns
from hanse.kit.ids import span_id
from hanse.runtime.telemetry.span import Span

if TYPE_CHECKING:
    from hanse.runtime.call.context import Call, Origin
    from hanse.runtime.errors import HanseError
    from hanse.runtime.figures.tally import Tally
    from hanse.runtime.telemetry.metrics import MethodMetrics
    from hanse.runtime.telemetry.span import SpanBuffer

SpanKind = Literal["server", "client", "internal"]

SLOW_NS = 1_000_000_000
"""A call this slow is recorded even when its trace is not sampled."""

QUIET = frozenset({"", "canceled", "not_found", "invalid_argument", "unauthenticated"})
"""Outcomes so common, or so easily provoked from outside, that alone they are worth no span."""


class Observer:
    """Records calls of one method.

    Args:
        service: Whose spans they are.
        name: What spans call it.
        kind: Whether they are served or made here.
        metrics: See below.
        spans: Where spans go.
        tally: Counts those that come from outside; None for calls that are made.

    Attributes:
        metrics: Its counts; whoever runs a call raises and lowers `in_flight`.
    """

    __slots__ = ("_codes", "_kind", "_name", "_record", "_service", "_spans", "_tally", "metrics")

    def __init__(
        self,
        service: str,
        name: str,
        kind: SpanKind,
        metrics: MethodMetrics,
        spans: SpanBuffer,
        tally: Tally | None = None,
    ) -> None:
        self._service = service
        self._name = name
        self._kind: SpanKind = kind
        self.metrics = metrics
        # Two of its parts, called without a detour: this runs for every call.
        self._record = metrics.latency.record
        self._codes = metrics.codes
        self._spans = spans
        self._tally = tally

    def finished(self, call: Call, code: str) -> None:
        """Counts a call that ended; `code` is empty when it went well."""
        duration_ns = monotonic_ns() - call.started_ns
        place = self._record(duration_ns)
        try:
            self._codes[code] += 1
        except KeyError:
            self.metrics.count(code)
        if call.root is None and (tally := self._tally) is not None:
            # As above: what is done for each stands here, and the rest once in a while.
            tally.places[place] += 1
            tally.left -= 1
            if code or not tally.left:
                tally.look(call, code)
        if call.sampled or duration_ns > SLOW_NS or code not in QUIET:
            self._spans.add(self._span(call, duration_ns, code))

    def refused(self, error: HanseError, origin: Origin) -> None:
        """Counts a call that was turned away before it began."""
        self.metrics.count(error.code)
        if self._tally is not None:
            self._tally.turned_away(error, origin)

    def _span(self, call: Call, duration_ns: int, code: str) -> Span:
        # A call of an unsampled trace has no span of its own until it turns out to be worth one.
        own = call.span_id != call.parent_span
        return Span(
            trace_id=call.trace_id,
            span_id=call.span_id if own else span_id(),
            parent_id=call.parent_span,
            name=self._name,
            kind=self._kind,
            start_ns=unix_ns() - duration_ns,
            duration_ns=duration_ns,
            code=code,
            service=self._service,
            site=call.origin.site,
            principal_kind=call.origin.principal.kind,
            attributes=self._attributes(call),
        )

    def _attributes(self, call: Call) -> tuple[tuple[str, str], ...]:  # noqa: ARG002  for others
        """What else a span says."""
        return ()
