"""Calls as somebody: sets the context that a request at the door would have set."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hanse.kit.ids import span_id, trace_id
from hanse.runtime.call.context import DEFAULT_LOCALE, DEFAULT_SITE, Call, Origin, running
from hanse.runtime.call.deadline import Deadlines
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Contract
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.identity.principal import VISITOR, Principal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator

    from hanse.runtime.call.context import Context

NEVER_NS = 2**62


class Test(Contract, package="hanse.v1"):
    """What a test is to the services it calls."""

    __test__ = False  # not for pytest to collect

    @rpc(allow=PUBLIC)
    async def test(self) -> None: ...


TEST = Test.__contract__.methods["test"]
"""The method of the call that a test is, so that it can be told from calls of services."""


@contextmanager
def acting(
    principal: Principal = VISITOR, *, site: str = DEFAULT_SITE, locale: str = DEFAULT_LOCALE
) -> Generator[Context]:
    """Everything in the block belongs to one call by `principal`, of one trace, without a deadline.

    `current()` works in it, and so do functions that ask it:

        with acting(Principal("member", "ada"), site="acme") as context:
            assert current().site == "acme"

    Args:
        principal: Who calls.
        site: The tenant.
        locale: BCP 47 tag.
    """
    origin = Origin(site, principal, locale)
    call = Call(TEST, origin, 0, NEVER_NS, Deadlines(), trace_id(), span_id(), sampled=True)
    token = running.set(call)
    try:
        yield call.context
    finally:
        running.reset(token)


def within_context(
    context: Callable[[], Any], function: Callable[..., Any], *, streams: bool
) -> Callable[..., Any]:
    """A method called in a context of its own."""

    async def call(*args: Any, **kwargs: Any) -> Any:
        with context():
            return await function(*args, **kwargs)

    def stream(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        return steps(function(*args, **kwargs))

    async def steps(items: Any) -> AsyncIterator[Any]:
        try:
            while True:
                with context():  # for a step at a time: between two the consumer runs
                    try:
                        item = await anext(items)
                    except StopAsyncIteration:
                        return
                yield item
        finally:
            await items.aclose()

    return stream if streams else call
