"""What has come since the last look: differences of counts that only grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.judge.errors import BadFigures
from hanse.fleet.judge.figures import CLIENTS_MAX, Counts

if TYPE_CHECKING:
    from hanse.fleet.judge.figures import Buckets, Sample


class Growth(msgspec.Struct, frozen=True):
    """What an instance has done between two looks.

    Attributes:
        counts: All of it.
        clients: By client, of those it named.
        full: Whether it named as many as it may, so that others may have come as well.
        warm: Whether it was past its warm-up for all of that time.
        restarted: Whether it has begun anew meanwhile.
    """

    counts: Counts
    clients: dict[str, Counts]
    full: bool
    warm: bool
    restarted: bool = False


def growth(
    instance: str, before: Sample | None, now: Sample, *, since: float, warm_up: float
) -> Growth:
    """What has come, of one that was seen before or has begun meanwhile.

    Args:
        instance: Which.
        before: What it had at the last look; None if it was not there.
        now: What it has.
        since: Seconds since the last look.
        warm_up: Age at which it is warm.

    Raises:
        BadFigures: A count has become less, and it is still the same life.
    """
    restarted = before is not None and before.born != now.born
    if before is None or restarted:
        # A life that is longer than the time since the last look was begun unseen: what it did
        # before nobody compares with anything.
        before = _newborn(now) if now.age_s <= since else now
    warm = before.age_s >= warm_up
    counts = _more(instance, before.counts, now.counts)
    clients = {
        name: _more(f"{instance}, client {name}", before.clients.get(name), found)
        for name, found in now.clients.items()
    }
    return Growth(counts, clients, len(now.clients) >= CLIENTS_MAX, warm, restarted)


def _newborn(sample: Sample) -> Sample:
    latency: Buckets | None = None if sample.counts.latency is None else ()
    signals = dict.fromkeys(sample.counts.signals, 0)
    return msgspec.structs.replace(
        sample, age_s=0.0, counts=Counts(requests=0, latency=latency, signals=signals), clients={}
    )


def _more(whose: str, before: Counts | None, now: Counts) -> Counts:
    """The difference; who was not named before may have failed with all of it meanwhile."""
    if before is None:
        return msgspec.structs.replace(now, requests=0)
    return Counts(
        requests=_count(whose, "requests", before.requests, now.requests),
        errors=_count(whose, "errors", before.errors, now.errors),
        latency=_latency(whose, before.latency, now.latency),
        signals={
            name: _count(whose, name, before.signals[name], number)
            for name, number in now.signals.items()
            if name in before.signals
        },
    )


def _latency(whose: str, before: Buckets | None, now: Buckets | None) -> Buckets | None:
    if before is None or now is None:
        return None
    known = dict(before)
    grown: list[tuple[int, int]] = []
    for bound, number in now:
        more = _count(whose, f"durations up to {bound} ns", known.pop(bound, 0), number)
        if more:
            grown.append((bound, more))
    if any(known.values()):
        raise BadFigures(
            whose, f"durations up to {next(iter(known))} ns are gone; counts only grow"
        )
    return tuple(grown)


def _count(whose: str, what: str, before: int, now: int) -> int:
    if now < before:
        raise BadFigures(
            whose,
            f"{now} {what} after {before}; counts only grow, and who begins anew says so by `born`",
        )
    return now - before
