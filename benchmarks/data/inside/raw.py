"""Bare asyncpg: the statements that a collection runs, prepared, and nothing around them.

Documents stay bytes, and of a page that comes as one row each becomes a value. Each of those who
ask has a connection of its own, so that nobody pays for a pool either.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import contextlib
import datetime
import os
import secrets
import struct
import uuid

import asyncpg
import msgspec
import uvloop

from benchmarks.data import contact
from benchmarks.data.inside.driver import AT_ONCE, OPERATIONS, Order, drive, order, say
from benchmarks.data.plan import CREATED_STAGE, PAGE, STAGE

JSONB_VERSION = b"\x01"
COLUMNS = struct.Struct(">16sqqqh")
read_apart = msgspec.json.Decoder(list[msgspec.Raw]).decode
SERIES = secrets.token_hex(4)


class RawAsker:
    """One connection, one site."""

    def __init__(self, site: int, order: Order, statements: dict) -> None:
        self.site = contact.site_name(site)
        self.ids = [contact.contact_id(site, number) for number in order.got]
        self.updated = [contact.contact_id(site, number) for number in order.updated]
        self.since = order.since
        self.statements = statements
        self.revisions: dict[uuid.UUID, int] = {}
        new = contact.contact(site, 1, order.rows)
        self.new = new | {"stage": CREATED_STAGE, "last_seen": contact.seen_at(-1)}
        self.created = 0

    def call(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    async def get(self, turn: int) -> None:
        row = await self.statements["get"].fetchrow(self.site, self.ids[turn % len(self.ids)])
        assert row is not None

    async def query(self, turn: int) -> None:
        since = sortable(self.since[turn % len(self.since)])
        row = await self.statements["query"].fetchrow(self.site, STAGE, since, PAGE + 1)
        columns = list(COLUMNS.iter_unpack(row["packed_columns"]))
        documents = read_apart(b"[%b]" % row["packed_documents"])
        assert len(documents) == len(columns) >= PAGE

    async def update(self, turn: int) -> None:
        key = self.updated[turn % len(self.updated)]
        if key not in self.revisions:
            row = await self.statements["get"].fetchrow(self.site, key)
            self.revisions[key] = row["revision"]
        patch = msgspec.json.encode({"phone": "+43 1 5550100", "note": f"Call {turn}"})
        row = await self.statements["update"].fetchrow(
            self.site, key, now(), patch, self.revisions[key]
        )
        assert row is not None
        self.revisions[key] = row["revision"]

    async def create(self, turn: int) -> None:
        self.created += 1
        email = f"{SERIES}.{self.created}@{self.site}.example"
        document = msgspec.json.encode(self.new | {"email": email})
        await self.statements["create"].fetchrow(self.site, uuid.uuid4(), now(), document)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def sortable(instant: str) -> str:
    """As the index has it."""
    return f"{instant[:-1]}.000000"


async def connect() -> asyncpg.Connection:
    connection = await asyncpg.connect(
        host=os.environ["BENCH_POSTGRES"], user="hanse", database=os.environ["BENCH_DATABASE"]
    )
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda document: JSONB_VERSION + document,
        decoder=lambda document: document[1:],
        format="binary",
    )
    return connection


async def main() -> None:
    told = order()
    assert told is not None
    askers = []
    for site in range(max(AT_ONCE)):
        connection = await connect()
        statements = {name: await connection.prepare(told.statements[name]) for name in OPERATIONS}
        askers.append(RawAsker(site, told, statements))
    say(await drive(askers, told))


if __name__ == "__main__":
    uvloop.run(main())
