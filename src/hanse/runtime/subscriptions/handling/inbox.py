"""Has a handler's effect happen once: it is one transaction with the note that it was handled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import astuple

from hanse.kit.fault_points import reached
from hanse.runtime.call.context import Keyed, running
from hanse.runtime.errors import Canceled, HanseError
from hanse.runtime.subscriptions.handling.claim import Claim, Feed, opening
from hanse.runtime.subscriptions.handling.handler_unit import HandlerUnit, NotDue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import msgspec

    from hanse.runtime.call.context import Call
    from hanse.runtime.data.database import Database


class HandlerKey(Keyed, eq=False, kw_only=True):
    """What a handler does its work under: what it calls has keys that follow from this one.

    Attributes:
        feed: Where its events come from.
        claims: Its events.
        link: The step that emitted the first of them, as W3C `traceparent`.
        sent: Their envelopes, as they came.
    """

    feed: Feed
    claims: tuple[Claim, ...]
    link: str
    sent: tuple[bytes, ...] = ()


def envelopes_here() -> tuple[bytes, ...]:
    """The events that the running handler is called with, as they came: sealed where they are.

    For who passes them on, and must not keep in clear what is personal.

    Raises:
        RuntimeError: No handler runs here.
    """
    call = running.get()
    if call is None or not isinstance(call.keyed, HandlerKey):
        raise RuntimeError("No handler of events runs here.")
    return call.keyed.sent


class Inbox:
    """Remembers in a database what was handled.

    Args:
        database: Of its host.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(
        self,
        call: Call,
        arguments: msgspec.Struct,
        handle: Callable[..., Awaitable[Any]],
        fail: Callable[[Call, BaseException], HanseError],
    ) -> None:
        """See `Once.run`.

        Raises:
            NotDue: The events are not to be handled here and now.
            HanseError: What the handler raised; nothing of it was kept.
        """
        key = call.keyed
        assert isinstance(key, HandlerKey), "a handler is called by its host alone"
        first, rows = opening(key.feed, key.claims), len(key.claims)
        unit = self._database.unit(
            lambda owner, access: HandlerUnit(call, owner, access, first, rows)
        )
        try:
            async with unit:
                await handle(*astuple(arguments))
                await unit.begin()
                await reached("subscription.handled")
            await reached("subscription.kept")
        except BaseException as error:
            if unit.refused:
                raise NotDue from None
            failure = fail(call, error)
            if isinstance(failure, Canceled) and not isinstance(error, HanseError):
                raise  # its host ends: nothing of it has failed
            raise failure from error
