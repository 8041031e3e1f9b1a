"""Services out of functions: stand-ins for what a test does not want to run."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.contract.checks import described
from hanse.runtime.contract.service import ContractModel, contract_of
from hanse.runtime.errors import Unimplemented

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from hanse.runtime.contract.method import Method


def fake(contract: type, /, **functions: Callable[..., Any]) -> type:
    """A service that answers by the given functions, to be listed among a world's services.

        cart = fake(Cart, total=lambda cart_id: Money(100, "EUR"))
        async with World(Shop, cart) as world:
            ...

    A function takes its arguments by the names the contract gives them, and may be async; for a
    method that streams it gives an iterable. Whatever it answers is held against the contract like
    any answer: a wrong type is an error of the call. Methods without a function are
    `Unimplemented`.

    Args:
        contract: A contract, or a service whose place the fake takes.
        functions: By method name.

    Raises:
        TypeError: A function is of no method, or does not take the arguments; with all of them.
    """
    model = contract_of(contract)
    if model is None:
        raise TypeError(f"{contract!r} is no contract; fake() takes a Contract or a Service.")
    problems = list(_problems(model, functions))
    if problems:
        raise TypeError("\n".join(problems))
    body = {
        name: _method(method, functions.get(name, _missing(model, name)))
        for name, method in model.methods.items()
    }
    # Made without Service's own reading: by its construction it is of the contract, which it names.
    return type(f"Fake{model.name}", (), {"__contract__": model, "__pages__": (), **body})


def _problems(model: ContractModel, functions: dict[str, Callable[..., Any]]) -> list[str]:
    problems: list[str] = []
    for name, function in functions.items():
        method = model.methods.get(name)
        if method is None:
            known = ", ".join(model.methods)
            problems.append(f"{model.name} has no method {name}; it has: {known}.")
        elif not _takes(function, _names(method)):
            wanted = described(method.signature)
            problems.append(f"The function for {model.name}.{name} must take {wanted}.")
    return problems


def _takes(function: Callable[..., Any], names: tuple[str, ...]) -> bool:
    try:
        inspect.signature(function).bind(**dict.fromkeys(names))
    except TypeError:
        return False
    return True


def _names(method: Method) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(method.request_type))


def _missing(model: ContractModel, name: str) -> Callable[..., Any]:
    def missing(**_: object) -> Any:
        raise Unimplemented(detail=f"The fake of {model.name} was given no function for {name}.")

    return missing


def _method(method: Method, function: Callable[..., Any]) -> Callable[..., Any]:
    names = _names(method)

    async def answer(_: object, *values: Any, **named: Any) -> Any:
        given = function(**dict(zip(names, values, strict=False)), **named)
        return await given if inspect.isawaitable(given) else given

    async def stream(_: object, *values: Any, **named: Any) -> AsyncIterator[Any]:
        given = function(**dict(zip(names, values, strict=False)), **named)
        given = await given if inspect.isawaitable(given) else given
        if hasattr(given, "__aiter__"):
            async for item in given:
                yield item
        else:
            for item in given:
                yield item

    return stream if method.signature.streams else answer
