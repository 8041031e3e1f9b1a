"""Code that blocks the event loop is found while it does, named with its stack, counted and told."""

import asyncio
import logging
import resource
import sys
import threading
import time
from itertools import count

import msgspec
import pytest

from hanse import PUBLIC, Host, HostConfig, Service, Struct, rpc
from hanse.runtime.stall.stall_report import StallReport, read_stalls
from hanse.runtime.stall.watch import STALL_SECONDS
from hanse.runtime.sweep import SWEEP_SECONDS
from hanse.testing import World

PATIENCE = 20
RED, BLUE = "red.v1.Red", "blue.v1.Blue"


class Told(logging.Handler):
    """Lets whoever blocks the loop go on once the watch has said so: no longer than it needs."""

    def __init__(self) -> None:
        super().__init__()
        self.said = threading.Event()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())
        self.said.set()


class Report:
    """The stall file, and a way to block until it says something."""

    def __init__(self, file) -> None:
        self.file = file

    def read(self) -> StallReport:
        return read_stalls(self.file)

    def block_until(self, true_of) -> bool:
        """Blocks the thread it is called in."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if true_of(self.read()):
                return True
            threading.Event().wait(0.005)
        return False


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


class Slow(Struct, frozen=True):
    """Takes its time to be made, as a large argument does."""

    seconds: float

    def __post_init__(self) -> None:
        REPORTS[-1].block_until(lambda report: report.seconds >= self.seconds)


REPORTS: list[Report] = []
"""For what no service makes."""


class Red(Service):
    def __init__(self, report: Report) -> None:
        self._report = report

    @rpc("POST /red/v1/block", allow=PUBLIC)
    async def block(self, seconds: float) -> bool:
        return self._report.block_until(
            lambda said: said.service == RED and said.seconds >= seconds
        )

    @rpc("POST /red/v1/take", allow=PUBLIC)
    async def take(self, slow: Slow) -> bool:
        return True


class Blue(Service):
    def __init__(self, report: Report) -> None:
        self._report = report

    @rpc("POST /blue/v1/block", allow=PUBLIC)
    async def block(self, seconds: float) -> bool:
        return self._report.block_until(
            lambda said: said.service == BLUE and said.seconds >= seconds
        )


@pytest.fixture
def told():
    handler = Told()
    logger = logging.getLogger("hanse.stall")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@pytest.fixture
def report(tmp_path):
    REPORTS.append(Report(tmp_path / "host.stall"))
    yield REPORTS[-1]
    REPORTS.clear()


@pytest.fixture
async def host(report):
    config = HostConfig(port=None, stall_file=report.file)
    async with Host([Red, Blue], config, provided={Report: report}) as host:
        yield host


def counted(host: Host, name: str) -> dict[str, float]:
    """A counter's values by service."""
    [family] = [one for one in host.metrics.families() if one.name == name]
    return {series.labels["service"]: series.value for series in family.series.values()}


def stalls(host: Host) -> dict[str, float]:
    return counted(host, "hanse_loop_stalls_total")


async def over(report: Report) -> StallReport:
    """What is said when nothing blocks any more."""
    async with asyncio.timeout(PATIENCE):
        while (said := report.read()).seconds:
            await asyncio.sleep(0.005)
    return said


async def test_a_handler_that_blocks_the_loop_is_named(told):
    async with World(Blocker, provided={Told: told}) as world:
        told.said.clear()  # on a busy machine the world's beginning may have blocked it
        told.texts.clear()
        assert await world.get(Blocker).block()
        assert stalls(world.host)["blocker.v1.Blocker"] == 1

    first = told.texts[0]
    assert first.startswith("Blocker._deeper blocks the event loop; make the method a plain def")
    assert "return self.told.said.wait(10)" in first
    assert "return self._deeper()" in first


async def test_a_plain_method_may_take_its_time(told):
    async with World(Blocker, provided={Told: told}) as world:
        told.said.clear()  # on a busy machine the world's beginning may have blocked it
        assert not await world.get(Blocker).behave()
        assert stalls(world.host)["blocker.v1.Blocker"] == 0


