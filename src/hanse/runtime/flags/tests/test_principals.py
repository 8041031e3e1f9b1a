"""What is counted for whoever judges a flag: principals, once each, by what they drew."""

from contextlib import suppress

import pytest

from hanse import PUBLIC, HanseError, Principal, Service, Unavailable, rpc
from hanse.flags import Flags, flag
from hanse.runtime.flags.changes import change
from hanse.runtime.flags.ruling import Rule, Ruling, Share
from hanse.runtime.flags.tests.test_flags import ADA, BOB, WHY, book_of
from hanse.runtime.flags.trials.principals import UNITS_MAX, WATCH_SECONDS, Principals
from hanse.testing import World

EVE = Principal("member", "eve")


class Belt(Flags):
    fast = flag(False, owner="shop", until=None, doc="Speed.")


class Line(Service):
    """Fails as it is told."""

    def __init__(self, flags: Belt) -> None:
        self._flags = flags

    @rpc("GET /line/v1/runs/{how}", allow=PUBLIC)
    async def run(self, how: str, key: str = "") -> bool:
        """Runs."""
        flags = await self._flags.keyed(key) if key else self._flags
        found = flags.fast
        if how == "breaks":
            raise ZeroDivisionError
        if how == "away":
            raise Unavailable("It is away.")
        return found


@pytest.fixture
async def line():
    async with World(Line) as world:
        half = Ruling((Rule(shares=(Share(50, True),)),))
        await change(world.database, Belt.__declared__["fast"], lambda _: half, WHY)
        await book_of(world).look()
        yield world


def watch(world) -> Principals:
    """Counts of the flag, by a clock of the test."""
    state = book_of(world).states["belt.fast"]
    state.principals = Principals(lambda: world.clock.now().timestamp())
    return state.principals


async def test_a_principal_counts_once_a_minute_after_they_drew(line) -> None:
    counted = watch(line)
    drew = {
        who.id: await line.get(Line, as_=who).run("well")
        for who in (ADA, BOB, EVE)
        for _ in range(3)
    }

    line.clock.advance(WATCH_SECONDS - 1)
    counted.close()
    assert counted.counts == {}
    line.clock.advance(1)
    counted.close()

    on = sum(drew.values())
    assert counted.counts == {name: (n, 0) for name, n in (("true", on), ("default", 3 - on)) if n}
    state = book_of(line).states["belt.fast"]
    state.rule(Ruling((Rule(shares=(Share(60, True),)),)))  # all are looked at anew
    await line.get(Line, as_=ADA).run("well")
    line.clock.advance(WATCH_SECONDS)
    counted.close()
    assert sum(all_ for all_, _ in counted.counts.values()) == 3


async def test_however_often_it_fails_for_them_they_are_one_who_failed(line) -> None:
    counted = watch(line)
    await line.get(Line, as_=BOB).run("well")
    for how in ("well", "breaks", "away", "breaks"):
        with suppress(HanseError):
            await line.get(Line, as_=ADA).run(how)
    line.clock.advance(WATCH_SECONDS)
    counted.close()
    assert sum(all_ for all_, _ in counted.counts.values()) == 2
    assert sum(failed for _, failed in counted.counts.values()) == 1

    with pytest.raises(HanseError):
        await line.get(Line, as_=ADA).run("breaks")  # too late to speak against it
    counted.close()
    assert sum(failed for _, failed in counted.counts.values()) == 1


async def test_what_a_caller_did_wrong_speaks_against_nobody(line) -> None:
    counted = watch(line)
    await line.get(Line, as_=ADA).run("well")
    assert (await line.http(ADA).get("/line/v1/runs/well?key=" + "x" * 201)).status >= 400
    with line.as_(ADA):
        pass
    line.clock.advance(WATCH_SECONDS)
    counted.close()
    assert sum(all_ for all_, _ in counted.counts.values()) == 1


async def test_a_visitor_counts_by_what_they_are_known_by(line) -> None:
    counted = watch(line)
    for key in ("cookie1", "cookie2"):
        await line.get(Line).run("well", key)
    with pytest.raises(HanseError):
        await line.get(Line).run("breaks", "cookie1")
    assert [seen.failed for seen in counted.seen.values()] == [True, False]


async def test_counts_are_shown_to_whoever_asks_for_metrics(line) -> None:
    counted = watch(line)
    await line.get(Line, as_=ADA).run("well")
    line.clock.advance(WATCH_SECONDS)
    book_of(line).publish()
    [(variant, _)] = counted.counts.items()
    text = line.host.metrics.prometheus()
    assert (
        f'hanse_flag_principals_total{{flag="belt.fast",outcome="ok",variant="{variant}"}} 1'
        in text
    )
    assert 'hanse_flag_reads_total{flag="belt.fast"} 1' in text
    assert "hanse_flags_unreadable 0" in text


def test_memory_is_bounded() -> None:
    counted = Principals(lambda: 0.0)
    for n in range(UNITS_MAX + 5):
        counted.drew(("acme", str(n)), "true")
    assert len(counted.seen) == UNITS_MAX
