"""Methods of a class that is made of a template: what differs is their declaration."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any, Union

from hanse.runtime.events.event import Event

if TYPE_CHECKING:
    from collections.abc import Sequence


def taker(events: Sequence[type[Event]]) -> Any:
    """The method that takes events of these classes."""

    async def tell(self: Any, event: Any) -> None:  # noqa: ARG001  it goes on as it came
        await self._told()

    union: Any = Union
    taken = union[tuple(events)] if events else Event
    tell.__annotations__ = {"event": taken, "return": None}
    return tell


def copied(function: Any) -> Any:
    """A function like another, for a declaration of its own."""
    made = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__,
        function.__closure__,
    )  # fmt: skip
    made.__kwdefaults__, made.__doc__ = function.__kwdefaults__, function.__doc__
    made.__annotations__, made.__qualname__ = function.__annotations__, function.__qualname__
    return made
