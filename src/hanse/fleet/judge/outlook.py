"""How many more requests decide, and when they will have come, if all goes on as it went."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hanse.fleet.judge.betting import Pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.fleet.judge.plan import Plan
    from hanse.fleet.judge.rules import Rule
    from hanse.fleet.judge.stage import Stage


def requests_to_go(stage: Stage, rules: Sequence[Rule], plan: Plan) -> int | None:
    """Requests of canary and twin together until one side has won; None where nothing tells."""
    if not (stage.canary_requests and stage.twin_requests):
        return None
    good = [_until_proven(stage, rule, plan) for rule in rules if rule.needed]
    bad = [_until_convicted(stage, rule, plan) for rule in rules]
    to_go = min(max(good, default=math.inf), *bad)
    if not math.isfinite(to_go):
        return None
    both = (stage.canary_requests + stage.twin_requests) / stage.canary_requests
    return max(math.ceil(to_go * both), 1)


def seconds_to_go(stage: Stage, at: float, requests: int | None) -> float | None:
    """How long so many take, as fast as they have come in this stage."""
    so_far = stage.canary_requests + stage.twin_requests
    if requests is None or at <= stage.begun or not so_far:
        return None
    return requests * (at - stage.begun) / so_far


def _until_proven(stage: Stage, rule: Rule, plan: Plan) -> float:
    evidence = stage.evidence[rule.name]
    goal = math.log(1 / plan.wrong_good)
    if evidence.proof(rule) >= goal:
        return 0.0
    gains = rule.proving(_expected(evidence.warm, stage))
    return _soonest(goal, rule.proofs, evidence.proven, gains)


def _until_convicted(stage: Stage, rule: Rule, plan: Plan) -> float:
    evidence = stage.evidence[rule.name]
    goal = math.log(plan.convicts) - stage.carried - rule.part
    gains = rule.convicting(_expected(evidence.past, stage), evidence.past)
    return _soonest(goal, rule.stakes, evidence.gained, gains)


def _expected(seen: Pair, stage: Stage) -> Pair:
    """What one request of the canary, and as many of the twin as come with it, bring on average."""
    twin = stage.twin_requests / stage.canary_requests
    if not (seen.requests and seen.twin_requests):
        return Pair(0.0, 1.0, 0.0, twin)
    return Pair(seen.hits / seen.requests, 1.0, seen.twin_hits / seen.twin_requests * twin, twin)


def _soonest(
    goal: float, stakes: Sequence[float], gained: Sequence[float], gains: Sequence[float]
) -> float:
    """Requests of the canary until the first of the bets has reached the goal by itself."""
    ways = [
        max(goal - stake - so_far, 0.0) / gain
        for stake, so_far, gain in zip(stakes, gained, gains, strict=True)
        if gain > 0
    ]
    return min(ways, default=math.inf)
