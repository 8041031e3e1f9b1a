"""What travels with every call: site, principal, trace, locale; and the call running now."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.kit.ids import trace_id
from hanse.runtime.identity.principal import VISITOR, Principal

if TYPE_CHECKING:
    from hanse.runtime.call.deadline import Deadlines
    from hanse.runtime.contract.method import Method

DEFAULT_SITE = "default"
DEFAULT_LOCALE = "en"


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """For whom a call is made: the part of a context that has no standard header.

    Attributes:
        site: The tenant.
        principal: Who calls, as proven at the door; the same over all hops.
        locale: BCP 47 tag the caller wants answers in.
        caller: Full name of the calling service; empty when the call came from outside.
        cause: Id of the event or workflow it is made for, over all hops; empty where nobody but a
            caller wants it.
        client: What tells a visitor from others, over all hops, for counting alone: see
            `figures/clients.py`. Empty for who signed in.
    """

    site: str = DEFAULT_SITE
    principal: Principal = VISITOR
    locale: str = DEFAULT_LOCALE
    caller: str = ""
    cause: str = ""
    client: str = ""


class Context(msgspec.Struct, frozen=True):
    """Who a call is for and which trace it belongs to. A service reads it with `current()`.

    Attributes:
        site: The tenant.
        principal: Who calls, as proven at the door; the same over all hops.
        locale: BCP 47 tag the caller wants answers in.
        trace_id: 32 hex digits, one for everything that follows from one request.
        span_id: 16 hex digits, this step of it.
        caller: Full name of the calling service; empty when the call came from outside.
    """

    site: str
    principal: Principal
    locale: str
    trace_id: str
    span_id: str
    caller: str


class Keyed(msgspec.Struct, eq=False):
    """A call's idempotency key, and what is done under it.

    Attributes:
        key: As it came.
        of_form: It stood in a form: a repeat waits for the answer, and what is sent otherwise from
            the same page is another request.
        made: Of calls it makes in turn, by what they are: how many.
        replayed: Whether its answer was given before.
        unit: Has what it writes, and its answer, be one transaction.
        sealed: Whether it works on what is sealed and was opened for it, so that a log has of its
            errors, and those of all it calls here, the kind and the place alone.
    """

    key: str
    of_form: bool = False
    made: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    replayed: bool = False
    unit: Any = None
    sealed: bool = False


class Call(msgspec.Struct, eq=False):
    """One running call. A struct, because making one costs a third of what a plain object does.

    Attributes:
        method: What is called.
        origin: For whom.
        started_ns: `monotonic_ns()` when it was let in.
        deadline_ns: `monotonic_ns()` by which it must have ended.
        deadlines: Who watches that.
        trace_id: 32 hex digits.
        span_id: 16 hex digits; the parent's when the trace is not sampled, as then it has no span.
        parent_span: Span this call was made from; empty at the root of a trace.
        sampled: Whether its span is recorded although nothing went wrong.
        trace_state: W3C `tracestate` of the outside, handed on as it came.
        task: The task it runs in, once somebody may have to cancel it.
        expired: The deadline passed and the task was told.
        children: Tasks its handler started; none may outlive it.
        root: The call from outside it is part of; None if it is that itself.
        part_of: The call whose time `within` shortens by this one; None for all others.
        keyed: What it does under an idempotency key; None where it has none.
        proven: A value that needs no check if it is the answer, and its kind: see `proven.py`.
        opened: Whom it has read, with all that it calls here: a `KeysOpened`; None of nobody yet.
    """

    method: Method
    origin: Origin
    started_ns: int
    deadline_ns: int
    deadlines: Deadlines
    trace_id: str
    span_id: str
    parent_span: str = ""
    sampled: bool = False
    trace_state: str = ""
    task: Any = None
    expired: bool = False
    children: list[Any] | None = None
    root: Call | None = None
    part_of: Call | None = None
    keyed: Keyed | None = None
    proven: tuple[Any, Any] | None = None
    opened: Any = None

    @property
    def name(self) -> str:
        """What is called, for people."""
        return self.method.full_name

    @property
    def context(self) -> Context:
        """The part that is the service's business."""
        origin = self.origin
        return Context(
            origin.site, origin.principal, origin.locale, self.trace_id, self.span_id, origin.caller
        )


running: ContextVar[Call | None] = ContextVar("hanse_running_call", default=None)

in_transaction: ContextVar[Any] = ContextVar("hanse_in_transaction", default=None)
"""The transaction of the block this runs in, or of one whose items are being taken: `holds` tells.

Of the block, not of the call: tasks that were begun outside of it have no part in it.
"""


def current() -> Context:
    """The context of the call that is being served.

    Raises:
        RuntimeError: Nothing is being served, e.g. in a script or while a host starts.
    """
    call = running.get()
    if call is None:
        raise RuntimeError("No call is running here; a context exists only while one is served.")
    return call.context


def begin_trace() -> tuple[str, str]:
    """Ids of a new trace and its first span."""
    trace = trace_id()
    return trace, trace[:16]
