"""`[database]` of `hanse.toml`: which PostgreSQL a project uses, and how much of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, cast

import msgspec
from msgspec import Meta

from hanse.runtime.config.secret import Secret
from hanse.runtime.config.settings import Settings, Sources, load
from hanse.runtime.data.database_config import (
    ALL_CONNECTIONS,
    CONNECTIONS,
    OUTBOX_BYTES,
    DatabaseConfig,
)

if TYPE_CHECKING:
    from pathlib import Path

SECTION = "database"
VARIABLE = "HANSE_DATABASE__URL"

OWN_CONNECTIONS = 450
"""What processes share of a server of ours, which takes 500 and has nobody else."""

UrlWithoutPassword = Annotated[
    str,
    Meta(
        pattern=r"^postgres(ql)?://([^:@/]*@)?[^@]*$",
        description="a URL is like postgresql://user@host:5432/name, without a password: one with "
        f"a password comes whole from the variable {VARIABLE} or a mounted file {SECTION}.url",
    ),
]
Seconds = Annotated[float, Meta(gt=0, le=3600, description="more than 0 to 3600 seconds")]


class DatabaseTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[database]`: see `DatabaseConfig` for what is not told here.

    Attributes:
        url: Where it is, unless the environment or a mounted file says.
        connections: All that the processes of the project may hold together; None for 80, or for
            what the server that `hanse up` brings has room for.
    """

    url: UrlWithoutPassword | None = None
    connections: (
        Annotated[int, Meta(ge=4, le=10_000, description="4 to 10000 connections")] | None
    ) = None
    pooler: Literal["none", "transaction"] = "none"
    waiting: Annotated[int, Meta(ge=0, le=100_000, description="0 to 100000 may wait")] = 200
    wait_timeout: Seconds = 5.0
    statement_timeout: Seconds = 30.0
    migrate: Literal["start", "never"] = "start"
    outbox_bytes: Annotated[int, Meta(ge=1, description="1 or more bytes of events")] = OUTBOX_BYTES

    def config(
        self,
        url: Secret,
        *,
        keys: Path | None = None,
        shared: Path | None = None,
        own: bool = False,
    ) -> DatabaseConfig:
        """What one process is told.

        Args:
            url: Where the database is.
            keys: Where its keyring is.
            shared: By which folder the processes of a fleet share connections; None for one alone.
            own: It is the server that `hanse up` brings.
        """
        most = self.connections or (OWN_CONNECTIONS if own else ALL_CONNECTIONS)
        return DatabaseConfig(
            url=url,
            connections=min(CONNECTIONS, most),
            shared=shared,
            shared_connections=most,
            pooler=self.pooler,
            waiting=self.waiting,
            wait_timeout=self.wait_timeout,
            statement_timeout=self.statement_timeout,
            migrate=self.migrate,
            keys=keys,
            outbox_bytes=self.outbox_bytes,
        )


class DatabaseSettings(Settings):
    """What of a database is no business of a file in version control.

    Attributes:
        url: With its password; None if nobody gave it.
    """

    url: Secret | None = None


def read_url(table: DatabaseTable, sources: Sources) -> Secret | None:
    """Where the database is: a mounted file says it before a variable, that before the table.

    Raises:
        SettingsError: It is there and cannot be used.
    """
    outside = msgspec.structs.replace(sources, tables={})
    settings = cast("DatabaseSettings", load({SECTION: DatabaseSettings}, outside)[SECTION])
    return settings.url or (Secret(table.url) if table.url else None)
