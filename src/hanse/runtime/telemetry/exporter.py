"""Sends spans and metrics to a collector, in the background and never at the cost of a call."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime

import msgspec

from hanse.kit import chance, clock
from hanse.runtime.telemetry.metrics import Metrics
from hanse.runtime.telemetry.otlp import (
    CONTENT_TYPE,
    METRICS_PATH,
    TRACES_PATH,
    metrics_request,
    rejected,
    spans_request,
)
from hanse.runtime.telemetry.span import Span

Answer = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body of a collector's answer."""

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[Answer]]
"""Sends a body with headers to a path of the collector; may raise anything if out of reach."""

UNREACHABLE = 0
"""Stands for a status where there was no answer."""

RETRYABLE = frozenset((UNREACHABLE, 429, 502, 503, 504))
"""What is worth another try; all else is final (OTLP/HTTP, "Retryable response codes")."""

log = logging.getLogger("hanse.telemetry")


class ExportSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much, how often and how stubbornly to send.

    Attributes:
        queue_limit: Spans waiting at most; the oldest go first.
        batch_limit: Spans in a request at most; as many waiting are sent at once.
        interval_seconds: How long a span waits at most for the batch to fill.
        metrics_interval_seconds: How often metrics go out.
        attempts: Tries per request, the first included.
        backoff_seconds: Pause before the second try; it doubles each time; half of it is
            chance.
        pause_limit_seconds: The longest pause, also when the collector asks for a longer one.
        timeout_seconds: How long one try may take.
        compress: Whether requests are sent with gzip.
    """

    queue_limit: int = 8192
    batch_limit: int = 512
    interval_seconds: float = 1.0
    metrics_interval_seconds: float = 15.0
    attempts: int = 5
    backoff_seconds: float = 1.0
    pause_limit_seconds: float = 30.0
    timeout_seconds: float = 10.0
    compress: bool = False


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What the exporter takes from the world around it.

    Attributes:
        wait: Waits until the event is set, or until so many seconds have passed.
        fraction: A number from 0 up to 1, by chance.
        unix_ns: Nanoseconds since 1970.
    """

    wait: Callable[[asyncio.Event, float], Awaitable[None]] = clock.wait_set
    fraction: Callable[[], float] = chance.fraction
    unix_ns: Callable[[], int] = clock.unix_ns


class ExporterStatistics(msgspec.Struct, frozen=True):
    """What became of the spans.

    Attributes:
        held: Waiting.
        limit: Waiting at most.
        sent: Accepted by the collector.
        rejected: Refused by a collector that took the rest of their batch.
        dropped: Lost: to newer ones, or because the collector was out of reach for too long.
    """

    held: int
    limit: int
    sent: int
    rejected: int
    dropped: int


