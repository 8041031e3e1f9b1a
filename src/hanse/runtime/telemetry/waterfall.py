"""Draws a trace as text: a tree of spans with offsets, durations, errors and bars."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from hanse.runtime.telemetry.span import Span

ROWS_LIMIT = 1000
"""Rows drawn; a line says how many more there are."""

_DEPTH_LIMIT = 6  # deeper ones are indented as much as this, so that names stay readable
_TIMES_WIDTH = 19  # " +999.9ms  999.9ms "
_SECOND = 1_000_000_000
_UNITS = (  # name, nanoseconds, used from so many nanoseconds on
    ("d", 86_400 * _SECOND, 10_000 * _SECOND),
    ("s", _SECOND, _SECOND),
    ("ms", 1_000_000, 1_000_000),
    ("µs", 1_000, 1_000),
)
_MARKS = {"client": "→ ", "internal": "· "}


class _Row(msgspec.Struct, frozen=True):
    """One line of the drawing; `span` is None where one is missing, and `name` says so."""

    branch: str
    name: str
    span: Span | None


def waterfall(spans: Sequence[Span], width: int = 80) -> str:
    """A drawing of a trace for a terminal or a log, without colour.

    Spans whose parent is not among them hang under a row that says so; those that are each other's
    ancestors likewise. Characters that could move a terminal's cursor are shown escaped.

    Args:
        spans: Of one trace, in any order; one id twice counts once.
        width: Columns; 72 at least.
    """
    if not spans:
        return "no spans\n"
    unique = sorted(
        {s.span_id: s for s in spans}.values(), key=lambda s: (s.start_ns, -s.duration_ns)
    )
    start_ns = unique[0].start_ns
    total_ns = max(s.start_ns + s.duration_ns for s in unique) - start_ns
    columns = max(72, width)
    rows = list(_rows(unique))
    lines = [_headline(unique, total_ns)]
    lines += [_line(row, (start_ns, total_ns), columns) for row in rows[:ROWS_LIMIT]]
    if len(rows) > ROWS_LIMIT:
        lines.append(f"… and {len(rows) - ROWS_LIMIT} more")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def duration_text(ns: int) -> str:
    """Nanoseconds for people, in seven columns at most: `850ns`, `12.4µs`, `3.05ms`, `1.25d`."""
    for unit, size, least in _UNITS:
        if ns >= least:
            value = ns / size
            digits = 2 if value < 9.995 else 1 if value < 999.95 else 0
            return f"{value:.{digits}f}{unit}"
    return f"{max(0, ns)}ns"


def _headline(spans: Sequence[Span], total_ns: int) -> str:
    failed = sum(1 for span in spans if span.code)
    count = f"{len(spans)} span{'s' if len(spans) > 1 else ''}"
    errors = f", {failed} error{'s' if failed > 1 else ''}" if failed else ""
    return f"trace {_plain(spans[0].trace_id)}: {count}, {duration_text(total_ns)}{errors}"


def _rows(spans: Sequence[Span]) -> Iterator[_Row]:
    """Every span once, parents before children, without recursion: it may be a thousand deep."""
    children: dict[str, list[Span]] = {}
    ids = {span.span_id for span in spans}
    for span in spans:
        children.setdefault(span.parent_id, []).append(span)
    drawn: set[str] = set()
    for root in children.get("", []):
        yield from _tree(root, children, drawn, ("", ""))
    for parent_id in [one for one in children if one and one not in ids]:
        yield _Row("", f"missing span {_plain(parent_id)}", None)
        yield from _brood(children[parent_id], children, drawn)
    # What is left has parents but no root: a circle. Cut it open where it began.
    for span in spans:
        if span.span_id not in drawn:
            yield _Row("", "spans that are their own ancestors", None)
            yield from _tree(span, children, drawn, ("└ ", "  "))


def _brood(
    spans: Sequence[Span], children: dict[str, list[Span]], drawn: set[str]
) -> Iterator[_Row]:
    for at, span in enumerate(spans, 1):
        yield from _tree(span, children, drawn, ("└ ", "  ") if at == len(spans) else ("├ ", "│ "))


def _tree(
    root: Span, children: dict[str, list[Span]], drawn: set[str], lead: tuple[str, str]
) -> Iterator[_Row]:
    """A span and all below it; `lead` is what stands before the first row and before all others."""
    waiting = [(root, *lead)]
    while waiting:
        span, branch, below = waiting.pop()
        if span.span_id in drawn:
            continue
        drawn.add(span.span_id)
        yield _Row(branch, _MARKS.get(span.kind, "") + _plain(span.name), span)
        brood = children.get(span.span_id, [])
        shown = below if len(below) < 2 * _DEPTH_LIMIT else below[: 2 * _DEPTH_LIMIT]
        for at, child in enumerate(reversed(brood)):
            first, rest = ("└ ", "  ") if at == 0 else ("├ ", "│ ")
            waiting.append((child, shown + first, shown + rest))


def _line(row: _Row, whole: tuple[int, int], columns: int) -> str:
    """A row in exactly so many columns or fewer: name and error, offset, duration, bar."""
    label_width = (columns - _TIMES_WIDTH) * 3 // 5
    if row.span is None:
        return _fit(f"{row.branch}? {row.name}", columns)
    room = label_width - len(row.branch)
    code = f" ✗ {_fit(_plain(row.span.code), min(20, room - 9))}" if row.span.code else ""
    label = row.branch + _fit_end(row.name, room - len(code)) + code
    offset = f"+{duration_text(row.span.start_ns - whole[0])}"
    took = duration_text(row.span.duration_ns)
    bar = _bar(row.span, whole, columns - label_width - _TIMES_WIDTH)
    return f"{label:<{label_width}} {offset:>8} {took:>8} {bar}"


def _bar(span: Span, whole: tuple[int, int], columns: int) -> str:
    """The span's place in the whole, in half columns; never nothing."""
    start_ns, total_ns = whole
    halves = 2 * columns
    begin = (span.start_ns - start_ns) * halves // max(1, total_ns)
    end = -(-(span.start_ns - start_ns + span.duration_ns) * halves // max(1, total_ns))
    begin = min(begin, halves - 1)
    end = min(max(end, begin + 1), halves)
    cells = Counter(half // 2 for half in range(begin, end))
    first = begin // 2
    drawn = "".join(
        "█" if cells[cell] == 2 else "▐" if cell == first and begin % 2 else "▌"
        for cell in range(first, (end + 1) // 2)
    )
    return " " * first + drawn


def _fit(text: str, columns: int) -> str:
    return text if len(text) <= columns else text[: columns - 1] + "…"


def _fit_end(name: str, columns: int) -> str:
    """The end of a long name tells more than its beginning: `…Contacts/Merge`."""
    return name if len(name) <= columns else "…" + name[len(name) - columns + 1 :]


def _plain(text: str) -> str:
    """Text whose every character takes one column and moves nothing; all else as an escape."""
    return "".join(
        char if _harmless(char) else char.encode("unicode_escape").decode() for char in text
    )


def _harmless(char: str) -> bool:
    if " " <= char <= "~":
        return True
    wide = unicodedata.east_asian_width(char) in "WF"
    return char.isprintable() and not wide and not unicodedata.category(char).startswith("M")