async def test_who_blocks_is_told_while_it_does_and_for_how_long_afterwards(host, report):
    assert report.read() == StallReport()

    assert await host.get(Red).block(0.6)  # it would not end if the file did not say so
    said = await over(report)

    assert (said.service, said.seconds, BLUE in said.longest) == ("", 0, False)
    assert 0.6 <= said.longest[RED] < PATIENCE
    assert (stalls(host)[RED], stalls(host)[BLUE]) == (1, 0)
    seconds = counted(host, "hanse_loop_blocked_seconds_total")
    assert (seconds[RED], seconds[BLUE]) == (said.longest[RED], 0)


async def until_rarely_woken() -> None:
    """Returns when this process is woken less than fifteen times a second."""
    async with asyncio.timeout(PATIENCE):
        for _ in count():
            before, began = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw, time.monotonic()
            await asyncio.sleep(0.4)
            woken = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - before
            if woken < 15 * (time.monotonic() - began):
                return


async def test_an_idle_host_is_woken_rarely_and_the_first_who_blocks_is_seen_as_soon(report):
    """While it only looks around, a stall is one that two looks miss: nearly half a second."""
    for tries in count(1):
        config = HostConfig(port=None, stall_file=report.file)
        async with Host([Red], config, provided={Report: report}) as host:
            await until_rarely_woken()
            assert await host.get(Red).block(0)
            took = (await over(report)).longest[RED]
        if took < SWEEP_SECONDS + STALL_SECONDS:
            break
        assert tries < 3, "a busy machine may be late, once"


async def test_the_longest_time_stays_and_all_times_are_counted(host, report):
    for seconds in (0.3, 0.9, 0.3):
        assert await host.get(Red).block(seconds)
        said = await over(report)

    assert said.longest[RED] >= 0.9
    assert counted(host, "hanse_loop_blocked_seconds_total")[RED] >= 1.5
    assert stalls(host)[RED] == 3


async def test_two_that_block_one_after_the_other_are_told_apart(host, report):
    red, blue = host.get(Red), host.get(Blue)

    assert await asyncio.gather(red.block(1.5), blue.block(0.3)) == [True, True]
    said = await over(report)

    assert said.longest[RED] >= 1.5
    assert 0.3 <= said.longest[BLUE] < 1.5


async def test_reading_its_arguments_is_the_services_time(report):
    config = HostConfig(port=None, socket=report.file.with_suffix(".sock"), stall_file=report.file)
    address = (f"unix:{config.socket}",)
    async with (
        Host([Red], config, provided={Report: report}),
        Host([], HostConfig(port=None, directory={RED: address})) as caller,
    ):
        arguments = msgspec.defstruct("Given", [("seconds", float)], frozen=True)
        assert await caller.get(Red).take(arguments(0.4))
        assert (await over(report)).longest[RED] >= 0.4


async def test_code_that_is_no_services_is_told_without_a_name(host, report):
    asyncio.get_running_loop().call_soon(
        report.block_until, lambda said: said.seconds >= 0.4 and not said.service
    )
    async with asyncio.timeout(PATIENCE):
        while "" not in report.read().longest:
            await asyncio.sleep(0.005)

    said = await over(report)
    assert said.longest[""] >= 0.4
    assert not {RED, BLUE} & set(said.longest)
    assert (stalls(host)[RED], stalls(host)[BLUE]) == (0, 0)


async def test_after_a_kill_the_file_says_who_it_was(report):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hanse.runtime.tests.stuck", str(report.file)
    )
    try:
        stuck = "stuck.v1.Stuck"
        async with asyncio.timeout(PATIENCE):
            while not report.file.exists() or report.read().longest.get(stuck, 0) < 0.5:
                await asyncio.sleep(0.005)
    finally:
        process.kill()
        await process.wait()

    said = report.read()
    assert (said.service, said.longest[stuck]) == (stuck, said.seconds)


async def test_a_new_process_begins_with_nothing(report):
    report.file.write_bytes(msgspec.json.encode(StallReport(RED, 9.0, {RED: 9.0})))
    async with Host(
        [Red], HostConfig(port=None, stall_file=report.file), provided={Report: report}
    ):
        assert report.read() == StallReport()


async def test_a_file_that_cannot_be_written_stops_nothing(tmp_path, told, caplog):
    config = HostConfig(port=None, stall_file=tmp_path / "nowhere" / "host.stall")
    async with Host([Blocker], config, provided={Told: told}) as host:
        told.said.clear()
        assert await host.get(Blocker).block()

    messages = [one.getMessage() for one in caplog.records if "cannot be told" in one.getMessage()]
    assert len(messages) == 1
    assert "No such file" in messages[0]
