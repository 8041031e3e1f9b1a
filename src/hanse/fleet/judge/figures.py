"""What is judged: cumulative counts by instance, and which failures are counted as one."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING, Final

import msgspec

from hanse.fleet.judge.errors import BadFigures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CLIENTS_MAX: Final = 16
"""Clients an instance names: those with most errors, then those with most requests."""

Buckets = tuple[tuple[int, int], ...]
"""How long requests took: (greatest duration in ns, how many), ascending, of any histogram."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted since the instance began; each number only grows.

    Attributes:
        requests: Requests answered.
        errors: Those that failed, at most one a client and second (`distinct`).
        latency: How long they took; None where nobody measures that.
        signals: Business events by name, such as orders; a name left out was not measured.
    """

    requests: int
    errors: int = 0
    latency: Buckets | None = None
    signals: dict[str, int] = {}


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One instance at one moment.

    Attributes:
        born: Which life of the instance this is; another text says that it has begun anew.
        age_s: Seconds since that life began.
        counts: All of its requests.
        clients: Those of up to `CLIENTS_MAX` clients among them, by whatever tells clients apart.
    """

    born: str
    age_s: float
    counts: Counts
    clients: dict[str, Counts] = {}


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """One look at canary and twin.

    Attributes:
        at: Seconds, by a clock that never jumps; whose, is the caller's choice.
        stage: Which pair is compared. Another name begins a stage, with a pair of its own.
        canaries: Instances of the release that is judged.
        twins: Instances of the release it is judged by.
        samples: By instance; who did not answer has none.
        share: Of the requests to both, what the canaries were meant to get since the last look;
            None where nobody meant them to get any part of them, and each does what comes.
    """

    at: float
    stage: str
    canaries: tuple[str, ...]
    twins: tuple[str, ...]
    samples: dict[str, Sample]
    share: float | None


class Failure(msgspec.Struct, frozen=True):
    """One request that failed.

    Attributes:
        client: Whose it was, by whatever tells clients apart.
        second: When, in whole seconds.
        instance: Where.
    """

    client: str
    second: int
    instance: str


def distinct(failures: Iterable[Failure]) -> list[Failure]:
    """One of each client and second, of canary and twin together: who repeats is no crowd.

    Had each of the two its own, a client that fails everywhere would count once on both, however
    few of its requests the canary gets, and the canary with the smaller share would look worse.
    So one of all its failures is chosen, each as likely as any other, by a digest of client and
    second: the same choice wherever and in whatever order they are read.
    """
    found: dict[tuple[str, int], list[Failure]] = {}
    for failure in failures:
        found.setdefault((failure.client, failure.second), []).append(failure)
    return [_chosen(same) for same in found.values()]


def check(poll: Poll) -> None:
    """See that the figures are possible by themselves.

    Raises:
        BadFigures: They are not; the message says whose and which.
    """
    for problem in _of_the_poll(poll):
        raise BadFigures("", problem)
    for instance, sample in poll.samples.items():
        if not _is_time(sample.age_s):
            raise BadFigures(instance, f"an age of {sample.age_s!r} s; it is 0 or more")
        for problem in _of_counts(sample.counts):
            raise BadFigures(instance, problem)
        for problem in _of_clients(sample):
            raise BadFigures(instance, problem)


def _of_the_poll(poll: Poll) -> Iterator[str]:
    if not _is_time(poll.at):
        yield f"a poll at {poll.at!r} s; it is a number of seconds, 0 or more"
    listed = [*poll.canaries, *poll.twins]
    if len(set(listed)) != len(listed):
        yield "an instance is listed twice; each is either a canary or a twin"
    for stranger in sorted(poll.samples.keys() - set(listed)):
        yield f"{stranger} has figures and is listed neither as a canary nor as a twin"
    if poll.share is not None and not 0 < poll.share < 1:
        yield f"a share of {poll.share!r}; it is between 0 and 1, e.g. 0.5"


def _of_counts(counts: Counts) -> Iterator[str]:
    for name, number in (("requests", counts.requests), ("errors", counts.errors)):
        if not _is_count(number):
            yield f"{number!r} {name}; a count is a whole number, 0 or more"
            return
    if counts.errors > counts.requests:
        yield f"{counts.errors} errors of {counts.requests} requests"
    for name, number in counts.signals.items():
        if not _is_count(number):
            yield f"{number!r} of {name}; a count is a whole number, 0 or more"
    if counts.latency is not None:
        yield from _of_latency(counts.latency, counts.requests)


def _of_latency(latency: Buckets, requests: int) -> Iterator[str]:
    last = -1
    total = 0
    for bound, number in latency:
        if not _is_count(bound) or not _is_count(number):
            yield f"a bucket of {number!r} up to {bound!r} ns; both are whole numbers, 0 or more"
            return
        if bound <= last:
            yield f"a bucket up to {bound} ns behind one up to {last} ns; they ascend"
        last = bound
        total += number
    if total > requests:
        yield f"{total} durations of {requests} requests"


def _of_clients(sample: Sample) -> Iterator[str]:
    if len(sample.clients) > CLIENTS_MAX:
        yield f"{len(sample.clients)} clients; name {CLIENTS_MAX} at most"
    for name, counts in sample.clients.items():
        for problem in _of_counts(counts):
            yield f"client {name}: {problem}"
            return
    for what in ("requests", "errors"):
        of_clients = sum(getattr(counts, what) for counts in sample.clients.values())
        if of_clients > getattr(sample.counts, what):
            yield f"{of_clients} {what} by its clients, {getattr(sample.counts, what)} in all"


def _is_count(number: int) -> bool:
    return type(number) is int and number >= 0  # what was read is checked, not what is declared


def _is_time(number: float) -> bool:
    return type(number) in {int, float} and math.isfinite(number) and number >= 0


def _chosen(same: list[Failure]) -> Failure:
    same.sort(key=lambda failure: failure.instance)
    first = same[0]
    return same[zlib.crc32(f"{first.second} {first.client}".encode()) % len(same)]
