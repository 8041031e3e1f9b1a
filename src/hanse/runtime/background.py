"""What a host runs beside its calls: methods that nobody calls, by what their kind is run by."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Runner(Protocol):
    """Runs methods of one kind; a host makes one from its database.

    What is read of such a method names the class as its `runner`.
    """

    def serve(self, service: Any, model: Any) -> None:
        """Has a method run.

        Args:
            service: Of its service, as the host built it.
            model: What was read of it.
        """
        ...

    async def __aenter__(self) -> Self:
        """Begins; the database need not be there yet."""
        ...

    async def __aexit__(self, *_: object) -> None:
        """Ends, and leaves what it ran to others."""
        ...


class Background:
    """All runners of a host.

    Args:
        services: As they were built.
        made: What constructors and such methods had made, by its type.
    """

    def __init__(self, services: Sequence[object], made: Mapping[Any, Any]) -> None:
        self._stack = AsyncExitStack()
        self._runners: dict[int, Runner] = {}
        for service in services:
            for model in getattr(service, "__unasked__", ()):
                runner: Runner = made[model.runner]
                runner.serve(service, model)
                self._runners[id(runner)] = runner

    async def __aenter__(self) -> Self:
        for runner in self._runners.values():
            await self._stack.enter_async_context(runner)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


def runners_of(service: type) -> tuple[type, ...]:
    """What the methods of a service need that nobody calls: types that are made of a database."""
    return tuple({model.runner: None for model in getattr(service, "__unasked__", ())})
