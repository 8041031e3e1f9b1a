"""What an instance keeps is bounded, and so is what a host reads of instances."""

from __future__ import annotations

import pytest

from hanse.runtime.contract.service import Service
from hanse.runtime.errors import NotFound, ResourceExhausted
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.workflows import Workflows
from hanse.testing import World

ALMOST_A_MIB = 1024 * 1024 - 100
LETTER = "x" * ALMOST_A_MIB

FILL = """
insert into hanse.journal (workflow, place, kind, name, failed, attempt, value, time)
select id, n, 'step', 'write', false, 1, convert_to('"' || repeat('x', 1048000) || '"', 'UTF8'),
  create_time
from hanse.workflow, generate_series(2, 34) n
"""


class Archive(Service, package="archive.v1"):
    def __init__(self, workflows: Workflows) -> None:
        self.workflows = workflows
        self.log: list[str] = []
        self.in_memory: list[int] = []

    async def write(self, size: int) -> str:
        self.log.append("write")
        return "x" * size

    async def burn(self, text: str) -> None:
        self.log.append("burn")

    async def number(self) -> int:
        return 1

    @workflow(version=1)
    async def collect(self, run: Run) -> int:
        letters = 0
        while (await run.signal("letter", str) or "") != "enough":
            letters += 1
        return letters

    @workflow(version=1)
    async def fill(self, run: Run, times: int, size: int = ALMOST_A_MIB) -> str:
        self.in_memory.append(self.workflows._engine.hot.bytes)
        await run.step(self.number)
        for _ in range(times):
            await run.step(self.write, size, undo=self.burn)
        return await run.signal("go", str) or ""


@pytest.fixture
def service() -> type[Archive]:
    return Archive


@pytest.fixture
def archive(world: World) -> Archive:
    return world.host._services[0]


async def test_what_waits_to_be_taken_is_bounded_in_bytes(world: World, archive: Archive) -> None:
    flows = archive.workflows
    await flows.start(archive.collect, id="a")
    async with world.database.transaction():  # so that none is taken before the last is sent
        for _ in range(4):
            await flows.signal(archive.collect, "a", "letter", LETTER)
        with pytest.raises(ResourceExhausted, match=r"4194304 bytes.*send the id of what is large"):
            await flows.signal(archive.collect, "a", "letter", LETTER)
    await world.catch_up()
    for _ in range(4):
        await flows.signal(archive.collect, "a", "letter", LETTER)
        await world.catch_up()
    assert await world.database.fetch("select from hanse.workflow_signal") == []
    await flows.signal(archive.collect, "a", "letter", "enough")
    assert await flows.result(archive.collect, "a") == 8
    with pytest.raises(NotFound):
        await flows.signal(archive.collect, "a", "letter", LETTER)


async def test_what_waits_to_be_taken_is_bounded_in_number(world: World, archive: Archive) -> None:
    flows = archive.workflows
    await flows.start(archive.collect, id="a")
    await world.catch_up()
    async with world.database.transaction():
        await world.database.execute("update hanse.workflow set unread = 9999")
        await flows.signal(archive.collect, "a", "letter", "one")
        with pytest.raises(ResourceExhausted, match="10000 signals"):
            await flows.signal(archive.collect, "a", "letter", "two")


async def test_a_journal_is_bounded_in_bytes_and_what_it_says_can_be_taken_back(
    world: World, archive: Archive
) -> None:
    flows = archive.workflows
    await flows.start(archive.fill, 30, id="a")
    await world.catch_up()
    found = await flows.get(archive.fill, "a")
    assert (found.state, len(archive.log)) == ("held", 17)
    assert isinstance(found.error, ResourceExhausted)
    for part in ("16777216 are the most", "starting another one", "cancel it"):
        assert part in found.error.detail
    assert await flows.cancel(archive.fill, "a")
    await world.database.execute(
        "update hanse.workflow set state = 'open', wake_time = create_time"
    )
    await world.catch_up()
    assert (await flows.get(archive.fill, "a")).state == "canceled"
    assert archive.log[17:] == ["burn"] * 17


async def test_what_is_too_large_to_be_read_is_held_without_being_read(
    world: World, archive: Archive
) -> None:
    flows = archive.workflows
    await flows.start(archive.fill, 0, id="a")
    await world.catch_up()
    await world.database.execute(FILL)
    await flows.signal(archive.fill, "a", "go", "on")
    await world.catch_up()
    found = await flows.get(archive.fill, "a")
    assert found.state == "held"
    (row,) = await world.database.fetch("select id from hanse.workflow")
    journals = await flows._engine.store.journals([row["id"]], 2**40)
    assert not journals.share(row["id"]).read
    assert "34584" in found.error.detail
    assert "begin another one" in found.error.detail


async def test_a_host_reads_no_more_than_it_has_room_for_and_comes_to_all(
    world: World, archive: Archive
) -> None:
    flows, names = archive.workflows, [str(number) for number in range(6)]
    for name in names:
        await flows.start(archive.fill, 1, 10_000, id=name)
    await world.catch_up()
    hot = flows._engine.hot
    hot.most = 25_000
    archive.in_memory.clear()
    for name in names:
        await flows.signal(archive.fill, name, "go", name)
    await world.catch_up()
    assert [await flows.result(archive.fill, name) for name in names] == names
    assert max(archive.in_memory) < 25_000 + 1000
