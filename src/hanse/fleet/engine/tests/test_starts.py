"""So many programs start at a time; what runs already, and what hangs, holds nobody up."""

import os
from pathlib import Path

from hanse.fleet.engine.care import Starts
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.engine.tests.test_process import shell
from hanse.fleet.engine.tests.test_supervision import quick, touch, within
from hanse.fleet.engine.tests.waiting import until
from hanse.fleet.state import StateFolder

SCRIPT = "touch begun-$0; exec sleep 600"


def kept(state: StateFolder, starts: Starts, count: int = 5) -> list[Supervision]:
    """So many that are ready when a file says so."""

    def one(name: str) -> Supervision:
        async def answers() -> bool:
            return os.access(f"ready-{name}", os.F_OK)

        program = shell(SCRIPT.replace("$0", name), name=name)
        return Supervision(program, state, quick(probe=answers), starts)

    return [one(f"p{number}") for number in range(count)]


def begun() -> set[str]:
    return {one.name.partition("-")[2] for one in Path().glob("begun-*")}


async def end(some: list[Supervision]) -> None:
    for one in some:
        await within(one.stop())


async def test_no_more_start_at_a_time_and_all_do_in_the_end(state: StateFolder) -> None:
    some = kept(state, Starts(2))
    for one in some:
        one.start()
    # when nobody is ready
    await until(lambda: len(begun()) == 2)
    # then the others wait, until one is
    for number in range(2, 5):
        assert len(begun()) == number
        ready = next(one for one in some if one.name in begun() and one.stage == "starting")
        touch(f"ready-{ready.name}")
        await within(ready.until("ready"))
        await until(lambda wanted=number + 1: len(begun()) == wanted)
    await end(some)


async def test_one_that_hangs_is_not_waited_for_for_long(state: StateFolder) -> None:
    some = kept(state, Starts(1, seconds=0.2), 3)
    for one in some:
        one.start()
    await until(lambda: len(begun()) == 3)
    assert {one.stage for one in some} == {"starting"}
    await end(some)


async def test_what_ends_while_it_starts_or_waits_gives_its_turn_back(state: StateFolder) -> None:
    first, second, third = some = kept(state, Starts(1), 3)
    for one in some:
        one.start()
    await until(lambda: begun() == {"p0"})
    await within(second.stop())
    await within(first.stop())
    await until(lambda: begun() == {"p0", "p2"})
    await within(third.stop())


async def test_what_runs_already_is_adopted_out_of_turn(state: StateFolder) -> None:
    starts = Starts(1)
    running = kept(state, Starts())
    for one in running:
        touch(f"ready-{one.name}")
        one.start()
        await within(one.until("ready"))
        await within(one.leave())
    some = kept(state, starts)
    with starts.turn() as turn:
        await turn.come()
        for one in some:
            one.start()
        for one in some:
            assert await within(one.until("ready")) == "ready"
            assert one.adopted
    await end(some)
