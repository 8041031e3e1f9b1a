"""Several groups that are deployed as one: to the judge they are one canary and one twin."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.fleet.judge.figures import CLIENTS_MAX, Counts, Sample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hanse.fleet.control.staging.api import Instance
    from hanse.fleet.deployments.judged.outcome import Pair


class Compared(NamedTuple):
    """What the judge is told of a pair."""

    canaries: tuple[str, ...]
    twins: tuple[str, ...]
    samples: dict[str, Sample]


class Unit:
    """Joins the first hosts of all groups, the second ones and so on.

    Of one release on several hosts a single one convicts nobody. Hosts of different groups are not
    several of one: what fails on one of these is a failure of the whole.
    """

    def __init__(self) -> None:
        self._last: dict[str, Sample] = {}
        self._lives_before: dict[str, Sample] = {}

    def compared(self, pair: Pair, samples: Mapping[str, Sample]) -> Compared:
        """What the judge is told.

        Args:
            pair: Who is compared.
            samples: Of those that have answered; who has not is missing with all it is joined with.
        """
        sides = (_joined("canary", pair.canaries), _joined("twin", pair.twins))
        found = {
            name: self._sum(members, samples)
            for side in sides
            for name, members in side.items()
            if all(one in samples for one in members)
        }
        return Compared(tuple(sides[0]), tuple(sides[1]), found)

    def _sum(self, members: Sequence[str], samples: Mapping[str, Sample]) -> Sample:
        if len(members) == 1:
            return samples[members[0]]
        return _sum([self._whole(one, samples[one]) for one in members])

    def _whole(self, name: str, sample: Sample) -> Sample:
        """With what it did in lives before: the joined one does not begin anew with one of it."""
        last = self._last.get(name)
        self._last[name] = sample
        if last is not None and last.born != sample.born:
            before = self._lives_before.get(name)
            self._lives_before[name] = _sum([last, before]) if before else last
        before = self._lives_before.get(name)
        whole = _sum([sample, before]) if before else sample
        return msgspec.structs.replace(whole, age_s=sample.age_s)


def _joined(side: str, instances: Sequence[Instance]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for one in sorted(instances, key=lambda one: one.name):
        groups.setdefault(one.group, []).append(one.name)
    if len(groups) == 1:
        return {one: [one] for one in next(iter(groups.values()))}
    most = max(map(len, groups.values()), default=0)
    return {
        f"{side} {number + 1}": [names[number] for names in groups.values() if number < len(names)]
        for number in range(most)
    }


def _sum(samples: Sequence[Sample]) -> Sample:
    latency: Counter[int] = Counter()
    signals: Counter[str] = Counter()
    for one in samples:
        latency.update(dict(one.counts.latency or ()))
        signals.update(one.counts.signals)
    return Sample(
        born="joined",
        age_s=min(one.age_s for one in samples),
        counts=Counts(
            requests=sum(one.counts.requests for one in samples),
            errors=sum(one.counts.errors for one in samples),
            latency=tuple(sorted(latency.items())),
            signals=dict(signals),
        ),
        clients=_clients(samples),
    )


def _clients(samples: Sequence[Sample]) -> dict[str, Counts]:
    """Those with most errors, then those with most requests."""
    requests: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    for one in samples:
        requests.update({name: counts.requests for name, counts in one.clients.items()})
        errors.update({name: counts.errors for name, counts in one.clients.items()})
    order = sorted(requests, key=lambda name: (-errors[name], -requests[name], name))
    return {
        name: Counts(requests=requests[name], errors=errors[name]) for name in order[:CLIENTS_MAX]
    }
