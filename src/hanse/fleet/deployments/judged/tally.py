"""From what each host counts to what the judge is told: failures joined over canary and twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.judge.figures import CLIENTS_MAX, Counts, Failure, Sample, distinct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hanse.runtime.figures.figures import Figures

REFUSED = "refused"
"""Name of the signal that counts requests which ended by an error of their caller."""


CLIENTS_KEPT = 1024
"""Clients that are told apart for a host: a stage that waits for somebody may last for days."""


class Life(msgspec.Struct):
    """One host from its begin to its end.

    Attributes:
        born: Which life that is.
        sequence: The newest failure that was read.
        failed: Failures that count.
        errors: The same by client, of those who had most.
        requests: By client, as many as were ever said.
    """

    born: str
    sequence: int = 0
    failed: int = 0
    errors: dict[str, int] = {}
    requests: dict[str, int] = {}


class Tally:
    """Remembers what was read, for one pair."""

    def __init__(self, signals: Iterable[str] = ()) -> None:
        self._signals = tuple(signals)
        self._lives: dict[str, Life] = {}
        self._waiting: list[Failure] = []

    def take(self, found: Mapping[str, Figures], now: float) -> dict[str, Sample]:
        """Samples of all hosts that have answered.

        A client's failures in one second count once over canary and twin together, so a second
        counts when it is over.

        Args:
            found: What they say, by name.
            now: Unix seconds when the first of them was asked.
        """
        for name, figures in found.items():
            self._read(name, figures)
        self._count(int(now))
        return {name: self._sample(name, figures) for name, figures in found.items()}

    def _read(self, name: str, figures: Figures) -> None:
        life = self._lives.get(name)
        if life is None:
            newest = max((one[0] for one in figures.failures), default=0)
            life = self._lives[name] = Life(figures.born, newest)
        if life.born != figures.born:
            self._waiting = [one for one in self._waiting if one.instance != name]
            life = self._lives[name] = Life(figures.born)
        fresh = [one for one in figures.failures if one[0] > life.sequence]
        self._waiting += [Failure(client, second, name) for _, second, client in fresh]
        life.sequence = max((one[0] for one in fresh), default=life.sequence)
        for client, number in figures.clients.items():
            life.requests[client] = max(number, life.requests.get(client, 0))

    def _count(self, second: int) -> None:
        """Counts what failed before a second."""
        over = [one for one in self._waiting if one.second < second]
        self._waiting = [one for one in self._waiting if one.second >= second]
        for one in distinct(over):
            life = self._lives[one.instance]
            life.failed += 1
            life.errors[one.client] = life.errors.get(one.client, 0) + 1
        for life in self._lives.values():
            _forget(life)

    def _sample(self, name: str, figures: Figures) -> Sample:
        life = self._lives[name]
        return Sample(
            born=figures.born,
            age_s=figures.age_s,
            counts=Counts(
                requests=figures.requests,
                errors=min(life.failed, figures.requests),
                latency=figures.latency,
                signals=self._counted(figures),
            ),
            clients=_clients(life, figures.requests),
        )

    def _counted(self, figures: Figures) -> dict[str, int]:
        told = {name: figures.signals.get(name, 0) for name in self._signals}
        return told | ({REFUSED: figures.refused} if REFUSED in told else {})


def _forget(life: Life) -> None:
    """Keeps those who stand first in `_order`, where there are too many; others are not named."""
    if len(life.errors) + len(life.requests) <= CLIENTS_KEPT:
        return
    kept = set(_order(life)[: CLIENTS_KEPT // 4])
    life.errors = {name: number for name, number in life.errors.items() if name in kept}
    life.requests = {name: number for name, number in life.requests.items() if name in kept}


def _order(life: Life) -> list[str]:
    names = {*life.errors, *life.requests}
    return sorted(
        names, key=lambda one: (-life.errors.get(one, 0), -life.requests.get(one, 0), one)
    )


def _clients(life: Life, left: int) -> dict[str, Counts]:
    """Those with most errors, then those with most requests; no more in all than there were."""
    found: dict[str, Counts] = {}
    for name in _order(life)[:CLIENTS_MAX]:
        errors = life.errors.get(name, 0)
        requests = max(errors, life.requests.get(name, 0))
        if requests > left:
            continue
        left -= requests
        found[name] = Counts(requests=requests, errors=errors)
    return found
