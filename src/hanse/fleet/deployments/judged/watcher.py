"""One stage of a deployment: shares are given, figures read, and the judge asked, each second."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.fleet.control.looks.scrape import Lines, figures_of
from hanse.fleet.deployments.judged.calm import Calm
from hanse.fleet.deployments.judged.outcome import Now, Outcome, Pair
from hanse.fleet.deployments.judged.plan import plan_of
from hanse.fleet.deployments.judged.ramp import Known, most_of_one, share
from hanse.fleet.deployments.judged.tally import Tally
from hanse.fleet.deployments.judged.unit import Unit
from hanse.fleet.judge.errors import BadFigures
from hanse.fleet.judge.figures import Poll
from hanse.fleet.judge.judge import Judge, Memory
from hanse.fleet.judge.sentence import unopposed
from hanse.kit.clock import monotonic, unix_seconds, wait_set
from hanse.runtime.errors import HanseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.fleet.control.staging.api import Instance, Order
    from hanse.fleet.deployments.judged.lately import Lately
    from hanse.fleet.judge.figures import Sample
    from hanse.fleet.judge.verdict import Verdict
    from hanse.runtime.placement.deploy_table import DeployTable, JudgedStage

log = logging.getLogger("hanse.deployer")

POLL_SECONDS = 1.0

LOOKS_TO_CONVICT = 7
"""At which a canary has to fail, however badly, before the judge is sure: no crowd of failures
multiplies its stake by more than a bound. What fails counts when its second is over."""

HOSTS_LOOK_SECONDS = 0.25
"""Within which a host knows of other shares; see `Directory`."""

REACT_SECONDS = POLL_SECONDS * LOOKS_TO_CONVICT + HOSTS_LOOK_SECONDS
"""From an error to a share of nothing, beside the time that it takes to tell the gateway."""

LOOKS_TO_LOSE = 10
"""At which nobody is there: a control process that begins knows its hosts a moment later."""

RENEW_SECONDS = 2.5
"""Between two times that the same shares are given: they last for ten."""

LATE_LOOKS = 2
"""Looks after which it is known how a request went."""

TWIN_AT_THE_END = 0.2
"""Of all requests, when the new release serves: enough to go on comparing it."""


class Watcher:
    """Watches one stage of one deployment.

    Args:
        lately: Knows all hosts; its staging does with them what is asked.
        order: What is deployed.
        rules: What it is held to.
        memory: Of a judge that began before.
        stage: What is compared: a canary beside its group, or the group itself.
    """

    def __init__(
        self,
        lately: Lately,
        order: Order,
        rules: DeployTable,
        memory: Memory,
        stage: JudgedStage,
    ) -> None:
        self._lately, self._staging = lately, lately.staging
        self._lines = Lines()
        self._order = order
        self.judge = Judge(plan := plan_of(rules), memory)
        self._calm = Calm(rules.wave_seconds) if stage == "wave" else None
        # Who begins to watch knows nothing of what was counted until now: that is another stage.
        self._stage = f"{stage} {memory.stages + 1}"
        self._part = "" if stage == "group" else "canary"
        self._unit = Unit()
        self._tally = Tally(one.name for one in plan.signals)
        self._most = most_of_one(max(one.group.replicas for one in order.changes))
        self._react = REACT_SECONDS
        self._rate = 0.0
        self._before: dict[str, Sample] = {}
        self._shares = (0.0, 0.0)
        self._given_at = 0.0
        self._lost = 0
        # Another boot counts from its own zero, and what is judged only goes on.
        self._at, self._begun = max(0.0, memory.at), monotonic()
        self._counted: list[int] = []
        self._meant_before = 0.0
        self._looked = monotonic()

    async def begin(self) -> None:
        """Looks before anybody is sent anything, and sees how much there is to do."""
        settled = self._beside(await self._staging.instances())
        begun = monotonic()
        first = await _requests(settled)
        await wait_set(asyncio.Event(), POLL_SECONDS)
        now = max(0.0, await _requests(settled) - first) / (monotonic() - begun)
        self._rate = max(now, await _usual_rate(settled))  # a quiet second says little
        if self._part:
            await self._give(0.0, 0.0)
        else:
            await self._give(0.0, min(self._most, TWIN_AT_THE_END))

    async def withdraw(self) -> None:
        """Gives the new release nothing that can be given elsewhere, at once.

        A canary gets nothing. What serves as the group has all but its twin's share, which stays
        until there is a way back. Where control does not answer, shares run out.
        """
        with suppress(HanseError):
            await self._give(*((0.0, 0.0) if self._part else self._shares))

    def leave(self) -> None:
        """Asks nobody any more."""
        self._lines.keep(())

    async def look(self, *, hold: bool) -> tuple[Now | None, Outcome | None]:
        """One look: reads what was counted, asks the judge, and gives the shares that follow.

        Args:
            hold: Whether the canary's share is not to grow.

        Returns:
            How it stands, None where nobody knows; and the outcome, None while there is none.

        Raises:
            HanseError: Control does not answer; shares run out by themselves.
        """
        pair = await self._pair()
        self._lost = 0 if pair.whole else self._lost + 1
        if self._lost >= LOOKS_TO_LOSE:
            return None, Outcome("lost", "Canary or twin are gone: was the fleet ended meanwhile?")
        verdict = await self._judged(pair)
        if pair.crashed:
            await self.withdraw()
            return None, Outcome("crashed", pair.crash)
        if verdict is None:
            await self._give(*self._shares)
            return None, None
        now = Now(*self._shares, self._rate, verdict)
        if verdict.state != "undecided":
            await (self.withdraw() if verdict.state == "bad" else self._give(*self._shares))
            return now, Outcome(verdict.state, verdict.sentence, verdict)
        await self._give(*self._next(verdict, hold=hold))
        return now, self._calmed(verdict)

    def _calmed(self, verdict: Verdict) -> Outcome | None:
        """That it goes on in a further region, as far as nothing has spoken against it for long."""
        full = self._shares[0] >= self._most
        if self._calm is None or not self._calm.look(verdict, monotonic(), full=full):
            return None
        return Outcome("good", unopposed(verdict), verdict)

    def _next(self, verdict: Verdict, *, hold: bool) -> tuple[float, float]:
        """The shares that follow from what is known."""
        canary, twin = self._shares
        if not self._part:
            return canary, twin
        known = Known(
            rate=self._rate,
            react_seconds=self._react,
            requests=self._known_requests(verdict.canary_requests),
            excess=verdict.excess,
        )
        wanted = share(known, canary, self._most)
        if verdict.retreat:
            wanted = share(Known(rate=self._rate, react_seconds=self._react), 0.0, self._most)
        if hold or (canary and verdict.reason == "suspicious"):
            wanted = min(wanted, canary)
        return wanted, self._most

    def _known_requests(self, now: int) -> int:
        """Those of which it is known how they went; failures of the last looks are not."""
        self._counted = [*self._counted[-LATE_LOOKS:], now]
        return self._counted[0] if len(self._counted) > LATE_LOOKS else 0

    async def _give(self, canary: float, twin: float) -> None:
        """Gives shares where they are others, or soon over."""
        begun, same = monotonic(), (canary, twin) == self._shares
        if same and begun - self._given_at < RENEW_SECONDS:
            return
        self._given_at = begun
        await self._staging.share(self._order.deployment, canary, twin)
        if not same:  # what is only renewed tells nobody at once
            self._react = REACT_SECONDS + (monotonic() - begun)
        self._shares = (canary, twin)

    async def _judged(self, pair: Pair) -> Verdict | None:
        asked = unix_seconds()
        sockets = [_socket(one) for one in pair.all]
        self._lines.keep(sockets)
        found = await asyncio.gather(*map(self._lines.figures_of, sockets))
        told = {one.name: some for one, some in zip(pair.all, found, strict=True) if some}
        samples = self._tally.take(told, asked)
        meant = self._meant(pair, samples)
        whole = self._unit.compared(pair, samples)
        try:
            return self.judge.look(
                Poll(
                    at=self._at + monotonic() - self._begun,
                    stage=self._stage,
                    canaries=whole.canaries,
                    twins=whole.twins,
                    samples=whole.samples,
                    share=meant,
                )
            )
        except BadFigures as error:
            log.warning("%s: what was counted cannot be so: %s", self._order.deployment, error)
            return None
        finally:
            # Of who says nothing now, the next look has all since it last said something.
            self._before |= samples

    def _meant(self, pair: Pair, samples: dict[str, Sample]) -> float | None:
        """What part of the requests to both the canaries were to get, since the last look.

        Where shares have changed meanwhile, hosts knew at different moments: then any part between
        the old and the new one is as meant. The group does by itself what nobody asks for, and is
        given no share: None.
        """
        now, seconds = monotonic(), monotonic() - self._looked
        self._looked = now
        grown = {name: self._grown(name, one) for name, one in samples.items()}
        canary = sum(grown.get(one.name, 0) for one in pair.canaries)
        both = sum(grown.values())
        given = sum(self._shares) if self._part else 1.0
        if both and given and seconds > 0:
            rate = both / given / seconds
            self._rate = (self._rate + rate) / 2 if self._rate else rate
        if not self._part:
            return None
        meant = _part_of(self._shares)
        low, high = sorted((self._meant_before or meant, meant))
        if len(samples) == len(pair.all):  # else looks count as one, until all answer in one
            self._meant_before = meant
        realised = canary / both if both else meant
        return min(0.999, max(0.001, low, min(high, realised)))

    def _grown(self, name: str, sample: Sample) -> int:
        before = self._before.get(name)
        if before is None or before.born != sample.born:
            return 0
        return sample.counts.requests - before.counts.requests

    async def _pair(self) -> Pair:
        mine = [
            one
            for one in await self._lately.instances()
            if one.deployment == self._order.deployment
        ]
        return Pair(
            tuple(one for one in mine if one.part == self._part),
            tuple(one for one in mine if one.part == "twin"),
        )

    def _beside(self, instances: Sequence[Instance]) -> list[Instance]:
        """Who serves as the group where the pair is: another region's requests never meet it."""
        mine = self._order.deployment
        where = {one.region for one in instances if one.deployment == mine and one.part == "twin"}
        groups = {each.group.name for each in self._order.changes}
        return [
            one
            for one in instances
            if not one.part and one.group in groups and one.region in (where or {one.region})
        ]


def _part_of(shares: tuple[float, float]) -> float:
    return shares[0] / sum(shares) if sum(shares) else 0.5


async def _usual_rate(instances: Sequence[Instance]) -> float:
    """Requests a second of hosts since they began."""
    found = await asyncio.gather(*(figures_of(_socket(one)) for one in instances))
    return sum(one.requests / max(1.0, one.age_s) for one in found if one)


async def _requests(instances: Sequence[Instance]) -> int:
    found = await asyncio.gather(*(figures_of(_socket(one)) for one in instances))
    return sum(one.requests for one in found if one)


def _socket(one: Instance) -> Path:
    return Path(one.socket)
