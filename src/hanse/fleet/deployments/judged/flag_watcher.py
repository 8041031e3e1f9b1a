"""One step of a flag: a share is given under a lease, and the judge asked, each second."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from hanse.fleet.deployments.judged.ladder import LEAST, allowed, first, following, may_go_on
from hanse.fleet.deployments.judged.outcome import CameTo, Now, Outcome
from hanse.fleet.deployments.judged.watcher import LOOKS_TO_CONVICT, POLL_SECONDS
from hanse.fleet.flags.poll import DEFAULT, Step, poll_of
from hanse.fleet.flags.tally import Tally
from hanse.fleet.flags.words import said
from hanse.fleet.judge.errors import BadFigures
from hanse.fleet.judge.judge import Judge, Memory
from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.errors import HanseError
from hanse.runtime.flags.amending import tried
from hanse.runtime.flags.book import LOOK_SECONDS
from hanse.runtime.flags.ruling import Audience, Ruling, Share
from hanse.runtime.flags.state import variant_of
from hanse.runtime.flags.trials.trial import Trial, give, withdraw

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from hanse.fleet.judge.plan import Plan
    from hanse.fleet.judge.verdict import Verdict
    from hanse.runtime.data.database import Database
    from hanse.runtime.figures.figures import Figures

log = logging.getLogger("hanse.deployer")

RENEW_SECONDS = 2.5
"""Between two times that the same share is given: it lasts for ten."""

FOLLOW_SECONDS = 2.0
"""For hosts to follow another share; they look twice a second."""

MEASURE_SECONDS = 5.0
"""For which nobody gets the new value, to see how many draw."""


class Rolled(NamedTuple):
    """What is rolled out.

    Attributes:
        deployment: By which deployment.
        flag: Which.
        value: What some get, and all in the end.
        ruling: What holds for it until then.
        revision: Of that.
        audience: For whom.
        by: Who draws.
        steps: Percent of them, ascending.
        watch_seconds: How long after a draw a call that fails speaks against it.
    """

    deployment: str
    flag: str
    value: object
    ruling: Ruling
    revision: int
    audience: Audience
    by: Literal["principal", "site"]
    steps: tuple[float, ...]
    watch_seconds: float

    @property
    def floor(self) -> float:
        """Percent who have the value already, by lot."""
        mine = [one for one in self.ruling.rules if one.audience == self.audience]
        return max((share.percent for one in mine for share in one.shares), default=0.0)


class Around(NamedTuple):
    """What there is.

    Attributes:
        database: Where flags are ruled.
        figures: Asks all hosts there are; None of one that is silent.
        clock: Seconds that never jump.
    """

    database: Database
    figures: Callable[[], Awaitable[Mapping[str, Figures | None]]]
    clock: Callable[[], float] = monotonic


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is.

    Attributes:
        percent: Of those who draw, how many get the value; 0 in the beginning, 100 in the end.
        rate: Principals a second who draw.
        known: Principals who drew it and were watched to the end.
        came_to: How the one before has ended.
    """

    percent: float = 0.0
    rate: float = 0.0
    known: int = 0
    came_to: CameTo = "good"


