"""One comparison of a pair: windows are closed, and what they say is added up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import msgspec

from hanse.fleet.judge.betting import Pair
from hanse.fleet.judge.evidence import BLAMED_MAX, Evidence, blame, nothing
from hanse.fleet.judge.pool import Pool, without
from hanse.fleet.judge.split import Split

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hanse.fleet.judge.plan import Plan
    from hanse.fleet.judge.rules import Rule

LEARNT: Final = 100
"""Durations of the twin from which its quantiles are taken."""
OF_ITS_OWN: Final = 0.5
"""Part of all requests from which a client is no single one, but the traffic itself."""
ALONE: Final = 0.9
"""Part of the requests of its side from which a host is no one of several: too few come to the
others to speak for the release."""


class Stage(msgspec.Struct):
    """What is known of a pair.

    Attributes:
        name: Of the stage.
        begun: When.
        carried: Logarithm of the stake it began with: what the stages before have left of theirs,
            and what was kept back for it.
        pool: What waits for the next window to be closed.
        evidence: By metric.
        split: Of the requests.
        thresholds: Of the twin, in nanoseconds, by metric, as they were in the last window.
        twin_latency: How long the twin's requests took, of all windows so far.
        canary_requests: Of all windows.
        twin_requests: Likewise.
        unsplit: Requests of both since the last look at which all instances had figures.
        excess: Errors of the canary beyond the twin's rate.
        asked: Requests by client, of those that were named.
        served: By host, its requests, and those of its whole side since it was there.
        restarts: How often each instance has begun anew.
        lacks: Metrics that were not measured everywhere in the last window.
    """

    name: str
    begun: float
    carried: float
    pool: Pool
    evidence: dict[str, Evidence]
    split: Split
    thresholds: dict[str, float] = {}
    twin_latency: dict[int, int] = {}
    canary_requests: int = 0
    twin_requests: int = 0
    unsplit: tuple[int, int] = (0, 0)
    excess: float = 0.0
    asked: dict[str, int] = {}
    served: dict[str, tuple[int, int]] = {}
    restarts: dict[str, int] = {}
    lacks: set[str] = set()

    def divide(self, canary: int, twin: int, share: float, *, whole: bool) -> None:
        """Looks how requests are split; where somebody is silent, together with the next ones."""
        self.unsplit = (self.unsplit[0] + canary, self.unsplit[1] + twin)
        if whole:
            self.split.look(*self.unsplit, share)
            self.unsplit = (0, 0)

    def close(self, rules: Iterable[Rule], plan: Plan, at: float) -> bool:
        """Closes the window, if there is enough in it. Says whether it did.

        How long it is depends on requests alone and never on how they went, so it is as if it
        had been chosen before.
        """
        canary, twin = self.pool.requests()
        long = at - self.pool.since >= plan.window_s
        if not (long and canary and twin and canary + twin >= plan.window_requests):
            return False
        self.lacks = self.pool.lacks()
        for rule in rules:
            if rule.name not in self.lacks:
                self._hear(rule)
        self._count(canary, twin)
        self.pool = Pool(at)
        return True

    def worth(self, rules: Sequence[Rule], without: str = "") -> float:
        """Logarithm of what is there of the whole stake.

        Args:
            rules: Those of the plan.
            without: Whose gains are taken back: `client:NAME`, `host:NAME`, or nobody's.
        """
        worths = [
            self.evidence[rule.name].worth(rule, self._gains_of(without, rule)) for rule in rules
        ]
        most = max(worths)
        return self.carried + most + math.log(sum(math.exp(one - most) for one in worths))

    def suspects(self) -> list[str]:
        """All whose gains may be taken back: single clients and hosts."""
        found: list[str] = []
        for evidence in self.evidence.values():
            found += [f"client:{name}" for name in evidence.clients if not self._is_traffic(name)]
            found += [f"host:{name}" for name in evidence.hosts if not self._is_alone(name)]
        return list(dict.fromkeys(found))

    def _gains_of(self, whom: str, rule: Rule) -> list[float] | None:
        evidence = self.evidence[rule.name]
        kind, _, name = whom.partition(":")
        match kind:
            case "client":
                return evidence.clients.get(name)
            case "host":
                return evidence.hosts.get(name)
            case _:
                return None

    def _is_traffic(self, client: str) -> bool:
        requests = self.canary_requests + self.twin_requests
        return self.asked.get(client, 0) > OF_ITS_OWN * requests

    def _is_alone(self, host: str) -> bool:
        own, of = self.served.get(host, (0, 0))
        return own > ALONE * of

    def _hear(self, rule: Rule) -> None:
        threshold = self._threshold(rule)
        pair = self.pool.pair(rule, threshold)
        if threshold < 0 or not (pair.requests and pair.twin_requests):
            return
        evidence = self.evidence[rule.name]
        past = evidence.past
        crowds = self.pool.crowds
        gains = evidence.hear(rule, pair, crowds)
        for name, rest in self._rests(rule, pair, threshold):
            book = evidence.hosts if name.startswith("host:") else evidence.clients
            left = (
                rule.convicting(rest, past, crowds)
                if rest.requests and rest.twin_requests
                else [0.0] * len(gains)
            )
            lost = [gain - one for gain, one in zip(gains, left, strict=True)]
            blame(book, name.partition(":")[2], lost)
        warm = self.pool.pair(rule, threshold, warm=True)
        if warm.requests and warm.twin_requests:
            evidence.prove(rule, warm)

    def _rests(self, rule: Rule, pair: Pair, threshold: float) -> Iterable[tuple[str, Pair]]:
        """The window without each host of several, and without each client who was hit."""
        for heaps in (self.pool.canaries, self.pool.twins):
            if len(heaps) > 1:
                for host in heaps:
                    yield f"host:{host}", self.pool.pair(rule, threshold, without=host)
        fewer = rule.ratios[0] < 1  # where fewer are worse, it is the twin's that speak against
        for client, heap in (self.pool.twin_clients if fewer else self.pool.clients).items():
            if heap.hits(rule, threshold * (1 if fewer else rule.slack), warm=False)[0]:
                part = self.pool.client_pair(rule, threshold, client)
                yield f"client:{client}", without(pair, part)

    def _threshold(self, rule: Rule) -> float:
        """Duration from which a request is slow, as the windows before say; -1 for not yet."""
        if rule.latency is None:
            return 0.0
        rest = sum(self.twin_latency.values())
        if rest < LEARNT:
            return -1.0
        rest *= rule.latency.quantile
        for bound in sorted(self.twin_latency):
            rest -= self.twin_latency[bound]
            if rest <= 0:
                self.thresholds[rule.name] = bound
                break
        return self.thresholds[rule.name]

    def _count(self, canary: int, twin: int) -> None:
        self.canary_requests += canary
        self.twin_requests += twin
        for heap in self.pool.twins.values():
            for bound, number in heap.latency.items():
                self.twin_latency[bound] = self.twin_latency.get(bound, 0) + number
        for heaps, number in ((self.pool.canaries, canary), (self.pool.twins, twin)):
            for host, heap in heaps.items():
                own, of = self.served.get(host, (0, 0))
                self.served[host] = own + heap.requests, of + number
        errors = sum(heap.errors for heap in self.pool.canaries.values())
        expected = sum(heap.errors for heap in self.pool.twins.values()) * canary / twin
        self.excess += errors - expected
        for clients in (self.pool.clients, self.pool.twin_clients):
            for name, heap in clients.items():
                if name in self.asked or heap.requests > OF_ITS_OWN * (canary + twin) / 4:
                    self.asked[name] = self.asked.get(name, 0) + heap.requests
        while len(self.asked) > BLAMED_MAX:
            del self.asked[min(self.asked, key=lambda name: self.asked[name])]


def begin(name: str, at: float, carried: float, rules: Iterable[Rule]) -> Stage:
    """A stage in which nothing was seen yet."""
    evidence = {rule.name: nothing(rule) for rule in rules}
    return Stage(name, at, carried, Pool(at), evidence, Split())
