"""W3C Trace Context: the two headers by which a trace travels from process to process.

Rules: www.w3.org/TR/trace-context (Level 1) and www.w3.org/TR/trace-context-2 (Level 2), section 3.
"""

from __future__ import annotations

import re

import msgspec

TRACE_RESPONSE = "traceresponse"
"""Header by which an answer says its trace and span (w3c.github.io/trace-context, "Trace Context
HTTP Response Headers Format", a draft); its value is formed as that of traceparent."""

STATE_LENGTH_LIMIT = 512
"""Characters of tracestate that go on; the least the specification asks for (3.3.1.5)."""

STATE_MEMBERS_LIMIT = 32
"""Members of a tracestate; a longer one is invalid (3.3.1)."""

# One expression takes a whole header of version 00: fixed width, lower case, no all-zero id. The
# last group only takes part when the lowest bit of the flags, "sampled", is set.
_match_version_00 = re.compile(
    r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f](?:([13579bdf])|[02468ace])"
).fullmatch

# Later versions may say more after a dash. A comma means that the header was sent more than once.
_match_later_version = re.compile(
    r"(?!00|ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})"
    r"-[0-9a-f](?:([13579bdf])|[02468ace])(?:-[^,]*)?"
).fullmatch

_match_member = re.compile(
    r"([a-z0-9][a-z0-9_\-*/@]{0,255})"
    r"=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
).fullmatch


class TraceContext(msgspec.Struct, frozen=True, gc=False):
    """What a caller said about the trace its call belongs to.

    Attributes:
        trace_id: 32 lower-case hexadecimal digits, not all zero.
        span_id: The caller's span, 16 lower-case hexadecimal digits, not all zero.
        sampled: Whether the caller may have recorded its part.
        state: A valid tracestate to hand on unchanged, 512 characters at most; empty for none.
    """

    trace_id: str
    span_id: str
    sampled: bool
    state: str = ""


def parse(traceparent: str | None, tracestate: str | None) -> TraceContext | None:
    """What the headers of a request say, or None when a new trace has to begin.

    A tracestate that is not valid is dropped and leaves the traceparent as it is (3.3).

    Args:
        traceparent: The header's value; several of that name joined with a comma, which is invalid.
        tracestate: The header's value; several of that name joined with a comma, in order.
    """
    if traceparent is None:
        return None
    found = _match_version_00(traceparent) or _match_unusual(traceparent)
    if found is None:
        return None
    trace, span, odd_flags = found.groups()
    if tracestate:
        return TraceContext(trace, span, odd_flags is not None, _valid_state(tracestate))
    return TraceContext(trace, span, odd_flags is not None)


def format_traceparent(trace_id: str, span_id: str, sampled: bool) -> str:  # noqa: FBT001  as sent
    """The header for a call onward: version 00, every flag but `sampled` cleared (3.2.2.5)."""
    return f"00-{trace_id}-{span_id}-01" if sampled else f"00-{trace_id}-{span_id}-00"


def _match_unusual(traceparent: str) -> re.Match[str] | None:
    """A header of a later version, or one of ours with white space around it."""
    trimmed = traceparent.strip(" \t")
    return _match_version_00(trimmed) or _match_later_version(trimmed)


def _valid_state(tracestate: str) -> str:
    """The list without white space and empty members, cut to the limit; empty when invalid."""
    members: list[str] = []
    keys: set[str] = set()
    for part in tracestate.split(","):
        # Leading spaces belong to no member: a key cannot begin with one.
        if member := part.strip(" \t"):
            found = _match_member(member)
            if found is None or found[1] in keys or len(keys) == STATE_MEMBERS_LIMIT:
                return ""
            keys.add(found[1])
            members.append(member)
    return _cut(members)


def _cut(members: list[str]) -> str:
    """Whole members go until it is short enough: those over 128 characters, then the last."""
    state = ",".join(members)
    if len(state) > STATE_LENGTH_LIMIT:
        members = [member for member in members if len(member) <= 128]
        state = ",".join(members)
    while len(state) > STATE_LENGTH_LIMIT:
        members.pop()
        state = ",".join(members)
    return state
