"""Which PostgreSQL a host uses, and how much of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hanse.runtime.config.secret import Secret

CONNECTIONS = 10
"""What a host holds at most where nobody says otherwise."""

ALL_CONNECTIONS = 80
"""What processes share where nobody says otherwise."""

OUTBOX_BYTES = 1024 * 1024 * 1024
"""Of events that may wait to be told where nobody says otherwise."""

Count = Annotated[int, Meta(ge=1, le=1000)]
Seconds = Annotated[float, Meta(gt=0, le=3600)]


class DatabaseConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How one host reaches its database. Times are seconds.

    Attributes:
        url: `postgresql://user:password@host:5432/database`; a folder as `?host=/run/postgresql`
            is a Unix socket.
        connections: Open at most. All hosts of all who use the server together may hold no more
            than its `max_connections` less those it reserves.
        shared: Folder by which this pool and all others of the machine share
            `shared_connections`; None if it is alone.
        waiting: Statements and transactions that may queue for a connection; more are refused.
        wait_timeout: The longest wait for a connection; a call's deadline may end it sooner.
        pooler: "transaction" behind PgBouncer or the like, where each transaction may run on
            another connection of the server: nothing is kept on one then.
        connect_timeout: For opening a connection.
        statement_timeout: After which the server ends a statement whose caller did not.
        idle_timeout: After which a connection nobody uses is closed.
        migrate: "start" if a host that starts applies the migrations that run before its release;
            "never" if only `hanse migrate` does.
        keys: Folder of the keyring, without which nothing is sealed: a host makes it for a database
            that has none yet. All hosts of a database see the same one.
        outbox_bytes: Of events that may wait to be told; while there are more, none is taken in.
    """

    url: Secret
    connections: Count = CONNECTIONS
    waiting: Annotated[int, Meta(ge=0, le=100_000)] = 200
    wait_timeout: Seconds = 5.0
    pooler: Literal["none", "transaction"] = "none"
    connect_timeout: Seconds = 5.0
    statement_timeout: Seconds = 30.0
    idle_timeout: Seconds = 60.0
    migrate: Literal["start", "never"] = "start"
    keys: Path | None = None
    shared: Path | None = None
    shared_connections: Annotated[int, Meta(ge=1, le=10_000)] = ALL_CONNECTIONS
    outbox_bytes: Annotated[int, Meta(ge=1)] = OUTBOX_BYTES
