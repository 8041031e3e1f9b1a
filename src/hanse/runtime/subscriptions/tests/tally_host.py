"""Runs a service that takes letters in a process of its own, which stops at a point.

`tally_host.py DATABASE-URL KEYS BROKER-URL POINT NTH`
"""

import asyncio
import sys
from pathlib import Path

from hanse.kit.clock import wait_set
from hanse.runtime.broker.broker_config import BrokerConfig
from hanse.runtime.call.context import current
from hanse.runtime.config.secret import Secret
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Service
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.events.event import Event, event
from hanse.runtime.events.events import Events
from hanse.runtime.host import Host
from hanse.runtime.host_config import HostConfig
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.subscriptions.declared.declaration import subscribe
from hanse.testing.faults import Faults

NOTE = "insert into desk.note (site_id, box, word) values ($1, $2, $3)"


@event("tally.v1", key="box")
class Counted(Event):
    """Something was counted."""

    box: str
    word: str


class Teller(Service):
    """Tells what is to be counted."""

    def __init__(self, events: Events) -> None:
        self._events = events

    @rpc("POST /tally/v1/words", allow=PUBLIC)
    async def tell(self, box: str, word: str) -> None:
        await self._events.emit(Counted(box=box, word=word))


class Tally(Service, package="tally.v1"):
    """Counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @subscribe(Counted)
    async def count(self, event: Counted) -> None:
        await self._database.execute(NOTE, current().site, event.box, event.word)
        if event.word == "bad":
            raise ValueError(event.word)


def tally_host(url: str, keys: str, broker: str, *services: type) -> Host:
    config = HostConfig(
        database=DatabaseConfig(url=Secret(url), keys=Path(keys)),
        broker=BrokerConfig(url=Secret(broker), stream_bytes=2**24),
    )
    return Host(services, config)


async def main(url: str, keys: str, broker: str, point: str, nth: str) -> None:
    faults = Faults()
    with faults.watching():
        faults.at(point, int(nth)).stop()
        async with tally_host(url, keys, broker, Tally):
            await wait_set(asyncio.Event(), 60)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:6]))
