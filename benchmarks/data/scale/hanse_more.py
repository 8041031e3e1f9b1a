"""A release that declares one index more: its host makes it while others write.

Prints the seconds it took.
"""

import asyncio
import time

import uvloop

from benchmarks.data.hanse_contacts.entity import Contact, database
from hanse import PUBLIC, Collection, Host, HostConfig, Index, Service, entity, rpc
from hanse.runtime.data.entity.entity import entity_of
from hanse.runtime.data.table.table import missing_indexes

LOOK_SECONDS = 0.5


@entity(
    "crm.contacts",
    Index("stage", "last_seen"),
    Index("last_name", "first_name"),
    Index("company", "score"),
    prefix="contact",
)
class IndexedContact(Contact, frozen=True, kw_only=True):
    pass


class Desk(Service, package="desk.v1"):
    """What has a collection in its constructor."""

    def __init__(self, contacts: Collection[IndexedContact]) -> None:
        self.contacts = contacts

    @rpc(allow=PUBLIC)
    async def ping(self) -> None:
        """A service has at least one method."""


async def main() -> None:
    begun = time.monotonic()
    async with Host([Desk], HostConfig(port=None, database=database())) as host:
        assert host.database is not None
        model = entity_of(IndexedContact)
        while await missing_indexes(host.database, model):  # noqa: ASYNC110  the server knows
            await asyncio.sleep(LOOK_SECONDS)
    print(time.monotonic() - begun)


if __name__ == "__main__":
    uvloop.run(main())
