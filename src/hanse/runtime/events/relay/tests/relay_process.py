"""Leads the relay in a process of its own, which stops at a point if it is told one.

`relay_process.py DATABASE-URL BROKER-URL LEASE-SECONDS [POINT]`
"""

import asyncio
import sys
from contextlib import AsyncExitStack

from hanse.runtime.broker.broker import Broker
from hanse.runtime.broker.broker_config import BrokerConfig
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.events.relay.gauges import RelayGauges
from hanse.runtime.events.relay.relay import Relay
from hanse.runtime.telemetry.metrics import Metrics
from hanse.testing.faults import Faults


async def main(url: str, broker_url: str, seconds: str, point: str = "") -> None:
    faults = Faults()
    if point:
        faults.at(point).stop()
    async with AsyncExitStack() as stack:
        stack.enter_context(faults.watching())
        broker = await stack.enter_async_context(
            Broker(BrokerConfig(url=Secret(broker_url), stream_bytes=2**24))
        )
        database = await stack.enter_async_context(Database(DatabaseConfig(url=Secret(url))))
        relay = Relay(
            database, broker, RelayGauges(database, Metrics()), lease_seconds=float(seconds)
        )
        relay.begin()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
