"""What operators ask of a host beside its calls: what it holds, and what it lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.link.served_link import ServedLink

if TYPE_CHECKING:
    from hanse.runtime.call.admission import Admission
    from hanse.runtime.call.room import Room
    from hanse.runtime.http.connections import Connections
    from hanse.runtime.telemetry.metrics import Metrics
    from hanse.runtime.telemetry.span import SpanBuffer


class Gauges:
    """Numbers that are read off a few times a second, so that no call pays for them."""

    def __init__(
        self, metrics: Metrics, connections: Connections, admission: Admission, spans: SpanBuffer
    ) -> None:
        self._connections = connections
        self._admission = admission
        self._spans = spans
        meaning = "Open connections; a link carries many calls at once."
        self._http = metrics.gauge("hanse_connections", meaning, kind="http")
        self._links = metrics.gauge("hanse_connections", meaning, kind="link")
        self._running = metrics.gauge("hanse_calls_running", "Calls from outside running now.")
        self._held = metrics.gauge("hanse_body_room_held_bytes", "Bytes held by large bodies.")
        self._dropped = metrics.counter(
            "hanse_spans_dropped_total", "Spans lost because nobody took them in time."
        )

    def read(self, room: Room) -> None:
        """Takes the numbers as they are now."""
        links = sum(isinstance(one, ServedLink) for one in self._connections)
        self._links.set(links)
        self._http.set(len(self._connections) - links)
        self._running.set(self._admission.running)
        self._held.set(room.held)
        self._dropped.add(self._spans.dropped - self._dropped.value)
