"""A collection asked from inside of its host, as a service asks it: every asker is a running call.

Without an order it only makes its tables; with one of no seconds it says which statements it runs.
"""

import secrets
from contextlib import AbstractContextManager
from typing import Any

import msgspec
import uvloop

from benchmarks.data import contact
from benchmarks.data.hanse_contacts.entity import Contact, database
from benchmarks.data.inside.driver import AT_ONCE, OPERATIONS, Order, drive, order, say
from benchmarks.data.plan import CREATED_STAGE, PAGE, STAGE
from hanse import PUBLIC, Collection, Database, Host, HostConfig, Service, rpc
from hanse.kit.type_id import type_id
from hanse.runtime.data.record import Record
from hanse.testing import acting

SERIES = secrets.token_hex(4)


class Desk(Service, package="desk.v1"):
    """What has a collection in its constructor."""

    def __init__(self, contacts: Collection[Contact]) -> None:
        found.append(contacts)

    @rpc(allow=PUBLIC)
    async def ping(self) -> None:
        """A service has at least one method."""


found: list[Collection[Contact]] = []
"""The one that the host has made."""


class CollectionAsker:
    """One running call of one site."""

    def __init__(self, site: int, order: Order, contacts: Collection[Contact]) -> None:
        self.site = contact.site_name(site)
        self.contacts = contacts
        self.ids = [text_of(site, number) for number in order.got]
        self.updated = [text_of(site, number) for number in order.updated]
        self.filters = [{"stage": STAGE, "last_seen": {"$gte": since}} for since in order.since]
        self.revisions: dict[str, int] = {}
        new = contact.contact(site, 1, order.rows)
        new |= {"stage": CREATED_STAGE, "last_seen": contact.seen_at(-1)}
        self.new = msgspec.convert(new, Contact)
        self.created = 0

    def call(self) -> AbstractContextManager[Any]:
        return acting(site=self.site)

    async def get(self, turn: int) -> None:
        await self.contacts.get(self.ids[turn % len(self.ids)])

    async def query(self, turn: int) -> None:
        page = await self.contacts.query(
            self.filters[turn % len(self.filters)], sort=("last_seen",), page_size=PAGE
        )
        assert len(page.items) == PAGE

    async def update(self, turn: int) -> None:
        key = self.updated[turn % len(self.updated)]
        if key not in self.revisions:
            self.revisions[key] = (await self.contacts.get(key)).revision
        changes = {"phone": "+43 1 5550100", "note": f"Call {turn}"}
        done = await self.contacts.update(key, changes, revision=self.revisions[key])
        self.revisions[key] = done.revision

    async def create(self, turn: int) -> None:
        self.created += 1
        email = f"{SERIES}.{self.created}@{self.site}.example"
        done = await self.contacts.create(msgspec.structs.replace(self.new, email=email))
        assert done.revision == 1


def text_of(site: int, number: int) -> str:
    return type_id("contact", contact.contact_id(site, number).int)


class Recording(Database):
    """A database that remembers the statement it ran last."""

    last = ""

    async def fetch(self, text: str, *arguments: Any) -> list[Record]:
        self.last = text
        return await super().fetch(text, *arguments)

    async def execute(self, text: str, *arguments: Any) -> int:
        self.last = text
        return await super().execute(text, *arguments)


async def record(asker: CollectionAsker, recording: Recording) -> dict[str, str]:
    """The statement of each operation, asked once."""
    statements: dict[str, str] = {}
    with asker.call():
        for operation in OPERATIONS:
            await getattr(asker, operation)(0)
            statements[operation] = recording.last
    return statements


async def main() -> None:
    """Do what the order says; without one only make the tables."""
    recording = Recording(database())
    config = HostConfig(port=None, database=database())
    told = order()
    recorded = bool(told and not told.seconds)
    provided = {Database: recording} if recorded else {}
    async with Host([Desk], config, provided=provided):
        if told is None:
            return
        askers = [CollectionAsker(site, told, found[0]) for site in range(max(AT_ONCE))]
        if recorded:
            print(msgspec.json.encode(await record(askers[0], recording)).decode())
        else:
            say(await drive(askers, told))


if __name__ == "__main__":
    uvloop.run(main())
