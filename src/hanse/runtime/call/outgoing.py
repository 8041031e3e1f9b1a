"""Begins a call that a service makes: its context, its span and what is left of the deadline."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hanse.kit.ids import span_id
from hanse.runtime.call.context import Call, Context, new_context, running
from hanse.runtime.identity.principal import Principal

if TYPE_CHECKING:
    from hanse.runtime.call.deadline import Deadlines
    from hanse.runtime.contract.method import Method


class Caller:
    """Who makes calls: a service of a host, or a program that is none.

    Attributes:
        name: Full name of the calling service.
        site: Where it acts when it acts on its own account.
        deadlines: Who watches calls that no running call watches.
    """

    __slots__ = ("deadlines", "name", "principal", "site")

    def __init__(self, name: str, site: str, deadlines: Deadlines) -> None:
        self.name = name
        self.site = site
        self.deadlines = deadlines
        self.principal = Principal("service", name)

    def begin(self, method: Method) -> Call:
        """A call of `method` from the one that is running, or on the caller's own account."""
        outer = running.get()
        deadline = time.monotonic() + method.timeout
        if outer is None:
            context = new_context(self.site, self.principal, self.name)
            return Call(context, method.full_name, deadline, self.deadlines, "")
        given = outer.context
        own_span = span_id() if given.sampled else given.span_id
        context = Context(
            given.site, given.principal, given.locale, given.trace_id, own_span, given.sampled,
            given.trace_state, self.name,
        )  # fmt: skip
        earliest = min(deadline, outer.deadline)
        return Call(context, method.full_name, earliest, outer.deadlines, given.span_id)


def watched_by_outer(call: Call) -> bool:
    """Whether the running call's deadline passes no later, so that nobody need watch this one."""
    outer = running.get()
    return outer is not None and outer.deadline <= call.deadline
