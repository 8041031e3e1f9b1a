"""What every call of a host is timed and recorded with."""

from __future__ import annotations

from dataclasses import dataclass, field

from hanse.runtime.call.deadline import Deadlines
from hanse.runtime.call.observer import Observer
from hanse.runtime.contract.method import Method
from hanse.runtime.figures.tally import Tally
from hanse.runtime.telemetry.metrics import Kind, Metrics
from hanse.runtime.telemetry.span import SpanBuffer


@dataclass(frozen=True)
class Instruments:
    """One set a host: its deadlines, its counts, its spans, and what it tells of all it did."""

    deadlines: Deadlines
    metrics: Metrics
    spans: SpanBuffer
    tally: Tally = field(default_factory=Tally)

    def observer(self, method: Method, kind: Kind, service: str) -> Observer:
        """Records calls of a method: as `server` those it serves, as `client` those it makes."""
        metrics = self.metrics.of(method.service, method.rpc_name, kind)
        tally = self.tally if kind == "server" else None
        return Observer(service, method.full_name, kind, metrics, self.spans, tally)
