"""Code that blocks the event loop is found while it does, and named with its stack."""

import logging
import threading

import pytest

from hanse import PUBLIC, Service, rpc
from hanse.testing import World


class Told(logging.Handler):
    """Lets whoever blocks the loop go on once the watch has said so: no longer than it needs."""

    def __init__(self) -> None:
        super().__init__()
        self.said = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.said.set()


class Blocker(Service):
    def __init__(self, told: Told) -> None:
        self.told = told

    @rpc("POST /blocker/v1/block", allow=PUBLIC)
    async def block(self) -> bool:
        return self._deeper()

    def _deeper(self) -> bool:
        return self.told.said.wait(10)

    @rpc("POST /blocker/v1/behave", allow=PUBLIC)
    def behave(self) -> bool:
        return self.told.said.wait(0.3)


@pytest.fixture
def told():
    handler = Told()
    logger = logging.getLogger("hanse.stall")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def stalls(world):
    [family] = [one for one in world.host.metrics.families() if "stalls" in one.name]
    return sum(series.value for series in family.series.values())


async def test_a_handler_that_blocks_the_loop_is_named(told, caplog):
    async with World(Blocker, provided={Told: told}) as world:
        assert await world.get(Blocker).block()
        assert stalls(world) == 1

    first = next(one.getMessage() for one in caplog.records if one.name == "hanse.stall")
    assert first.startswith("Blocker._deeper blocks the event loop; make the method a plain def")
    assert "return self.told.said.wait(10)" in first
    assert "return self._deeper()" in first


async def test_a_plain_method_may_take_its_time(told):
    async with World(Blocker, provided={Told: told}) as world:
        assert not await world.get(Blocker).behave()
        assert stalls(world) == 0
