"""Connections of an app's own, as the host's statements run on them."""

from __future__ import annotations

from typing import Any

from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.data.session import Session
from hanse.runtime.errors import Internal

_THEIRS = DatabaseConfig(url=Secret("theirs"))
"""How it was opened is the app's business; nothing is set on it."""


class JoinedSession(Session):
    """A connection of asyncpg that is the app's: it begins, ends and closes what runs there.

    Args:
        connection: Itself.

    Attributes:
        connection: The same.
        home: Which database it leads to, once that was asked.
    """

    __slots__ = ("connection", "home")

    def __init__(self, connection: Any) -> None:
        super().__init__(connection, _THEIRS)
        self.connection = connection
        self.home = ""

    def break_off(self) -> None:
        """Does nothing: whoever lent it is cancelled as well, and cleans it."""

    async def _prepare(self, text: str) -> Any:
        statement = await super()._prepare(text)
        kinds = [one.name for one in statement.get_parameters()]
        kinds += [one.type.name for one in statement.get_attributes()]
        if "jsonb" in kinds:  # each driver has a codec of its own for it, and loses no bytes here
            raise Internal(
                "Collections, and statements with jsonb, take no part in a transaction of the "
                "app's own connection; write what they keep before or after it, or by SQLAlchemy."
            )
        return statement
