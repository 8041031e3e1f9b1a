"""What travels with every call: site, principal, trace, locale; and the call that is running now."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

import msgspec

from hanse.kit.ids import trace_id
from hanse.runtime.identity.principal import VISITOR, Principal

if TYPE_CHECKING:
    import asyncio

    from hanse.runtime.call.deadline import Deadlines

DEFAULT_SITE = "default"
DEFAULT_LOCALE = "en"


class Context(msgspec.Struct, frozen=True, gc=False):
    """Who a call is for and which trace it belongs to. A service reads it with `current()`.

    Attributes:
        site: The tenant.
        principal: Who calls, as proven at the door; the same over all hops.
        locale: BCP 47 tag the caller wants answers in.
        trace_id: 32 hex digits, one for everything that follows from one request.
        span_id: 16 hex digits, this step of it.
        sampled: Whether spans of this trace are recorded although nothing went wrong.
        trace_state: W3C `tracestate` of the outside, handed on as it came.
        caller: Full name of the calling service; empty when the call came from outside.
    """

    site: str = DEFAULT_SITE
    principal: Principal = VISITOR
    locale: str = DEFAULT_LOCALE
    trace_id: str = ""
    span_id: str = ""
    sampled: bool = False
    trace_state: str = ""
    caller: str = ""


class Call:
    """One running call.

    Attributes:
        deadline: `time.monotonic()` by which it must have ended.
        deadlines: Who watches that.
        parent_span: Span this call was made from; empty at the root of a trace.
        task: The task it runs in, once somebody may have to cancel it.
        expired: The deadline passed and the task was told.
        children: Tasks its handler started; none may outlive it.
    """

    __slots__ = (
        "children", "context", "deadline", "deadlines", "expired", "name", "parent_span", "task",
    )  # fmt: skip

    def __init__(
        self, context: Context, name: str, deadline: float, deadlines: Deadlines, parent_span: str
    ) -> None:
        self.context = context
        self.name = name
        self.deadline = deadline
        self.deadlines = deadlines
        self.parent_span = parent_span
        self.task: asyncio.Task[object] | None = None
        self.expired = False
        self.children: list[asyncio.Task[object]] | None = None


running: ContextVar[Call | None] = ContextVar("hanse_running_call", default=None)


def current() -> Context:
    """The context of the call that is being served.

    Raises:
        RuntimeError: Nothing is being served, e.g. in a script or while a host starts.
    """
    call = running.get()
    if call is None:
        raise RuntimeError("No call is running here; a context exists only while one is served.")
    return call.context


def new_context(site: str, principal: Principal, caller: str) -> Context:
    """A context that begins a trace: for what a service does on its own account."""
    trace = trace_id()
    return Context(site, principal, trace_id=trace, span_id=trace[:16], caller=caller)
