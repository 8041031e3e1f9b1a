"""W3C trace context as every peer does it: read the caller's, make a span, hand it on.

This is the cheap variant on purpose. The OpenTelemetry instrumentation of the frameworks would
also record and export a span, and costs them several times as much.
"""

from __future__ import annotations

import random
from contextvars import ContextVar

trace: ContextVar[tuple[str, str]] = ContextVar("trace", default=("", ""))
"""Trace id and span id of the running request, for a log filter to read."""


def continue_trace(traceparent: str | None) -> str:
    """Join the caller's trace with a span id of our own, or begin one. Returns what to hand on.

    Ids are made as OpenTelemetry's RandomIdGenerator makes them.
    """
    if traceparent and len(traceparent) == 55 and traceparent.startswith("00-"):
        trace_id = traceparent[3:35]
    else:
        trace_id = f"{random.getrandbits(128):032x}"
    span_id = f"{random.getrandbits(64):016x}"
    trace.set((trace_id, span_id))
    return f"00-{trace_id}-{span_id}-01"
