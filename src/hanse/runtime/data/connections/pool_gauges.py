"""What operators see of a host's connections to its database."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hanse.runtime.data.connections.pool import Pool
    from hanse.runtime.telemetry.metrics import Metrics


class PoolGauges:
    """Numbers that are read off a few times a second, so that no statement pays for them."""

    def __init__(self, pool: Pool, metrics: Metrics) -> None:
        self._pool = pool
        meaning = "Connections to the database, by whether somebody uses them."
        self._used = metrics.gauge("hanse_database_connections", meaning, state="used")
        self._idle = metrics.gauge("hanse_database_connections", meaning, state="idle")
        self._waiting = metrics.gauge(
            "hanse_database_waiting", "Statements and transactions that wait for a connection."
        )
        self._shed = metrics.counter(
            "hanse_database_shed_total", "Those that waited too long, or found too many waiting."
        )

    def read(self) -> None:
        """Takes the numbers as they are now."""
        pool = self._pool
        self._used.set(pool.in_use)
        self._idle.set(pool.size - pool.in_use)
        self._waiting.set(pool.waiting)
        self._shed.add(pool.shed - self._shed.value)
