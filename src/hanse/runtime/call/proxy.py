"""The contract as an object: looks like the service, and each method is a call, local or remote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

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
    request_type, copied, finish = (
        method.request_type,
        method.copied_arguments,
        method.copied_answer,
    )
    begin, run = caller.begin, endpoint.run

    async def call(*args: Any, **kwargs: Any) -> Any:
        arguments = request_type(*args, **kwargs)
        call, alone = begin(method)
        if not alone:
            return await run(call, copied, arguments, finish)
        call.deadlines.watch(call)
        try:
            return await run(call, copied, arguments, finish)
        finally:
            call.deadlines.leave(call)

    return call


def _bind_local_stream(caller: Caller, endpoint: Endpoint) -> Callable[..., Any]:
    method = endpoint.method

    async def stream(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        arguments = method.request_type(*args, **kwargs)
        call, _ = caller.begin(method)
        items = endpoint.stream(call, method.copied_arguments, arguments, method.copied_answer)
        try:
            async for item in items:
                yield item
        finally:
            await items.aclose()  # type: ignore[attr-defined]

    return stream
