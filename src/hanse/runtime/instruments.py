"""What every call of a host is timed and recorded with."""

from __future__ import annotations

from dataclasses import dataclass

from hanse.runtime.call.deadline import Deadlines
from hanse.runtime.call.observer import Observer, SpanKind
from hanse.runtime.contract.method import Method
from hanse.runtime.telemetry.metrics import Metrics
from hanse.runtime.telemetry.span import SpanBuffer


@dataclass(frozen=True)
class Instruments:
    """One set a host: its deadlines, its counts, its spans."""

    deadlines: Deadlines
    metrics: Metrics
    spans: SpanBuffer

    def observer(self, method: Method, kind: SpanKind, service: str) -> Observer:
        """Records calls of a method: as `server` those it serves, as `client` those it makes."""
        counted = method.service if kind == "server" else f"{method.service} (client)"
        metrics = self.metrics.of(counted, method.rpc_name)
        return Observer(service, method.full_name, kind, metrics, self.spans)
