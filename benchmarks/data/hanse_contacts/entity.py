"""Contacts in Hanse: an entity, and a resource of which nothing is left to write."""

import os
from pathlib import Path
from typing import Annotated

from benchmarks.rpc.terms import PERMISSION
from hanse import (
    DatabaseConfig,
    Entity,
    Index,
    Instant,
    Length,
    Range,
    Resource,
    Secret,
    Struct,
    Unique,
    entity,
    permission,
)

CONNECTIONS = 16


class Address(Struct, frozen=True):
    street: Annotated[str, Length(1, 100)]
    city: Annotated[str, Length(1, 100)]
    postal_code: Annotated[str, Length(1, 12)]
    country: Annotated[str, Length(2, 2)]


@entity("crm.contacts", Index("stage", "last_seen"), Index("last_name", "first_name"))
class Contact(Entity, frozen=True, kw_only=True):
    first_name: Annotated[str, Length(1, 100)]
    last_name: Annotated[str, Length(1, 100)]
    email: Annotated[str, Length(3, 254), Unique()]
    phone: Annotated[str, Length(3, 30)] | None = None
    company: Annotated[str, Length(1, 100)]
    stage: Annotated[str, Length(1, 20)]
    score: Annotated[int, Range(0, 1000)] = 0
    address: Address
    tags: Annotated[tuple[Annotated[str, Length(1, 40)], ...], Length(0, 20)] = ()
    last_seen: Instant
    note: Annotated[str, Length(0, 500)] | None = None


class Contacts(Resource[Contact], allow=permission(PERMISSION)):
    """The people a site knows."""


def database() -> DatabaseConfig:
    """The database that this process is told to use."""
    socket, name = os.environ["BENCH_POSTGRES"], os.environ["BENCH_DATABASE"]
    url = Secret(f"postgresql://hanse@/{name}?host={socket}")
    return DatabaseConfig(url=url, connections=CONNECTIONS, keys=Path(socket, f"{name}.keys"))
