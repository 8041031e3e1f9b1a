"""Failures of principals, joined over all hosts and steps: each of them counts once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.flags.poll import Drawn
from hanse.fleet.judge.figures import CLIENTS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hanse.runtime.figures.figures import Drawing, Figures

KNOWN_MAX = 100_000
"""Principals that are known to have failed; who came first is forgotten first."""


class Life(msgspec.Struct):
    """One host from its begin to its end.

    Attributes:
        born: Which life that is.
        sequence: The newest failure that was read.
        names: By what they drew, those who count, oldest first; and how many of them there were.
    """

    born: str
    sequence: int = 0
    names: dict[str, list[str]] = {}
    failed: dict[str, int] = {}


class Tally:
    """Remembers what was read of one flag.

    Args:
        flag: Which.
    """

    def __init__(self, flag: str) -> None:
        self._flag = flag
        self._lives: dict[str, Life] = {}
        self._known: dict[str, None] = {}

    def take(self, found: Mapping[str, Figures]) -> dict[str, Drawn]:
        """What the hosts have counted that have answered."""
        for name, figures in sorted(found.items()):
            self._read(name, figures.born, figures.flags[self._flag])
        return {name: self._drawn(name, figures) for name, figures in found.items()}

    def _read(self, host: str, born: str, drawing: Drawing) -> None:
        newest = max((number for number, _, _ in drawing.failures), default=0)
        life = self._lives.get(host)
        if life is None:  # what it counted before nobody compares with anything
            life = self._lives[host] = Life(born, newest)
            self._know(who for _, _, who in drawing.failures)
        elif life.born != born:
            life = self._lives[host] = Life(born)
        for number, variant, who in drawing.failures:
            if number > life.sequence and who not in self._known:
                life.names[variant] = [*life.names.get(variant, ()), who][-CLIENTS_MAX:]
                life.failed[variant] = life.failed.get(variant, 0) + 1
                self._know((who,))
        life.sequence = newest

    def _know(self, names: Iterable[str]) -> None:
        self._known |= dict.fromkeys(names)
        while len(self._known) > KNOWN_MAX:
            del self._known[next(iter(self._known))]

    def _drawn(self, host: str, figures: Figures) -> Drawn:
        life = self._lives[host]
        watched = figures.flags[self._flag].watched
        return Drawn(
            born=figures.born,
            age_s=figures.age_s,
            variants={
                variant: (number, min(number, life.failed.get(variant, 0)))
                for variant, number in watched.items()
            },
            names={variant: tuple(names) for variant, names in life.names.items()},
        )
