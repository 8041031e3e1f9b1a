"""What a host runs beside its calls: methods that nobody calls, by what their kind is run by."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hanse.runtime.call.threads import Threads
    from hanse.runtime.events.relay.post import Post
    from hanse.runtime.instruments import Instruments
    from hanse.runtime.mail.mail_config import MailConfig


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


class Surroundings(NamedTuple):
    """What a host has for who runs something beside its calls.

    Attributes:
        post: The way of its events; None for a host without.
        instruments: What calls are timed and recorded with.
        threads: For methods that are plain functions.
        mail: By which server letters go; None for a host without.
    """

    post: Post | None
    instruments: Instruments
    threads: Threads
    mail: MailConfig | None = None


@runtime_checkable
class Guest(Protocol):
    """A runner that needs more of its host than the database."""

    def join(self, host: Surroundings) -> None:
        """Is told before anything is served.

        Raises:
            ConfigurationError: The host lacks something.
        """
        ...


@runtime_checkable
class Settling(Protocol):
    """A runner that can tell whether anything is left to be done."""

    async def settle(self) -> bool:
        """Has done at once what is due; whether nothing is left.

        Raises:
            HanseError: Nobody knows.
        """
        ...

    def stuck(self) -> list[str]:
        """What is under way, for people."""
        ...


class Background:
    """All runners of a host.

    Args:
        services: As they were built.
        made: What constructors and such methods had made, by its type.
        host: What there is besides.

    Attributes:
        made: As given; more may be made before the host begins.
    """

    def __init__(
        self, services: Sequence[object], made: dict[Any, Any], host: Surroundings
    ) -> None:
        self.made = made
        self._stack = AsyncExitStack()
        for one in made.values():
            if isinstance(one, Guest):
                one.join(host)
        self._runners: dict[int, Runner] = {}
        for service in services:
            for model in getattr(service, "__unasked__", ()):
                runner: Runner = made[model.runner]
                runner.serve(service, model)
                self._runners[id(runner)] = runner

    def __iter__(self) -> Iterator[Runner]:
        return iter(self._runners.values())

    async def __aenter__(self) -> Self:
        for runner in self._runners.values():
            await self._stack.enter_async_context(runner)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def settling(self) -> list[Settling]:
        """The runners that can tell whether anything is left to be done."""
        return [one for one in self._runners.values() if isinstance(one, Settling)]


def runners_of(service: type) -> tuple[type, ...]:
    """What the methods of a service need that nobody calls: types that are made of a database."""
    return tuple({model.runner: None for model in getattr(service, "__unasked__", ())})
