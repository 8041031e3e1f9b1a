"""A bounded store of spans on local disk, shared by all hosts of a state folder, for `hanse trace`.

Each process appends to files of its own, one line a span, so that nobody waits for anybody; a batch
is one write, and a line cut short by a crash is skipped by readers. The file written to longest ago
goes first when the folder is full.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from hanse.kit.clock import unix_ns
from hanse.kit.ids import span_id
from hanse.kit.private_folder import make_private
from hanse.runtime.telemetry.span import Span

DEFAULT_LIMIT_BYTES = 64 * 1024 * 1024
"""What the folder holds at most unless told otherwise."""

TRACE_SPANS_LIMIT = 10_000
"""Spans of one trace that are read; further ones are left out."""

SPAN_BYTES_LIMIT = 16 * 1024
"""A span that takes more loses its attributes, and one that still does is not kept."""

_SUFFIX = ".spans"
_SEGMENTS = 16  # as many files share the limit, so that a full folder forgets a sixteenth at a time
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Span).decode


class AmbiguousTrace(ValueError):
    """The beginning of a trace id fits several traces.

    Attributes:
        trace_ids: Some that it fits, in order.
    """

    def __init__(self, prefix: str, trace_ids: list[str]) -> None:
        self.trace_ids = trace_ids
        super().__init__(
            f"{prefix!r} begins several trace ids, e.g. {', '.join(trace_ids)}; give more digits"
        )


class TraceSummary(msgspec.Struct):
    """A trace in a line.

    Attributes:
        trace_id: Its id.
        name: The name of its first span.
        service: The service of its first span.
        start_ns: When it began, nanoseconds since 1970.
        duration_ns: From its beginning to the end of what ended last.
        spans: Spans kept.
        errors: How many of them ended with an error.
    """

    trace_id: str
    name: str
    service: str
    start_ns: int
    duration_ns: int
    spans: int = 0
    errors: int = 0

    def include(self, span: Span) -> None:
        """Widen the summary by one more span."""
        end_ns = max(self.start_ns + self.duration_ns, span.start_ns + span.duration_ns)
        if not self.spans or span.start_ns < self.start_ns or not span.parent_id:
            self.name, self.service = span.name, span.service
        self.start_ns = min(self.start_ns, span.start_ns)
        self.duration_ns = end_ns - self.start_ns
        self.spans += 1
        self.errors += bool(span.code)


class TraceStoreStatistics(msgspec.Struct, frozen=True):
    """What the folder holds.

    Attributes:
        segments: Files.
        bytes: Their size together.
        limit_bytes: Their size at most.
        dropped: Spans this process could not write since it started.
    """

    segments: int
    bytes: int
    limit_bytes: int
    dropped: int


class TraceStore:
    """Keeps the newest spans of all hosts of a folder, below a size, readable by their owner only.

    Up to about a hundred processes may write at once; each looks after the size of the whole
    whenever it has written a thousandth of it. Not for use by several threads at once.

    Args:
        folder: Where the files are; made (mode 0700) when the first span is written.
        limit_bytes: What the folder holds at most.

    Raises:
        ValueError: `limit_bytes` is below one MiB.
    """

    def __init__(self, folder: Path, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        if limit_bytes < 1 << 20:
            raise ValueError(f"limit_bytes is {limit_bytes}; a trace store needs 1048576 at least")
        self._folder = folder
        self._limit = limit_bytes
        self._file = -1
        self._file_bytes = 0
        self._unchecked_bytes = limit_bytes  # so that the first write looks at what is there
        self._dropped = 0

    def write(self, spans: list[Span]) -> None:
        """Append a batch, from a background thread. A full disk costs spans and raises nothing."""
        lines = [line for span in spans if (line := _line(span))]
        self._dropped += len(spans) - len(lines)
        for batch in _batches(lines, self._limit // 64):
            try:
                self._append(b"".join(batch))
            except OSError:
                self._dropped += len(batch)
                self.close()

    def trace(self, trace_id: str) -> list[Span]:
        """The spans of a trace in the order they began; none when it is unknown.

        Args:
            trace_id: The id or its beginning, any case.

        Raises:
            ValueError: `trace_id` is not made of 1 to 32 hexadecimal digits.
            AmbiguousTrace: It begins several ids.
        """
        prefix = trace_id.strip().lower()
        if not 1 <= len(prefix) <= 32 or prefix.strip("0123456789abcdef"):
            raise ValueError(f"{trace_id!r} is not a trace id; give 1 to 32 hexadecimal digits")
        found: dict[str, list[Span]] = {}
        for span in self._spans(f'["{prefix}'.encode()):
            held = found.setdefault(span.trace_id, [])
            if len(found) == 4:
                break
            if len(held) < TRACE_SPANS_LIMIT:
                held.append(span)
        if len(found) > 1:
            raise AmbiguousTrace(prefix, sorted(found)[:3])
        spans = [span for held in found.values() for span in held]
        return sorted(spans, key=lambda span: span.start_ns)

    def recent(self, limit: int = 20) -> list[TraceSummary]:
        """The traces that began last, newest first. Reads the whole folder."""
        known: dict[str, TraceSummary] = {}
        for span in self._spans(b"["):
            summary = known.get(span.trace_id)
            if summary is None:
                summary = TraceSummary(span.trace_id, "", "", span.start_ns, span.duration_ns)
                known[span.trace_id] = summary
            summary.include(span)
        return sorted(known.values(), key=lambda one: one.start_ns, reverse=True)[: max(0, limit)]

    def statistics(self) -> TraceStoreStatistics:
        """What the folder holds now."""
        sizes = [status.st_size for _, status in self._segments()]
        return TraceStoreStatistics(len(sizes), sum(sizes), self._limit, self._dropped)

    def close(self) -> None:
        """Let go of the open file; writing again begins a new one."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1

    def _append(self, lines: bytes) -> None:
        self._unchecked_bytes += len(lines)
        if self._unchecked_bytes > self._limit // 1024:
            self._make_room(len(lines))
        # Another process may have dropped our file as the oldest; nobody would read it any more.
        if self._file < 0 or not os.fstat(self._file).st_nlink:
            self._begin_file()
        written = os.write(self._file, lines)
        self._file_bytes += written
        if written < len(lines) or self._file_bytes >= self._limit // _SEGMENTS:
            self.close()

    def _begin_file(self) -> None:
        self.close()
        make_private(self._folder)
        path = self._folder / f"{unix_ns():020d}-{os.getpid()}-{span_id()}{_SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(path, flags, 0o600)
        self._file_bytes = 0

    def _make_room(self, needed: int) -> None:
        """Drop files until an eighth of the limit is left to what others write meanwhile."""
        self._unchecked_bytes = 0
        held = self._segments()
        total = needed + sum(status.st_size for _, status in held)
        for path, status in held:
            if total <= self._limit - self._limit // 8:
                return
            path.unlink(missing_ok=True)
            total -= status.st_size

    def _segments(self) -> list[tuple[Path, os.stat_result]]:
        """All files with their status, the one written to longest ago first."""
        found: list[tuple[Path, os.stat_result]] = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            try:
                found.append((path, path.stat()))
            except FileNotFoundError:  # dropped by another process since it was listed
                continue
        return sorted(found, key=lambda one: (one[1].st_mtime_ns, one[0].name))

    def _spans(self, beginning: bytes) -> Iterator[Span]:
        """All whole spans whose line begins like this, from the file written to last backwards."""
        for path, _ in reversed(self._segments()):
            try:
                held = b"\n" + path.read_bytes()
            except FileNotFoundError:
                continue
            yield from _matching(held, b"\n" + beginning)


def _matching(held: bytes, beginning: bytes) -> Iterator[Span]:
    at = held.find(beginning)
    while at >= 0:
        end = held.find(b"\n", at + 1)
        if end < 0:  # a process died while it wrote this, or is just writing it
            return
        with suppress(msgspec.MsgspecError):  # not ours, or from a release that writes otherwise
            yield _decode(held[at + 1 : end])
        at = held.find(beginning, end)


def _line(span: Span) -> bytes:
    """A span as it is kept; empty when it cannot be."""
    try:
        line = _encode(span)
        if len(line) > SPAN_BYTES_LIMIT:
            line = _encode(msgspec.structs.replace(span, attributes=()))
    except UnicodeEncodeError:
        return b""
    return line + b"\n" if len(line) <= SPAN_BYTES_LIMIT else b""


def _batches(lines: list[bytes], size_limit: int) -> Iterator[list[bytes]]:
    """The lines in portions of about so many bytes, because each portion is one write."""
    batch: list[bytes] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if size >= size_limit:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
