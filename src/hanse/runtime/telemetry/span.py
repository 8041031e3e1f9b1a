"""One finished piece of work in a trace, and the bounded place where a host keeps them."""

from __future__ import annotations

from collections import deque

import msgspec


class Span(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One finished piece of work.

    Encoded as an array; a field may only be added at the end and with a default, because two
    releases read each other's spans.

    Attributes:
        trace_id: 32 lower-case hexadecimal digits.
        span_id: 16 lower-case hexadecimal digits.
        parent_id: The span that caused this one; empty for the first of a trace.
        name: What was done, e.g. `crm.v1.Contacts/Merge`.
        kind: "server" (answered a call), "client" (made one) or "internal".
        start_ns: Nanoseconds since 1970.
        duration_ns: Nanoseconds.
        code: Empty when it went well, else the error's stable code, e.g. `not_found`.
        service: The contract whose work it was, e.g. `crm.v1.Contacts`.
        site: The tenant it was done for; empty for none.
        principal_kind: Who asked, e.g. `member`; never which one.
        attributes: Further names and values, none of them secret or personal.
    """

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: str
    start_ns: int
    duration_ns: int
    code: str = ""
    service: str = ""
    site: str = ""
    principal_kind: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


SPANS_MAX = 16_384
"""What a host holds of them until somebody takes them."""


class SpanBuffer:
    """The newest spans of a host. Adding never waits or fails; a full buffer drops its oldest.

    One thread adds; any other may drain. Under free threading or several adding threads no span
    gets lost, but `dropped` may miss some.

    Args:
        limit: Spans held at most.

    Attributes:
        dropped: Spans lost to newer ones since the host started.

    Raises:
        ValueError: `limit` is below 1.
    """

    __slots__ = ("_limit", "_spans", "dropped")

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"limit is {limit}; a span buffer holds at least 1")
        self._spans: deque[Span] = deque(maxlen=limit)
        self._limit = limit
        self.dropped = 0

    def add(self, span: Span) -> None:
        """Keep a span, at the price of the oldest when full."""
        spans = self._spans
        if len(spans) == self._limit:
            self.dropped += 1
        spans.append(span)

    @property
    def held(self) -> int:
        """How many it holds."""
        return len(self._spans)

    def drain(self) -> list[Span]:
        """Take out all that is held, oldest first."""
        spans = self._spans
        taken: list[Span] = []
        # One by one, because another thread may add meanwhile; bounded, because it may not stop.
        for _ in range(self._limit):
            try:
                taken.append(spans.popleft())
            except IndexError:
                break
        return taken
