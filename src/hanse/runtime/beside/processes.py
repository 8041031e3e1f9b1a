"""`Processes`: begins workflows in the transaction of an app that is no service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.runtime.beside.guest import Guest, made_for
from hanse.runtime.workflows.workflows import Workflows

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.host import Host
    from hanse.runtime.workflows.info import Instance


class Processes(Guest):
    """Begins workflows in your own transaction: they begin when it is committed, or never.

        processes = Processes(host)

        async with sessions.begin() as session:
            session.add(Loan(id=number, book=book))
            await processes.start(session, Reminders.remind, number, id=f"loan-{number}")

    What a session is, `Outbox` says. A workflow is run by hosts that have its service: this one, or
    another one of the same database.

    Args:
        host: Not begun yet.

    Raises:
        ConfigurationError: The host has no database.
        RuntimeError: It has begun.
    """

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._workflows = made_for(host, Workflows)

    async def start(
        self,
        session: object,
        method: Callable[..., Any],
        *arguments: Any,
        id: str = "",
        **named: Any,
    ) -> str:
        """Begins an instance when the session is committed; gives its id.

        Args:
            session: In whose transaction; one of yours.
            method: The workflow, as `Reminders.remind`.
            arguments: As for `Workflows.start`, with the others.
            id: As there.
            named: As there.

        Raises:
            FailedPrecondition: The session has no transaction, or is of another database.
            Unavailable: The host has not reached its database yet.
            HanseError: As `Workflows.start`.
        """
        async with self._joined(session):
            return await self._workflows.start(method, *arguments, id=id, **named)

    async def signal(
        self, session: object, method: Callable[..., Any], id: str, name: str, value: object = None
    ) -> None:
        """Sends something to an instance when the session is committed.

        Args:
            session: In whose transaction; one of yours.
            method: The workflow.
            id: Of the instance.
            name: Which signal.
            value: What goes along.

        Raises:
            HanseError: As `start` and `Workflows.signal`.
        """
        async with self._joined(session):
            await self._workflows.signal(method, id, name, value)

    async def cancel(self, session: object, method: Callable[..., Any], id: str) -> bool:
        """Has an instance end when the session is committed; what it did is undone first.

        Returns:
            Whether it was still under way.

        Raises:
            HanseError: As `start`.
        """
        async with self._joined(session):
            return await self._workflows.cancel(method, id)

    async def get(self, method: Callable[..., Any], id: str) -> Instance:
        """How it stands with an instance, as it was committed.

        Raises:
            NotFound: The site has none of that id.
            HanseError: As `Workflows.get`.
        """
        with self._acting():
            return await self._workflows.get(method, id)

    async def result(self, method: Callable[..., Any], id: str) -> Any:
        """What an instance gives; waits for that, as long as whoever asks lets it.

        Raises:
            NotFound: The site has none of that id.
            HanseError: What it failed with; `WorkflowCanceled` if it was canceled.
        """
        with self._acting():
            return await self._workflows.result(method, id)
