"""So many at once, so many in a while: who is too many waits in line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hanse.runtime.contract.mistakes import DeclarationError
from hanse.runtime.contract.service import Service
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.limits.limit import Limit
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.workflows import Workflows
from hanse.testing import World, acting


class Wharf(Service, package="wharf.v1"):
    def __init__(self, workflows: Workflows) -> None:
        self.workflows = workflows
        self.log: list[str] = []

    async def note(self, ship: str) -> None:
        self.log.append(ship)

    @workflow(version=1, limit=Limit(by="berth", running=2))
    async def load(self, run: Run, berth: str, ship: str) -> None:
        await run.step(self.note, ship)
        await run.signal("loaded", str)

    @workflow(version=1, limit=Limit(begins=2, period=timedelta(hours=1)))
    async def pilot(self, run: Run, ship: str) -> None:
        await run.step(self.note, ship)


@pytest.fixture
def service() -> type[Wharf]:
    return Wharf


async def test_so_many_with_a_key_in_common_are_under_way(world: World) -> None:
    wharf = world.host._services[0]
    flows = wharf.workflows
    for ship in ("a1", "a2", "a3", "a4", "b1"):
        await flows.start(wharf.load, ship[0], ship, id=ship)
        world.clock.advance(1)
    await world.catch_up()
    assert sorted(wharf.log) == ["a1", "a2", "b1"]
    await flows.signal(wharf.load, "a3", "loaded", "x")
    assert await flows.cancel(wharf.load, "a4")
    await world.catch_up()
    assert sorted(wharf.log) == ["a1", "a2", "b1"], "a signal lets nobody in"
    assert (await flows.get(wharf.load, "a4")).state == "canceled"
    await flows.signal(wharf.load, "a1", "loaded", "x")
    await world.catch_up()
    assert sorted(wharf.log) == ["a1", "a2", "a3", "b1"]
    assert (await flows.get(wharf.load, "a3")).state == "done"


async def test_so_many_begin_in_a_while_and_a_site_waits_for_no_other(world: World) -> None:
    wharf = world.host._services[0]
    await wharf.workflows.start_many(wharf.pilot, [(f"p{n}",) for n in range(5)])
    with acting(site="other"):
        await wharf.workflows.start(wharf.pilot, "theirs")
    for begun in (3, 5, 6):
        await world.catch_up()
        assert len(wharf.log) == begun
        world.clock.advance(timedelta(hours=1))
    assert "theirs" in wharf.log[:3]


CROWD = """
insert into hanse.workflow (id, site_id, name, version, state, key, locale, input, epoch,
  create_time, lane, admit_time)
select gen_random_uuid(), 'crowded', 'wharf.v1.Wharf/Load', 1, 'open', '', 'en', '{}', 0, $1,
  'crowded ' || to_char(berth, 'FM0000'), case when place < 2 then $1::timestamptz end
from generate_series(1, 1100) berth, generate_series(0, 2) place
"""


async def test_lines_that_cannot_move_hold_up_no_other_site_and_no_other_line(
    world: World,
) -> None:
    wharf = world.host._services[0]
    with acting(site="crowded"):
        await world.database.execute(CROWD, world.clock.now())
    with acting(site="other"):
        await wharf.workflows.start(wharf.load, "a", "theirs")
    with acting(site="crowded"):
        await wharf.workflows.start(wharf.load, "9999", "the last")
    for _ in range(3):  # each look comes to a thousand lines
        await world.catch_up()
    assert sorted(wharf.log) == ["the last", "theirs"]
    with acting(site="crowded"):
        rows = await world.database.fetch(
            "select lane from hanse.workflow where admit_time is not null group by lane "
            "having count(*) > 2"
        )
    assert rows == [], "so many are under way and no more"


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (Limit(), "say running"),
        (Limit(begins=3), "go together"),
        (Limit(by="berth.number", running=1), "no argument or field"),
    ],
)
def test_what_is_no_limit_is_told_when_the_class_is_made(limit: Limit, said: str) -> None:
    async def go(self: Wharf, run: Run, berth: str) -> None: ...

    with pytest.raises(DeclarationError, match=said):
        type("Wrong", (Service,), {"go": workflow(version=1, limit=limit)(go)}, package="w.v1")
