"""Takes what a host recorded to where people look: the local store, and a collector."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from hanse.kit.fetch import fetch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.runtime.host_config import HostConfig
    from hanse.runtime.telemetry.exporter import Exporter
    from hanse.runtime.telemetry.metrics import Metrics
    from hanse.runtime.telemetry.span import SpanBuffer
    from hanse.runtime.telemetry.store import TraceStore

FLUSH_LOOKS = 2
"""Looks of the host between two times, which are half a second."""


class Recorder:
    """Empties a span buffer in the background."""

    def __init__(self, config: HostConfig, spans: SpanBuffer, metrics: Metrics) -> None:
        self._config = config
        self._spans = spans
        self._metrics = metrics
        self._store: TraceStore | None = None
        self._exporter: Exporter | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._looks, self._due = 0, asyncio.Event()
        self._stopping = False

    async def __aenter__(self) -> Self:
        if self._config.trace_folder is not None:
            from hanse.runtime.telemetry.store import TraceStore

            self._store = TraceStore(self._config.trace_folder)
        if self._config.otlp_endpoint:
            self._exporter = self._make_exporter()
            self._tasks.append(asyncio.create_task(self._exporter.run()))
        if self._store is not None or self._exporter is not None:
            # Else the newest spans stay in the buffer, where the console and tests look at them.
            self._tasks.append(asyncio.create_task(self._run()))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping = True
        self._due.set()
        if self._tasks:
            await self._tasks.pop()
        if self._exporter is not None:
            self._exporter.stop()
        await asyncio.gather(*self._tasks)
        if self._store is not None:
            self._store.close()

    def look(self) -> None:
        """Has taken what lies there; called a few times a second, so that nothing wakes for it."""
        self._looks += 1
        if self._looks % FLUSH_LOOKS == 0 and self._spans.held:
            self._due.set()

    async def _run(self) -> None:
        while not self._stopping:
            await self._due.wait()
            self._due.clear()
            await self._flush()

    async def _flush(self) -> None:
        spans = self._spans.drain()
        if spans and self._exporter is not None:
            self._exporter.offer(spans)
        if spans and self._store is not None:
            await asyncio.to_thread(self._store.write, spans)

    def _make_exporter(self) -> Exporter:
        from hanse.runtime.telemetry.exporter import Exporter

        endpoint = self._config.otlp_endpoint.rstrip("/")

        async def post(
            path: str, headers: Mapping[str, str], body: bytes
        ) -> tuple[int, Mapping[str, str], bytes]:
            return await fetch(endpoint + path, verb="POST", headers=dict(headers), body=body)

        resource = {"service.name": self._config.name}
        return Exporter(post, resource, metrics=self._metrics)
