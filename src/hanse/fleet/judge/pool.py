"""What has come since the last window was closed: by instance, and by client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from hanse.fleet.judge.betting import Pair

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.fleet.judge.figures import Counts
    from hanse.fleet.judge.growth import Growth
    from hanse.fleet.judge.rules import Rule

NOBODY: Final = "?"
"""The client of errors that nobody is named for: all of them may be one's."""
CLIENTS_MAX: Final = 256
"""Clients in one window that are told apart; errors of more are nobody's."""


class Heap(msgspec.Struct):
    """Counts on a heap, as of one instance or client.

    Attributes:
        requests: All of them.
        errors: Those that failed.
        warm_requests: Those that came after warm-up.
        warm_errors: Those that failed then.
        latency: Durations after warm-up, by bound.
        signals: Business events after warm-up.
        lacks: Metrics that were not measured for some of it.
    """

    requests: int = 0
    errors: int = 0
    warm_requests: int = 0
    warm_errors: int = 0
    latency: dict[int, int] = {}
    signals: dict[str, int] = {}
    lacks: set[str] = set()

    def add(self, counts: Counts, rules: Iterable[Rule], *, warm: bool) -> None:
        """Put these on top."""
        self.requests += counts.requests
        self.errors += counts.errors
        if not warm:
            return
        self.warm_requests += counts.requests
        self.warm_errors += counts.errors
        for bound, number in counts.latency or ():
            self.latency[bound] = self.latency.get(bound, 0) + number
        for name, number in counts.signals.items():
            self.signals[name] = self.signals.get(name, 0) + number
        for rule in rules:
            absent = counts.latency is None and rule.source == "latency"
            if absent or (rule.source == "signal" and rule.name not in counts.signals):
                self.lacks.add(rule.name)

    def hits(self, rule: Rule, threshold: float, *, warm: bool) -> tuple[int, int]:
        """How many were hit by what a rule counts, and of how many.

        Args:
            rule: Which.
            threshold: Duration from which a request is slow, where that is what it counts.
            warm: Whether errors count only after warm-up.
        """
        if rule.source == "errors":
            return (self.warm_errors, self.warm_requests) if warm else (self.errors, self.requests)
        if rule.source == "signal":
            return self.signals.get(rule.name, 0), self.warm_requests
        if not self.latency:
            return 0, 0
        slow = sum(number for bound, number in self.latency.items() if bound > threshold)
        return slow, sum(self.latency.values())


class Pool(msgspec.Struct):
    """What waits for its window to be closed.

    Attributes:
        since: When the last one was.
        canaries: By instance.
        twins: By instance.
        clients: Of the canaries, by client.
        twin_clients: Of the twins.
        crowds: Looks at which the canaries had failed meanwhile.
    """

    since: float
    canaries: dict[str, Heap] = {}
    twins: dict[str, Heap] = {}
    clients: dict[str, Heap] = {}
    twin_clients: dict[str, Heap] = {}
    crowds: int = 0

    def add(self, instance: str, grown: Growth, rules: Iterable[Rule], *, twin: bool) -> None:
        """Put on top what an instance has done."""
        heaps, clients = (self.twins, self.twin_clients) if twin else (self.canaries, self.clients)
        heaps.setdefault(instance, Heap()).add(grown.counts, rules, warm=grown.warm)
        named = 0
        for name, counts in grown.clients.items():
            if name in clients or len(clients) < CLIENTS_MAX:
                named += counts.errors
                clients.setdefault(name, Heap()).add(counts, (), warm=grown.warm)
        if not grown.full and grown.counts.errors > named:
            clients.setdefault(NOBODY, Heap()).errors += grown.counts.errors - named

    def requests(self) -> tuple[int, int]:
        """Of canaries and twins."""
        return _requests(self.canaries), _requests(self.twins)

    def lacks(self) -> set[str]:
        """Metrics that were not measured everywhere, all the time."""
        heaps = [*self.canaries.values(), *self.twins.values()]
        return {name for heap in heaps for name in heap.lacks}

    def pair(self, rule: Rule, threshold: float, *, warm: bool = False, without: str = "") -> Pair:
        """What a rule is about; without one of the instances, if one is named.

        The canary's requests are slow from `slack` times the threshold on: whose durations are
        at most that many times the twin's has no more slow requests, wherever the threshold is.
        """
        canary = _hits(self.canaries, rule, threshold * rule.slack, warm=warm, without=without)
        twin = _hits(self.twins, rule, threshold, warm=warm, without=without)
        return Pair(*canary, *twin)

    def client_pair(self, rule: Rule, threshold: float, client: str) -> Pair:
        """The part of it that is one client's."""
        none = Heap()
        canary = self.clients.get(client, none).hits(rule, threshold * rule.slack, warm=False)
        twin = self.twin_clients.get(client, none).hits(rule, threshold, warm=False)
        return Pair(*canary, *twin)


def without(pair: Pair, part: Pair) -> Pair:
    """The rest; a client who was named only now may have been given more than there was."""
    hits, twin_hits = max(pair.hits - part.hits, 0), max(pair.twin_hits - part.twin_hits, 0)
    return Pair(
        hits,
        max(pair.requests - part.requests, min(hits, pair.requests)),
        twin_hits,
        max(pair.twin_requests - part.twin_requests, min(twin_hits, pair.twin_requests)),
    )


def _requests(heaps: dict[str, Heap]) -> int:
    return sum(heap.requests for heap in heaps.values())


def _hits(
    heaps: dict[str, Heap], rule: Rule, threshold: float, *, warm: bool, without: str
) -> tuple[int, int]:
    counted = [
        heap.hits(rule, threshold, warm=warm) for name, heap in heaps.items() if name != without
    ]
    return sum(hits for hits, _ in counted), sum(of for _, of in counted)
