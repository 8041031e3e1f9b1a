"""Begins a call that a service makes: its context, its span and what is left of the deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.kit.clock import monotonic_ns
from hanse.kit.ids import span_id
from hanse.runtime.call.context import Call, Origin, begin_trace, in_transaction, running
from hanse.runtime.call.idempotency import derived_key
from hanse.runtime.call.transaction_open import TransactionOpen, UnitOpen
from hanse.runtime.errors import DeadlineExceeded
from hanse.runtime.identity.principal import Principal

if TYPE_CHECKING:
    from hanse.runtime.call.deadline import Deadlines
    from hanse.runtime.contract.method import Method


class Caller:
    """Who makes calls: a service of a host, or a program that is none.

    Attributes:
        name: Full name of the calling service.
        deadlines: Who watches calls that no running call watches.
    """

    __slots__ = ("_alone", "deadlines", "name")

    def __init__(self, name: str, site: str, deadlines: Deadlines) -> None:
        self.name = name
        self.deadlines = deadlines
        self._alone = Origin(site, Principal("service", name), caller=name)

    def begin(self, method: Method, body: bytes = b"") -> tuple[Call, bool]:
        """A call of `method` from the one that is running, or on the caller's own account.

        Args:
            method: What is called.
            body: With which arguments.

        Returns:
            The call, and whether it is unwatched, so that somebody must watch its deadline: an
            outer one that passes no later is watched already, and ends it too.

        Raises:
            DeadlineExceeded: The running call has no time left.
            TransactionOpen: The running call has to end its transaction first.
        """
        outer = running.get()
        transaction = in_transaction.get()
        if transaction is not None and transaction.holds(outer):
            raise TransactionOpen.before(method)
        now = monotonic_ns()
        deadline_ns = now + method.timeout_ns
        if outer is None:
            trace, span = begin_trace()
            return Call(method, self._alone, now, deadline_ns, self.deadlines, trace, span), True
        if outer.deadline_ns <= now:
            raise DeadlineExceeded(f"{method.full_name} was not called: no time was left for it.")
        given = outer.origin
        call = Call(
            method,
            Origin(given.site, given.principal, given.locale, self.name, given.cause, given.client),
            now,
            min(outer.deadline_ns, deadline_ns),
            outer.deadlines,
            outer.trace_id,
            span_id() if outer.sampled else outer.span_id,
            outer.span_id,
            outer.sampled,
            outer.trace_state,
            root=outer.root or outer,
        )
        if outer.keyed is not None:
            unit = outer.keyed.unit
            if unit is not None and unit.is_open:
                raise (TransactionOpen if unit.in_block else UnitOpen).before(method)
            call.keyed = derived_key(outer.name, outer.keyed, method, body)
        return call, deadline_ns < outer.deadline_ns

    async def settle_and_begin(self, method: Method, body: bytes = b"") -> tuple[Call, bool]:
        """As `begin`, after what the running call has written under its key was committed."""
        outer = running.get()
        assert outer is not None
        assert outer.keyed is not None
        await outer.keyed.unit.settle()
        return self.begin(method, body)
