"""What was seen: answers counted, latencies in buckets, wrong answers by what was wrong."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import msgspec

BUCKET_RATIO = 1.005
"""A latency is known to half a per cent, however many there are."""

SENTENCES_MAX = 20
"""Different sentences about wrong or missing answers that are kept."""

_STEP = math.log(BUCKET_RATIO)
_LEAST_SECONDS = 1e-6


class Latencies(msgspec.Struct):
    """A histogram of seconds.

    Attributes:
        buckets: Count by number of the bucket; each is half a per cent wider than the one before.
        longest: Exact.
    """

    buckets: Counter[int] = msgspec.field(default_factory=Counter[int])
    longest: float = 0.0

    def record(self, seconds: float) -> None:
        """Counts one."""
        self.buckets[math.ceil(math.log(max(seconds, _LEAST_SECONDS)) / _STEP)] += 1
        self.longest = max(self.longest, seconds)

    def add(self, other: Latencies) -> None:
        """Counts all of another."""
        self.buckets.update(other.buckets)
        self.longest = max(self.longest, other.longest)

    @property
    def count(self) -> int:
        """How many there are."""
        return self.buckets.total()

    def quantile(self, share: float) -> float:
        """Seconds that at least this share of all do not exceed; 0 where there are none."""
        rank = max(1, math.ceil(self.count * share))
        seen = 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= rank:
                return min(math.exp(bucket * _STEP), self.longest)
        return 0.0


class Times(msgspec.Struct, frozen=True):
    """Latencies for people, in milliseconds."""

    count: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float


class Report(msgspec.Struct, frozen=True):
    """What a run saw.

    Attributes:
        requests: Answers that came, right or wrong.
        seconds: From the first request to the last answer.
        requests_per_second: Of right answers.
        wrong: Answers that said something that is not so.
        failed: Answers that did not come, or said that the shop does not work just now.
        unserved: Tasks of an open loop for which no shopper came free in time.
        p50_ms: Of requests; in an open loop the first of a task counts from when it was due.
        p90_ms: Likewise.
        p99_ms: Likewise.
        max_ms: Likewise.
        late_p99_ms: How far the generator itself was behind its schedule.
        tasks: Whole tasks by name; in an open loop from when they were due.
        sentences: What was wrong or failed, and how often.
    """

    requests: int
    seconds: float
    requests_per_second: float
    wrong: int
    failed: int
    unserved: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    late_p99_ms: float
    tasks: dict[str, Times]
    sentences: dict[str, int]


class Tally(msgspec.Struct):
    """Counts while a run goes on; several can be added up."""

    requests: Latencies = msgspec.field(default_factory=Latencies)
    lateness: Latencies = msgspec.field(default_factory=Latencies)
    tasks: dict[str, Latencies] = msgspec.field(default_factory=dict[str, Latencies])
    sentences: Counter[str] = msgspec.field(default_factory=Counter[str])
    wrong: int = 0
    failed: int = 0
    unserved: int = 0
    seconds: float = 0.0

    def task(self, name: str, seconds: float) -> None:
        """A task was done, and all was right."""
        self.tasks.setdefault(name, Latencies()).record(seconds)

    def says(self, sentence: str, times: int = 1) -> None:
        """Keeps a sentence; those beyond the limit are only counted."""
        known = sentence in self.sentences or len(self.sentences) < SENTENCES_MAX
        self.sentences[sentence if known else "others"] += times

    def add(self, other: Tally) -> None:
        """Counts what another process saw at the same time."""
        self.requests.add(other.requests)
        self.lateness.add(other.lateness)
        for name, latencies in other.tasks.items():
            self.tasks.setdefault(name, Latencies()).add(latencies)
        for sentence, times in other.sentences.items():
            self.says(sentence, times)
        self.wrong += other.wrong
        self.failed += other.failed
        self.unserved += other.unserved
        self.seconds = max(self.seconds, other.seconds)

    def report(self) -> Report:
        """For people and programs."""
        whole, right = times(self.requests), self.requests.count - self.wrong
        return Report(
            requests=whole.count,
            seconds=self.seconds,
            requests_per_second=right / self.seconds if self.seconds else 0.0,
            wrong=self.wrong,
            failed=self.failed,
            unserved=self.unserved,
            p50_ms=whole.p50_ms,
            p90_ms=whole.p90_ms,
            p99_ms=whole.p99_ms,
            max_ms=whole.max_ms,
            late_p99_ms=times(self.lateness).p99_ms,
            tasks={name: times(latencies) for name, latencies in sorted(self.tasks.items())},
            sentences=dict(self.sentences.most_common()),
        )


def times(latencies: Latencies) -> Times:
    """The usual four."""
    half, most, nearly_all = (latencies.quantile(share) * 1e3 for share in (0.5, 0.9, 0.99))
    return Times(latencies.count, half, most, nearly_all, latencies.longest * 1e3)


def added(tallies: Iterable[Tally]) -> Tally:
    """What several processes saw together."""
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole
