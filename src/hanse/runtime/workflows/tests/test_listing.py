"""Instances are found by how they stand, how they are called and when they began."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hanse.runtime.contract.service import Service
from hanse.runtime.errors import FailedPrecondition, InvalidArgument
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.listing import PAGE, Which
from hanse.runtime.workflows.operator import Operator
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.workflows import Workflows
from hanse.testing import World, acting


class Yard(Service, package="yard.v1"):
    def __init__(self, workflows: Workflows) -> None:
        self.workflows = workflows

    @workflow(version=1)
    async def build(self, run: Run, boat: str) -> str:
        if boat == "ark":
            raise FailedPrecondition("No wood.")
        return boat if boat == "dinghy" else await run.signal("sold", str) or ""

    @workflow(version=1)
    async def mend(self, run: Run, boat: str) -> str:
        return boat


@pytest.fixture
def service() -> type[Yard]:
    return Yard


@pytest.fixture
def yard(world: World) -> Yard:
    return world.host._services[0]


async def test_those_of_a_site_are_found_the_newest_first(world: World, yard: Yard) -> None:
    flows, morning = yard.workflows, world.clock.now()
    for boat in ("ark", "dinghy", "yacht"):
        await flows.start(yard.build, boat, id=f"boat-{boat}")
        world.clock.advance(timedelta(hours=1))
    await flows.start(yard.mend, "dinghy", id="boat-old")
    with acting(site="other"):
        await flows.start(yard.build, "dinghy", id="boat-theirs")
    await world.catch_up()

    async def found(**which: object) -> list[str]:
        page = await flows.list(yard.build, **which)
        assert page.next_cursor == ""
        return [one.id.removeprefix("boat-") for one in page.items]

    assert await found() == ["yacht", "dinghy", "ark"]
    assert await found(state="failed") == ["ark"]
    assert await found(state="waiting", prefix="boat-") == ["yacht"]
    assert await found(prefix="boat-d") == ["dinghy"]
    assert await found(since=morning + timedelta(hours=1)) == ["yacht", "dinghy"]
    assert await found(until=morning + timedelta(hours=1)) == ["ark"]
    (failed,) = (await flows.list(yard.build, state="failed")).items
    assert str(failed.error) == "No wood."
    with acting(site="other"):
        assert await found() == ["theirs"]
        seen = await Operator(world.database).page(Which(site="other", name="yard.v1.Yard/Build"))
    assert [one.key for one in seen.items] == ["boat-theirs"]


async def test_pages_follow_each_other_and_none_is_twice(world: World, yard: Yard) -> None:
    flows = yard.workflows
    started = await flows.start_many(yard.build, [(f"{n}",) for n in range(2 * PAGE)])
    found: list[str] = []
    cursor, sizes = "begin", []
    while cursor:
        page = await flows.list(yard.build, cursor=cursor.removeprefix("begin"))
        found += [one.id for one in page.items]
        sizes.append(len(page.items))
        cursor = page.next_cursor
    assert sizes == [PAGE, PAGE]
    assert sorted(found) == sorted(started)
    first = await flows.list(yard.build)
    for wrong in ("nonsense", "!", first.next_cursor[:-4]):
        with pytest.raises(InvalidArgument, match="send one as it came"):
            await flows.list(yard.build, cursor=wrong)
    with pytest.raises(InvalidArgument, match="another list"):
        await flows.list(yard.mend, cursor=first.next_cursor)
    with pytest.raises(InvalidArgument, match="one of ready, running"):
        await flows.list(yard.build, state="asleep")


async def test_a_page_looks_at_so_many_and_says_where_it_came_to(world: World, yard: Yard) -> None:
    flows = yard.workflows
    await flows.start(yard.build, "ark", id="oldest")
    await world.catch_up()
    world.clock.advance(1)
    await world.database.execute(
        """
        insert into hanse.workflow (id, site_id, name, version, state, key, locale, input, epoch,
          create_time)
        select gen_random_uuid(), site_id, name, version, 'done', '', locale, input, 1, $1
        from hanse.workflow, generate_series(1, 10001)""",
        world.clock.now(),
    )
    page = await flows.list(yard.build, state="failed")
    assert (page.items, bool(page.next_cursor)) == ((), True)
    page = await flows.list(yard.build, state="failed", cursor=page.next_cursor)
    assert ([one.id for one in page.items], page.next_cursor) == (["oldest"], "")
