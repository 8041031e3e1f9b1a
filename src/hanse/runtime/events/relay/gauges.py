"""What operators see of events on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.kit.uuid7 import seconds_of
from hanse.runtime.errors import HanseError

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.telemetry.metrics import Metrics

_BACKLOG = """
select coalesce(max(seq) - min(seq) + 1, 0) as events,
  (select id from hanse.outbox order by seq limit 1) as oldest from hanse.outbox
"""


class RelayGauges:
    """Numbers of one host.

    Args:
        database: Whose outbox.
        metrics: Where they are shown.
    """

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._told = metrics.counter("hanse_events_published_total", "Events told to the broker.")
        self._waiting = metrics.gauge(
            "hanse_outbox_events", "Events that wait in the database, those undone among them."
        )
        self._age = metrics.gauge(
            "hanse_outbox_oldest_seconds", "How long the oldest of them has waited."
        )

    def told(self, count: int) -> None:
        """Counts events that the broker has."""
        self._told.add(count)

    async def look(self) -> None:
        """Looks into the outbox: two ends of its index; what cannot be seen stays as it was."""
        try:
            row = await self._database.fetch_row(_BACKLOG)
        except HanseError:  # the database tells itself that it is away
            return
        if row is None:
            return
        self._waiting.set(row["events"])
        now = self._database.clock.now().timestamp()
        self._age.set(max(0.0, now - seconds_of(row["oldest"])) if row["oldest"] else 0.0)
