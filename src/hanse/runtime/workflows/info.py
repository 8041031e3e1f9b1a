"""What is told of instances, and how they are called."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args
from uuid import UUID

import msgspec

from hanse.runtime.call.context import DEFAULT_LOCALE, DEFAULT_SITE, running
from hanse.runtime.errors import HanseError, InvalidArgument
from hanse.runtime.telemetry.trace_context import format_traceparent
from hanse.runtime.workflows.failure import read_failure

if TYPE_CHECKING:
    from hanse.runtime.call.context import Call
    from hanse.runtime.data.record import Record

KEY_LENGTH_MAX = 200

_OWN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[0-9]+|at [-0-9]+T[0-9]+:[0-9]+Z")
"""What the runtime itself calls instances; see `run_child` and the scheduler."""

Standing = Literal["ready", "running", "waiting", "held", "done", "failed", "canceled"]
STANDINGS: tuple[Standing, ...] = get_args(Standing)


class Instance(msgspec.Struct, frozen=True):
    """How it stands with an instance of a workflow.

    Attributes:
        id: As it was given or drawn.
        workflow: `shop.v1.Checkout/Place`.
        version: The one it began with.
        state: ready (to go on), running, waiting (for a time or a signal), held (for people),
            done, failed, canceled.
        create_time: When it began.
        wake_time: When it goes on, of one that waits for a time.
        end_time: When it ended.
        result: What it gave.
        error: Why it failed, was canceled or is held.
    """

    id: str
    workflow: str
    version: int
    state: Standing
    create_time: datetime
    wake_time: datetime | None = None
    end_time: datetime | None = None
    result: Any = None
    error: HanseError | None = None


def instance_of(row: Record, result: Any, now: datetime) -> Instance:
    """What is told of a row."""
    failed = row["output"] is not None and row["state"] != "done"
    return Instance(
        row["key"] or str(row["id"]),
        row["name"],
        row["version"],
        standing(row, now),
        row["create_time"],
        row["wake_time"],
        row["end_time"],
        result,
        read_failure(row["output"]) if failed else None,
    )


def standing(row: Record, now: datetime) -> Standing:
    """What an instance is doing."""
    if row["state"] != "open":
        return row["state"]
    if row["holder"] is not None:
        return "running"
    return "ready" if row["wake_time"] is not None and row["wake_time"] <= now else "waiting"


def check_key(key: str) -> None:
    """Refuses what no instance can be called.

    Raises:
        InvalidArgument: It is too long, has a zero, or looks like one that was drawn, or that the
            runtime gives.
    """
    if len(key) > KEY_LENGTH_MAX or "\0" in key:
        raise InvalidArgument(f"An id has {KEY_LENGTH_MAX} characters at most, and no U+0000.")
    if _drawn(key) is not None:
        raise InvalidArgument("An id of your own is no UUID of version 7: put a word before it.")
    if _OWN.fullmatch(key):
        raise InvalidArgument(
            "id: a workflow calls its children like UUID.0, and a schedule what it begins like "
            "at 2026-01-01T09:00Z. Put a word of your own before it."
        )


def check_name(name: str) -> None:
    """Refuses what no signal can be called.

    Raises:
        InvalidArgument: It is empty or too long, has a zero, or begins as those of the runtime do.
    """
    if not 0 < len(name) <= KEY_LENGTH_MAX or "\0" in name or name.startswith(":"):
        raise InvalidArgument(
            f"A signal has a name of 1 to {KEY_LENGTH_MAX} characters that begins with no colon."
        )


def origin_here() -> tuple[str, str]:
    """Site and locale of the running call; those that hold where none runs."""
    call = running.get()
    return (call.origin.site, call.origin.locale) if call else (DEFAULT_SITE, DEFAULT_LOCALE)


def link_of(call: Call | None) -> str:
    """A call as W3C `traceparent`, for what it begins; empty for none."""
    if call is None:
        return ""
    return format_traceparent(call.trace_id, call.span_id, call.sampled)


def uuid_of(site: str, name: str, key: str) -> UUID:
    """What an instance is in the database: follows from what it is called, or is that itself."""
    drawn = _drawn(key)
    if drawn is not None:
        return drawn
    said = msgspec.json.encode((site, name, key))
    digest = int.from_bytes(hashlib.blake2b(said, digest_size=16).digest())
    # RFC 9562, version 8: whatever its maker likes.
    return UUID(int=digest & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62)


def _drawn(key: str) -> UUID | None:
    try:
        uuid = UUID(key)
    except ValueError:
        return None
    return uuid if str(uuid) == key and uuid.version == 7 else None
