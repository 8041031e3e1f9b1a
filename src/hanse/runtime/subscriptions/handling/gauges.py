"""What operators see of one subscription on a host, beside the calls of its method."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hanse.runtime.telemetry.metrics import Metrics


class HandlerGauges:
    """Numbers of one subscription.

    Args:
        metrics: Where they are shown.
        name: The subscription's.
    """

    def __init__(self, metrics: Metrics, name: str) -> None:
        self._missed = metrics.counter(
            "hanse_events_missed_total",
            "Events that the stream lacked before they were handled, at most.",
            subscription=name,
        )
        self._stuck = metrics.gauge(
            "hanse_events_stuck",
            "Events that could be neither handled nor parked when they were last tried.",
            subscription=name,
        )

    def missed(self, count: int) -> None:
        """Counts events that nobody will ever handle."""
        self._missed.add(count)

    def stuck(self, change: int) -> None:
        """One more that is stuck, or one less."""
        self._stuck.set(self._stuck.value + change)
