"""The public test kit: a whole world in one process, with time, identity and faults under control.

    async def test_greets():
        async with World(Greeter) as world:
            assert (await world.get(Greeter).greet("Ada")).text == "Hello, Ada"

Tests are written with pytest and pytest-asyncio in its auto mode; nothing here needs either.
"""

from hanse.kit.clock import ManualClock
from hanse.kit.fault_points import POINTS as FAULT_POINTS
from hanse.kit.http import ConnectionFailed
from hanse.runtime.telemetry.span import Span
from hanse.testing.acting import acting
from hanse.testing.begun_host import catch_up, settled
from hanse.testing.events.settled import NotSettled
from hanse.testing.fakes import fake
from hanse.testing.fault_rules import FaultAt, Held
from hanse.testing.faults import Faults
from hanse.testing.http_client import Answer, HttpClient
from hanse.testing.mailed import mailed
from hanse.testing.schema_check import check_schema
from hanse.testing.servers.nats_server import NatsServer
from hanse.testing.servers.postgres_server import PostgresServer
from hanse.testing.workflows.replay import replay
from hanse.testing.world import GuardedWorld, World

__all__ = [
    "FAULT_POINTS",
    "Answer",
    "ConnectionFailed",
    "FaultAt",
    "Faults",
    "GuardedWorld",
    "Held",
    "HttpClient",
    "ManualClock",
    "NatsServer",
    "NotSettled",
    "PostgresServer",
    "Span",
    "World",
    "acting",
    "catch_up",
    "check_schema",
    "fake",
    "mailed",
    "replay",
    "settled",
]