class Exporter:
    """Sends spans in batches and metrics at intervals; bounded, patient, silent towards callers.

    All methods belong to the thread of the event loop; encoding happens in another.

    Args:
        post: How to reach the collector.
        resource: What is known about this host, e.g. `{"service.name": …, "host.name": …}`.
        metrics: What to send besides spans; None for nothing.
        settings: How much and how often.
        surroundings: Time and chance.
    """

    def __init__(
        self,
        post: Post,
        resource: Mapping[str, str],
        *,
        metrics: Metrics | None = None,
        settings: ExportSettings | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        self._post = post
        self._resource = dict(resource)
        self._metrics = metrics
        self._settings = settings or ExportSettings()
        self._around = surroundings or Surroundings()
        self._queue: deque[Span] = deque(maxlen=self._settings.queue_limit)
        self._sent = self._rejected = self._dropped = 0
        self._full = asyncio.Event()
        self._stopping = asyncio.Event()
        self._metrics_sent_ns = self._around.unix_ns()
        self._trouble = ""

    def offer(self, spans: Iterable[Span]) -> None:
        """Queue spans for sending, at the price of the oldest when full. Never waits or fails."""
        for span in spans:
            if len(self._queue) == self._settings.queue_limit:
                self._dropped += 1
            self._queue.append(span)
        if len(self._queue) >= self._settings.batch_limit:
            self._full.set()

    async def run(self) -> None:
        """Send until `stop` is called, then once more what is left."""
        while not self._stopping.is_set():
            await self._around.wait(self._full, self._settings.interval_seconds)
            self._full.clear()
            await self._send_spans()
            waited_ns = self._around.unix_ns() - self._metrics_sent_ns
            if waited_ns >= self._settings.metrics_interval_seconds * 1e9:
                await self._send_metrics()
        await self.flush()

    def stop(self) -> None:
        """Ask `run` to end soon: what is left gets one try. Bound the wait for it by a timeout."""
        self._stopping.set()
        self._full.set()

    async def flush(self) -> None:
        """Send all that waits, and the metrics, now."""
        await self._send_spans()
        await self._send_metrics()

    def statistics(self) -> ExporterStatistics:
        """What became of the spans so far."""
        return ExporterStatistics(
            len(self._queue),
            self._settings.queue_limit,
            self._sent,
            self._rejected,
            self._dropped,
        )

    async def _send_spans(self) -> None:
        while self._queue:
            size = min(len(self._queue), self._settings.batch_limit)
            batch = [self._queue.popleft() for _ in range(size)]
            refused = await self._deliver(
                TRACES_PATH, lambda b=batch: spans_request(b, self._resource)
            )
            if refused is None:
                self._dropped += size
            else:
                self._rejected += refused
                self._sent += size - refused

    async def _send_metrics(self) -> None:
        metrics = self._metrics
        if metrics is not None:
            now_ns = self._metrics_sent_ns = self._around.unix_ns()
            await self._deliver(
                METRICS_PATH, lambda: metrics_request(metrics, self._resource, now_ns)
            )

    async def _deliver(self, path: str, encode: Callable[[], bytes]) -> int | None:
        """Items refused by the collector that took a request, or None when it was given up."""
        try:
            # In a thread, because five hundred spans take milliseconds that no call should wait.
            headers, body = await asyncio.to_thread(self._pack, encode)
        except Exception as error:  # noqa: BLE001  a span may be broken, the host goes on
            self._note(f"cannot encode what goes to {path}: {error!r}")
            return None
        return await self._persist(path, headers, body)

    async def _persist(self, path: str, headers: Mapping[str, str], body: bytes) -> int | None:
        tries = 0
        while True:
            status, answer_headers, answer = await self._try(path, headers, body)
            tries += 1
            if 200 <= status < 300:
                self._note("")
                return self._complaint(path, answer)
            final = status not in RETRYABLE or self._stopping.is_set()
            if final or tries >= self._settings.attempts:
                reason = f"status {status}" if status else "no answer"
                self._note(f"the collector did not take {path}: {reason}; what it held is lost")
                return None
            await self._around.wait(self._stopping, self._delay(tries, answer_headers))

    def _pack(self, encode: Callable[[], bytes]) -> tuple[dict[str, str], bytes]:
        headers = {"content-type": CONTENT_TYPE}
        if not self._settings.compress:
            return headers, encode()
        return {**headers, "content-encoding": "gzip"}, gzip.compress(encode(), compresslevel=5)

    async def _try(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                return await self._post(path, headers, body)
        except Exception as error:  # noqa: BLE001  a network fails in any way it likes
            log.debug("the collector is out of reach: %r", error)
            return UNREACHABLE, {}, b""

    def _complaint(self, path: str, answer: bytes) -> int:
        count, message = rejected(path, answer)
        if count or message:
            log.warning("the collector refused %d items of %s: %.500s", count, path, message)
        return count

    def _delay(self, tries: int, headers: Mapping[str, str]) -> float:
        """What the collector asks for, else a pause that doubles, half of it by chance; bounded."""
        asked = self._asked_pause(headers)
        if asked is None:
            full = self._settings.backoff_seconds * 2 ** (tries - 1)
            asked = full * (1 + self._around.fraction()) / 2
        return min(max(asked, 0.0), self._settings.pause_limit_seconds)

    def _asked_pause(self, headers: Mapping[str, str]) -> float | None:
        """Retry-After as seconds or a date (RFC 9110, 10.2.3); None when absent or senseless."""
        value = next(
            (v for name, v in headers.items() if name.lower() == "retry-after"), ""
        ).strip()
        if value.isascii() and value.isdigit():
            return float(value[:9])
        try:
            return parsedate_to_datetime(value).timestamp() - self._around.unix_ns() / 1e9
        except (ValueError, OverflowError):
            return None

    def _note(self, trouble: str) -> None:
        """Log a trouble when it begins and when it ends, not a thousand times between."""
        if trouble and trouble != self._trouble:
            log.warning("%s", trouble)
        elif self._trouble and not trouble:
            log.info("the collector takes telemetry again")
        self._trouble = trouble
