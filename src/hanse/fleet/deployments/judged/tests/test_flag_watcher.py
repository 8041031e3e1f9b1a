"""A flag goes to more and more by what is counted, with a real host and a real database."""

from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest

from hanse import PUBLIC, HanseError, Service, rpc
from hanse.flags import Flags, flag
from hanse.fleet.deployments.judged.flag_watcher import Around, FlagWatcher, Rolled, Rung
from hanse.fleet.deployments.judged.outcome import Outcome
from hanse.fleet.judge.judge import Memory
from hanse.fleet.judge.plan import Plan
from hanse.runtime.flags.amending import switched_off
from hanse.runtime.flags.book import Book
from hanse.runtime.flags.changes import Reasoned, change
from hanse.runtime.flags.ruling import NOTHING, Audience
from hanse.runtime.flags.trials.principals import Principals
from hanse.runtime.flags.trials.trial import revision_of, tried
from hanse.testing import World

BY, FAST = Reasoned("eve", "a trial"), "belt.fast"
PLAN = Plan(slo=0.05, latency=(), warm_up_s=0.0)
STEPS = (5.0, 50.0)


class Belt(Flags):
    fast = flag(False, owner="shop", until=None, doc="Speed.")


class Line(Service):
    """Breaks for some who have it fast."""

    broken = False

    def __init__(self, flags: Belt) -> None:
        self._flags = flags

    @rpc("GET /line/v1/runs", allow=PUBLIC)
    async def run(self, key: str) -> bool:
        """Runs."""
        found = (await self._flags.keyed(key)).fast
        if found and self.broken:
            raise ZeroDivisionError
        return found


class Shop:
    """A host, its visitors, and what time it is."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now, self.visitors = 1000.0, 0
        self.clock: Callable[[], float] = lambda: self.now
        self.book: Book = world.host.background.made[Book]
        self.book.states[FAST].principals = Principals(self.clock)

    async def figures(self):
        return {"line-1": self.world.host._instruments.tally.figures({})}

    def watcher(self, rung: Rung, memory: Memory | None = None, figures=None) -> FlagWatcher:
        rolled = Rolled("d1", FAST, True, NOTHING, 0, Audience(), "principal", STEPS, 0.1)
        around = Around(self.world.database, figures or self.figures, self.clock)
        return FlagWatcher(around, rolled, rung, plan=PLAN, memory=memory or Memory())

    async def second(self, visitors: int = 100) -> set[bool]:
        """What they were given who came, within a second."""
        await self.book.look()
        given: set[bool] = set()
        for _ in range(visitors):
            self.visitors += 1
            with suppress(HanseError):
                given.add(await self.world.get(Line).run(f"v{self.visitors}"))
        self.now += 1.0
        return given

    async def ended(
        self, watcher: FlagWatcher, seconds: int = 60, visitors: int = 100
    ) -> Outcome | None:
        await watcher.begin()
        for _ in range(seconds):
            _, outcome = await watcher.look(hold=False)
            if outcome is not None:
                return outcome
            await self.second(visitors)
        return None


@pytest.fixture
async def shop(monkeypatch: pytest.MonkeyPatch):
    async with World(Line) as world:
        yield Shop(world)
        monkeypatch.setattr(Line, "broken", False)


async def test_it_grows_by_what_is_proven_until_all_may_have_it(shop: Shop) -> None:
    rung, memory, climbed = Rung(), Memory(), list[float]()
    while rung.percent < 100:
        watcher = shop.watcher(rung, memory)
        outcome = await shop.ended(watcher)
        assert outcome is not None
        assert outcome.state == "good", outcome
        assert outcome.verdict is not None
        assert outcome.verdict.canary_requests > 0, "no step without anybody who drew it"
        climbed.append(watcher.rung.percent)
        rung = watcher.following

    assert climbed[0] <= STEPS[0]
    assert climbed[-1] == STEPS[-1]
    assert climbed == sorted(climbed)
    assert outcome.says.startswith("Good: a call failed for 0 of ")
    assert await shop.second() == {True, False}, "nobody has settled it"


async def test_a_bad_one_is_taken_back_from_everybody_at_once(shop: Shop, monkeypatch) -> None:
    monkeypatch.setattr(Line, "broken", True)
    watcher = shop.watcher(Rung(percent=5.0))

    outcome = await shop.ended(watcher)

    assert outcome is not None
    assert outcome.state == "bad"
    assert outcome.says.startswith("Bad: a call failed for ")
    assert await shop.second() == {False}
    assert await tried(shop.world.database) == {}


async def test_silence_never_promotes(shop: Shop) -> None:
    assert await shop.ended(shop.watcher(Rung(percent=5.0)), 40, visitors=0) is None

    silent = dict.fromkeys(("line-1", "line-2"))
    watcher = shop.watcher(Rung(percent=5.0), figures=_says(silent))
    assert await shop.ended(watcher, 40) is None


async def test_a_host_that_does_not_follow_is_missed(shop: Shop) -> None:
    """It may be of a release that cannot read the value."""
    watcher = shop.watcher(Rung(percent=5.0), figures=lambda: _with_another(shop))

    assert await shop.ended(watcher, 40) is None

    now, _ = await watcher.look(hold=False)
    assert now is not None
    assert "line-2" in now.verdict.sentence


async def test_held_it_goes_no_further_and_lasts(shop: Shop) -> None:
    watcher = shop.watcher(Rung(percent=50.0))
    await watcher.begin()
    for _ in range(30):
        await shop.second()
        assert (await watcher.look(hold=True))[1] is None
    assert await tried(shop.world.database) == {FAST: "d1"}


async def test_what_an_operator_says_meanwhile_ends_it(shop: Shop) -> None:
    watcher = shop.watcher(Rung(percent=5.0))
    await watcher.begin()
    await change(shop.world.database, Belt.__declared__["fast"], switched_off, BY)
    shop.now += 5.0

    _, outcome = await watcher.look(hold=False)

    assert outcome is not None
    assert outcome.state == "overruled"
    assert await revision_of(shop.world.database, FAST) == 1


async def test_the_first_share_is_no_more_than_ten_may_lose(shop: Shop) -> None:
    """Of 400 a second who draw, for as long as it takes to see what they drew."""

    async def crowd():
        found = await shop.figures()
        [told] = found.values()
        drawing = told.flags[FAST]
        drawing = msgspec.structs.replace(drawing, trial="d1 0 %", drew=40)
        return {"line-1": msgspec.structs.replace(told, flags={FAST: drawing})}

    watcher = shop.watcher(Rung(), figures=crowd)
    await watcher.begin()

    assert watcher.rung.percent == pytest.approx(100 * 10 / (400 * watcher._react))


def _says(found):
    async def figures():
        return found

    return figures


async def _with_another(shop: Shop):
    [told] = (await shop.figures()).values()
    drawing = msgspec.structs.replace(told.flags[FAST], trial="")
    return {"line-1": told, "line-2": msgspec.structs.replace(told, flags={FAST: drawing})}
