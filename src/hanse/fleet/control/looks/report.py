"""Makes of what is known of a process what people are told of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hanse.fleet.control.api import Kind, ProcessStatus

if TYPE_CHECKING:
    from hanse.fleet.control.hosts.member import Member
    from hanse.fleet.control.looks.watch import Watch
    from hanse.fleet.engine.kept import Kept

_FATAL = re.compile(r" (FATAL|PANIC):  (?!the database system is)")
"""But what it says to everybody who comes too early."""

CRASH_LOOP = 3
"""Ends in a row after which one says so, whatever the moment's state."""


def process_status(
    one: Kept, watch: Watch, kind: Kind, member: Member | None = None
) -> ProcessStatus:
    """One process as `hanse status` shows it."""
    reading = watch.reading(one.name)
    record = member.record if member else None
    return ProcessStatus(
        name=one.name,
        kind=kind,
        state=one.stage,
        group=record.group.name if record else "",
        services=record.group.contracts if record else (),
        release=record.release if record else "",
        pid=one.pid or 0,
        up_seconds=reading.usage.age_seconds,
        restarts=one.restarts,
        cpu=reading.usage.cpu,
        memory_bytes=reading.usage.memory_bytes,
        requests_per_second=reading.rates.calls_per_second,
        p99_seconds=reading.rates.p99_seconds,
        note=_note(one),
    )


def _telling(words: tuple[str, ...]) -> str:
    """The last one, or that in which PostgreSQL says why it ends: it says more on its way out."""
    return next((said for said in reversed(words) if _FATAL.search(said)), words[-1])


def _note(one: Kept) -> str:
    """What it said when it last ended, while that matters."""
    if one.stage != "backing off" and one.crashes < CRASH_LOOP:
        return ""
    ended = f"ended {one.crashes} times in a row" if one.crashes > 1 else "ended"
    code = "" if one.exit_code is None else f" with exit code {one.exit_code}"
    said = f": {_telling(one.last_words)}" if one.last_words else ""
    return f"{ended}{code}{said}. See: hanse logs {one.name}"
