"""The contract as an object: looks like the service, and each method is a call, local or remote."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from hanse.runtime.call.deadline import in_time
from hanse.runtime.call.transaction_open import UnitOpen

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from hanse.runtime.call.endpoint import Endpoint
    from hanse.runtime.call.outgoing import Caller
    from hanse.runtime.contract.method import Method
    from hanse.runtime.contract.service import ContractModel


def make_proxy(contract: ContractModel, bind: Callable[[Method], Callable[..., Any]]) -> Any:
    """An instance of the contract's class whose methods are what `bind` gives for each.

    The class's own constructor does not run: a proxy has the methods and nothing else.
    """
    proxy = object.__new__(contract.cls)
    for method in contract.methods.values():
        function = bind(method)
        function.__name__ = method.name
        function.__doc__ = method.doc
        proxy.__dict__[method.name] = function
    return proxy


def bind_local(caller: Caller, endpoint: Endpoint) -> Callable[..., Any]:
    """A method served by an endpoint of the same host."""
    method = endpoint.method
    if method.signature.streams:
        return _bind_local_stream(caller, endpoint)
    request_type, write, read, finish = (
        method.request_type,
        method.write_arguments,
        method.checked_arguments,
        method.copied_answer,
    )
    begin, run = caller.begin, endpoint.run

    async def call(*args: Any, **kwargs: Any) -> Any:
        # Written before the call begins, as when it goes far: what has no JSON form never leaves.
        body = write(request_type(*args, **kwargs))
        try:
            call, unwatched = begin(method, body)
        except UnitOpen:
            call, unwatched = await caller.settle_and_begin(method, body)
        if not unwatched:
            return await run(call, read, body, finish)
        call.deadlines.watch(call)
        try:
            return await run(call, read, body, finish)
        finally:
            call.deadlines.leave(call)

    return call


def _bind_local_stream(caller: Caller, endpoint: Endpoint) -> Callable[..., Any]:
    method = endpoint.method

    def stream(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        return items_of(method.write_arguments(method.request_type(*args, **kwargs)))

    async def items_of(body: bytes) -> AsyncGenerator[Any, None]:
        try:
            call, unwatched = caller.begin(method)
        except UnitOpen:
            call, unwatched = await caller.settle_and_begin(method)
        items = endpoint.stream(call, method.checked_arguments, body, method.copied_answer)
        async with aclosing(in_time(call, items, watch=unwatched)) as timely:
            async for item in timely:
                yield item

    return stream