class FlagWatcher:
    """Watches one step.

    Args:
        around: What there is.
        rolled: What is rolled out.
        rung: How far it is.
        plan: What it is held to.
        memory: Of a judge that began before.
    """

    def __init__(
        self, around: Around, rolled: Rolled, rung: Rung, *, plan: Plan, memory: Memory
    ) -> None:
        self._database, self._figures, clock = around
        self._rolled = rolled
        self.judge = Judge(plan, memory)
        self.rung = rung
        self._clock = clock
        self._at, self._begun = max(0.0, memory.at), clock()
        self._react = rolled.watch_seconds + POLL_SECONDS * LOOKS_TO_CONVICT + LOOK_SECONDS
        self._tally = Tally(rolled.flag)
        self._having: set[str] = set()
        self._given_at = -RENEW_SECONDS
        self._stage = memory.stages + 1
        self._trial, self._step = self._made(rung.percent)

    async def begin(self) -> None:
        """Gives the share; in the beginning nobody's, to see how many draw.

        Raises:
            HanseError: The database or control is away.
        """
        if self.rung.percent == 0:
            await self._give()
            await wait_set(asyncio.Event(), min(MEASURE_SECONDS, self._rolled.watch_seconds))
            drew = self._drew(await self._figures())
            rate = drew / min(MEASURE_SECONDS, self._rolled.watch_seconds)
            most = max(self._rolled.floor + LEAST, allowed(rate, self._react, 0, 0.0))
            self._set(first(self._rolled.steps, most), rate)
        self._begun = self._clock()
        await self._give()

    async def withdraw(self) -> None:
        """Takes it back from everybody, at once; where the database is away, it ends by itself."""
        with suppress(HanseError):
            await withdraw(self._database, self._rolled.flag, self._rolled.deployment)

    async def look(self, *, hold: bool) -> tuple[Now | None, Outcome | None]:
        """One look: asks the hosts, then the judge, and gives the share for a while longer.

        Args:
            hold: Whether it is to stay as it is.

        Returns:
            How it stands, None where nobody knows; and the outcome, None while there is none.

        Raises:
            HanseError: Database or control are away; the share runs out by itself.
        """
        verdict = self._judged(await self._figures())
        if verdict is not None and verdict.state == "bad":
            await self.withdraw()
            return self._now(verdict), Outcome("bad", verdict.sentence, verdict)
        if not await self._give():
            why = f"Somebody has ruled otherwise of {self._rolled.flag} meanwhile, which holds."
            return None, Outcome("overruled", why)
        if verdict is None:
            return None, None
        return self._now(verdict), None if hold else self._outcome(verdict)

    @property
    def following(self) -> Rung:
        """The one behind this, which went well."""
        known = self.rung.known
        stage = self.judge.memory.stage
        if stage is not None and stage.name == self._step.name:
            known += stage.canary_requests
        after = following(self._rolled.steps, self.rung.percent, self._most(known)) or next(
            (one for one in self._rolled.steps if one > self.rung.percent), 100.0
        )
        return Rung(percent=after, rate=self.rung.rate, known=known)

    def _outcome(self, verdict: Verdict) -> Outcome | None:
        steps, now = self._rolled.steps, self.rung.percent
        if now >= steps[-1]:
            return Outcome("good", verdict.sentence, verdict) if verdict.state == "good" else None
        known = self.rung.known + verdict.canary_requests
        if may_go_on(verdict) and following(steps, now, self._most(known)) is not None:
            return Outcome("good", verdict.sentence, verdict)
        return None

    def _most(self, known: int) -> float:
        memory = self.judge.memory
        excess = memory.excess + (memory.stage.excess if memory.stage else 0.0)
        return allowed(self.rung.rate, self._react, known, excess)

    def _judged(self, found: Mapping[str, Figures | None]) -> Verdict | None:
        """What the judge says, once hosts follow."""
        flag, since = self._rolled.flag, self._clock() - self._begun
        having = {name: one for name, one in found.items() if one is not None and flag in one.flags}
        self._having = (self._having & found.keys()) | having.keys()
        there = {
            name: one for name, one in having.items() if one.flags[flag].trial == self._trial.name
        }
        if len(there) < len(self._having) and since < FOLLOW_SECONDS:
            return None
        if since < self._react:  # later nobody draws who drew before
            rate = self._drew(found) / max(since, 1.0)
            self.rung = msgspec.structs.replace(self.rung, rate=max(rate, self.rung.rate))
        at = self._at + since
        poll = poll_of(self._tally.take(there), self._step, at, sorted(self._having))
        try:
            verdict = self.judge.look(poll)
        except BadFigures as error:
            log.warning("%s: what was counted cannot be so: %s", self._rolled.deployment, error)
            return None
        return msgspec.structs.replace(verdict, sentence=said(verdict, self._step))

    def _drew(self, found: Mapping[str, Figures | None]) -> int:
        told = [one.flags.get(self._rolled.flag) for one in found.values() if one is not None]
        return sum(one.drew for one in told if one is not None and one.trial == self._trial.name)

    def _now(self, verdict: Verdict) -> Now:
        share = self.rung.percent / 100
        return Now(share, 1 - share, self.rung.rate, verdict)

    def _set(self, percent: float, rate: float) -> None:
        self.rung = msgspec.structs.replace(self.rung, percent=percent, rate=rate)
        self._trial, self._step = self._made(percent)
        self._given_at = -RENEW_SECONDS

    def _made(self, percent: float) -> tuple[Trial, Step]:
        rolled = self._rolled
        share = Share(max(percent, rolled.floor), rolled.value)
        ruling, before = tried(rolled.ruling, rolled.audience, share, rolled.by)
        trial = Trial(
            deployment=self._rolled.deployment,
            step=f"{percent:.3g} %",
            ruling=ruling,
            watch_seconds=rolled.watch_seconds,
        )
        beside = DEFAULT if before is msgspec.UNSET else variant_of(before)
        name = f"{percent:.3g} % {self._stage}"
        step = Step(name=name, variant=variant_of(rolled.value), percent=percent, beside=beside)
        return trial, step

    async def _give(self) -> bool:
        """Gives it where it is another, or soon over; False if somebody has ruled otherwise."""
        now = self._clock()
        if now - self._given_at < RENEW_SECONDS:
            return True
        given = await give(self._database, self._rolled.flag, self._trial, self._rolled.revision)
        self._given_at = now
        return given
