"""`Carrier`: takes letters to the mail server of a host, over few connections."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.mail.message import message_of

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.mail.line import Line
    from hanse.runtime.mail.mail_config import MailConfig
    from hanse.runtime.mail.message import Message
    from hanse.runtime.mail.stored import StoredLetter
    from hanse.runtime.mail.trust import Trust

NO_MAIL = (
    "Its services send mail, and nobody says by which server; write [mail] in hanse.toml and give "
    'its url and sender, or HostConfig(mail=MailConfig(url=…, sender="careers@example.org")); '
    "letters are kept to be looked at only where hanse up or hanse dev listens on this machine "
    "alone and there are no [gateway.domains]"
)

WAITING_MOST = 16
"""For each connection: more would only wait for it, and keep other workflows from their turn."""

ROOM_SECONDS = 60.0
"""For a connection, at most; a letter that got none rests, and that is no try of it."""


class Surroundings(Protocol):
    """What is asked of a host besides its database."""

    @property
    def mail(self) -> MailConfig | None: ...


class Carrier:
    """Belongs to one host: sends letters, or leaves them where they are for an inbox to show."""

    def __init__(self) -> None:
        self._config: MailConfig | None = None
        self._lines: list[Line] = []
        self._trust: Trust | None = None
        self._waiting = 0

    @classmethod
    def __from_database__(cls, kind: Any, database: Database) -> Self:
        return cls()

    def join(self, host: Surroundings) -> None:
        """See `Guest.join`.

        Raises:
            ConfigurationError: The host has no mail.
        """
        if host.mail is None:
            raise ConfigurationError(NO_MAIL)
        self._config = host.mail
        self._room = asyncio.Semaphore(host.mail.connections)

    async def carry(self, stored: StoredLetter) -> Literal["sent", "kept", "full"]:
        """Hands a letter over to the server; keeps it where there is none.

        It says "full", and has tried nothing, where too many others wait for a connection.

        Raises:
            LetterRefused, NotTaken: As `Line.send`.
        """
        assert self._config is not None, "it has joined a host"
        if self._config.url is None:
            return "kept"
        if not await self._has_room(self._config):
            return "full"
        try:
            await self._over(await self._line(), message_of(stored, self._config))
        finally:
            self._room.release()
        return "sent"

    async def _has_room(self, config: MailConfig) -> bool:
        """Waits for a connection, but neither long nor with many: who waits here is in memory."""
        if self._waiting >= WAITING_MOST * config.connections:
            return False
        self._waiting += 1
        try:
            async with asyncio.timeout(min(config.timeout, ROOM_SECONDS)):
                await self._room.acquire()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return True

    async def _over(self, line: Line, message: Message) -> None:
        """Sends by a line, and leaves it to who waits for one; nobody does, so it ends."""
        try:
            await line.send(message)
        except BaseException:
            line.close()
            raise
        if self._waiting:
            self._lines.append(line)
        else:
            await line.quit()

    async def _line(self) -> Line:
        from hanse.runtime.mail.line import Line
        from hanse.runtime.mail.trust import Trust

        while self._lines:
            line = self._lines.pop()
            if await line.lives():
                return line
            line.close()
        assert self._config is not None, "as above"
        self._trust = self._trust or Trust(self._config)
        return await Line.open(self._config, await self._trust.context())
