"""The judge: polls go in, and what follows from all of them so far comes out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import msgspec

from hanse.fleet.judge.errors import BadFigures
from hanse.fleet.judge.figures import Poll, Sample, check
from hanse.fleet.judge.growth import Growth, growth
from hanse.fleet.judge.outlook import requests_to_go, seconds_to_go
from hanse.fleet.judge.plan import SUSPICIOUS, Plan
from hanse.fleet.judge.rules import rules_of
from hanse.fleet.judge.sentence import sentence
from hanse.fleet.judge.stage import Stage, begin
from hanse.fleet.judge.verdict import Metric, Reason, State, Verdict

if TYPE_CHECKING:
    from hanse.fleet.judge.rules import Rule

KEPT_BACK: Final = 0.25
"""Part of what is left of the stake that is kept back, at the begin of a stage, for those after."""
_GREATEST: Final = 690.0  # of what is written as a number; e^709 is none any more


class Memory(msgspec.Struct):
    """All that a judge remembers; can be written down and read again.

    Attributes:
        at: When it looked last.
        samples: What it saw then, by instance; of who was silent, what it saw before.
        stage: What it compares.
        stages: How many it has begun.
        excess: Errors beyond the twin's rate in the stages before.
    """

    at: float = -1.0
    samples: dict[str, Sample] = {}
    stage: Stage | None = None
    stages: int = 0
    excess: float = 0.0


class Judge:
    """Judges one deployment.

    It has no clock and draws no lots: the same polls give the same verdicts.

    Args:
        plan: What it is held to.
        memory: What another with this plan has remembered, to go on from there.
    """

    def __init__(self, plan: Plan, memory: Memory | None = None) -> None:
        self.plan = plan
        self.memory = memory or Memory()
        self._rules = rules_of(plan)

    def look(self, poll: Poll) -> Verdict:
        """Takes a poll, and says what is known by now.

        The first poll of a stage is what the others are compared with: let it be before the
        canary gets its first request, and the others a second apart, or less.

        Raises:
            BadFigures: They cannot be so. Then nothing was taken of the poll.
        """
        check(poll)
        memory = self.memory
        if poll.at < memory.at:
            raise BadFigures("", f"a poll at {poll.at} s after one at {memory.at} s")
        if memory.stage is None or memory.stage.name != poll.stage:
            stage = self._next_stage(poll)
            memory.samples = dict(poll.samples)
        else:
            stage = memory.stage
            self._take(stage, poll)
        memory.at = poll.at
        return self._verdict(stage, poll)

    def _next_stage(self, poll: Poll) -> Stage:
        """Begins to compare another pair; what the last one has shown is staked on this one."""
        memory = self.memory
        stake = (1 - KEPT_BACK) * KEPT_BACK**memory.stages
        if memory.stage is not None:
            stake += _number(memory.stage.worth(self._rules))
            memory.excess += memory.stage.excess
        memory.stage = begin(poll.stage, poll.at, math.log(stake), self._rules)
        memory.stages += 1
        return memory.stage

    def _take(self, stage: Stage, poll: Poll) -> None:
        grown = self._grown(poll)
        requests = {True: 0, False: 0}
        failed = False
        for instance, more in grown.items():
            twin = instance in poll.twins
            stage.pool.add(instance, more, self._rules, twin=twin)
            requests[twin] += more.counts.requests
            failed = failed or (more.counts.errors > 0 and not twin)
            if more.restarted:
                stage.restarts[instance] = stage.restarts.get(instance, 0) + 1
        stage.pool.crowds += failed
        listed = {*poll.canaries, *poll.twins}
        whole = listed == poll.samples.keys()
        if poll.share is not None:
            stage.divide(requests[False], requests[True], poll.share, whole=whole)
        stage.close(self._rules, self.plan, poll.at)
        known = self.memory.samples | poll.samples
        self.memory.samples = {name: known[name] for name in known if name in listed}

    def _grown(self, poll: Poll) -> dict[str, Growth]:
        memory = self.memory
        return {
            instance: growth(
                instance,
                memory.samples.get(instance),
                sample,
                since=poll.at - memory.at,
                warm_up=self.plan.warm_up_s,
            )
            for instance, sample in poll.samples.items()
        }

    def _verdict(self, stage: Stage, poll: Poll) -> Verdict:
        worth = stage.worth(self._rules)
        least, whom = self._weakest(stage, worth)
        metrics = tuple(self._metric(stage, rule) for rule in self._rules)
        excess = self.memory.excess + stage.excess
        state, reason, missing = self._decide(stage, poll, worth, (least, whom))
        more = requests_to_go(stage, self._rules, self.plan) if state == "undecided" else None
        requests = stage.canary_requests + stage.twin_requests
        verdict = Verdict(
            state=state,
            reason=reason,
            sentence="",
            at=poll.at,
            stage=stage.name,
            evidence=_number(worth),
            weakest=_number(least),
            weakest_without=whom,
            convicts=self.plan.convicts,
            proves=1 / self.plan.wrong_good,
            excess=excess,
            retreat=_number(least) >= SUSPICIOUS and excess >= self.plan.harm_max,
            share=stage.canary_requests / requests if requests else 0.0,
            split=_number(stage.split.evidence),
            canary_requests=stage.canary_requests,
            twin_requests=stage.twin_requests,
            metrics=metrics,
            more_requests=more,
            more_s=seconds_to_go(stage, poll.at, more),
        )
        return msgspec.structs.replace(verdict, sentence=sentence(verdict, missing=missing))

    def _weakest(self, stage: Stage, worth: float) -> tuple[float, str]:
        """What is left at least without one client or host, and which that is."""
        if worth < math.log(SUSPICIOUS):
            return worth, ""
        left = {whom: stage.worth(self._rules, whom) for whom in ("", *stage.suspects())}
        whom = min(left, key=lambda name: left[name])
        return left[whom], whom

    def _decide(
        self, stage: Stage, poll: Poll, worth: float, weakest: tuple[float, str]
    ) -> tuple[State, Reason, str]:
        """State, reason, and what is missing; what speaks against a release comes first."""
        if worth >= math.log(self.plan.convicts):
            if weakest[0] >= math.log(SUSPICIOUS):
                return "bad", "worse", ""
            alone = "one_client" if weakest[1].startswith("client:") else "one_host"
            return "undecided", alone, ""
        if worth >= math.log(SUSPICIOUS):
            return "undecided", "suspicious", ""
        if silent := [one for one in (*poll.canaries, *poll.twins) if one not in poll.samples]:
            return "undecided", "figures_missing", ", ".join(silent)
        return self._decide_goodness(stage, poll)

    def _decide_goodness(self, stage: Stage, poll: Poll) -> tuple[State, Reason, str]:
        if stage.split.evidence >= math.log(self.plan.convicts):
            return "undecided", "split_otherwise", ""
        if not (stage.canary_requests and stage.twin_requests):
            return "undecided", "no_traffic", ""
        young = [name for name, one in poll.samples.items() if one.age_s < self.plan.warm_up_s]
        if young:
            return "undecided", "warming_up", ", ".join(young)
        if lacks := [rule.name for rule in self._rules if rule.needed and rule.name in stage.lacks]:
            return "undecided", "metric_missing", ", ".join(lacks)
        goal = math.log(1 / self.plan.wrong_good)
        if all(stage.evidence[one.name].proof(one) >= goal for one in self._rules if one.needed):
            return "good", "proven", ""
        return "undecided", "more_needed", ""

    def _metric(self, stage: Stage, rule: Rule) -> Metric:
        evidence = stage.evidence[rule.name]
        proof = evidence.proof(rule)
        past = [int(number) for number in evidence.past]
        threshold = stage.thresholds.get(rule.name)
        return Metric(
            name=rule.name,
            hits=past[0],
            requests=past[1],
            twin_hits=past[2],
            twin_requests=past[3],
            threshold_ms=None if threshold is None else threshold * rule.slack / 1e6,
            evidence=_number(evidence.worth(rule) - rule.part),
            proof=_number(proof),
            needed=rule.needed,
            proven=proof >= math.log(1 / self.plan.wrong_good),
            measured=rule.name not in stage.lacks,
        )


def _number(logarithm: float) -> float:
    return math.exp(min(logarithm, _GREATEST))
