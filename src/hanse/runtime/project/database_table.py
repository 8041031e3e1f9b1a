"""`[database]` of `hanse.toml`: which PostgreSQL a project uses, and how much of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, cast

import msgspec
from msgspec import Meta

from hanse.runtime.config.secret import Secret
from hanse.runtime.config.settings import Settings, Sources, load
from hanse.runtime.data.database_config import CONNECTIONS, OUTBOX_BYTES, DatabaseConfig

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hanse.runtime.project.placement_table import Group

SECTION = "database"
VARIABLE = "HANSE_DATABASE__URL"

AT_ONCE = 2
"""While code is replaced, old and new hosts are there at once."""

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
        connections: All that the hosts of the project may hold together.
    """

    url: UrlWithoutPassword | None = None
    connections: Annotated[int, Meta(ge=1, le=10_000, description="1 to 10000 connections")] = 80
    pooler: Literal["none", "transaction"] = "none"
    waiting: Annotated[int, Meta(ge=0, le=100_000, description="0 to 100000 may wait")] = 200
    wait_timeout: Seconds = 5.0
    statement_timeout: Seconds = 30.0
    migrate: Literal["start", "never"] = "start"
    outbox_bytes: Annotated[int, Meta(ge=1, description="1 or more bytes of events")] = OUTBOX_BYTES

    def config(
        self, url: Secret, groups: Iterable[Group] = (), keys: Path | None = None
    ) -> DatabaseConfig:
        """What one host is told.

        Args:
            url: Where the database is.
            groups: All hosts of a fleet; none for a host that stands alone.
            keys: Where its keyring is.
        """
        hosts = sum(group.replicas for group in groups) * AT_ONCE or 1
        return DatabaseConfig(
            url=url,
            connections=max(1, min(CONNECTIONS, self.connections // hosts)),
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
