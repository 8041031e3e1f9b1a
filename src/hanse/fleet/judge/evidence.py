"""What the bets have gained so far, and what would be left without one client or host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from hanse.fleet.judge.betting import Pair, together

if TYPE_CHECKING:
    from hanse.fleet.judge.rules import Rule

BLAMED_MAX: Final = 64
"""Clients and hosts whose part is remembered; of more, those with the least are forgotten."""


class Evidence(msgspec.Struct):
    """Of one metric in one stage.

    Attributes:
        gained: By each bet that the release is worse.
        proven: By each bet that it is no worse than allowed.
        past: All there was of it; what convicts.
        warm: The part of it that counts for a proof.
        clients: What each client's hits gained.
        hosts: What each host's hits gained.
    """

    gained: list[float]
    proven: list[float]
    past: Pair = Pair(0, 0, 0, 0)
    warm: Pair = Pair(0, 0, 0, 0)
    clients: dict[str, list[float]] = {}
    hosts: dict[str, list[float]] = {}

    def worth(self, rule: Rule, without: list[float] | None = None) -> float:
        """Logarithm of what is there of the part laid on it."""
        left = self.gained
        if without is not None:
            left = [gain - part for gain, part in zip(self.gained, without, strict=True)]
        return rule.part + together(left, rule.stakes)

    def proof(self, rule: Rule) -> float:
        """Logarithm of how surely it is no worse than allowed."""
        return together(self.proven, rule.proofs)

    def hear(self, rule: Rule, pair: Pair, crowds: int) -> list[float]:
        """Takes a window for or against a conviction, and says what it gained."""
        gains = rule.convicting(pair, self.past, crowds)
        self.gained = [sum(both) for both in zip(self.gained, gains, strict=True)]
        self.past = plus(self.past, pair)
        return gains

    def prove(self, rule: Rule, pair: Pair) -> None:
        """Takes a window for or against a proof."""
        for at, gain in enumerate(rule.proving(pair)):
            self.proven[at] += gain
        self.warm = plus(self.warm, pair)


def nothing(rule: Rule) -> Evidence:
    """None yet, of one thing that is counted."""
    return Evidence([0.0] * len(rule.ratios), [0.0] * len(rule.proofs))


def blame(book: dict[str, list[float]], name: str, gains: list[float]) -> None:
    """Writes down what a window gained by one client or host alone."""
    known = book.get(name)
    book[name] = [a + b for a, b in zip(known, gains, strict=True)] if known else gains
    while len(book) > BLAMED_MAX:
        del book[min(book, key=lambda each: max(book[each]))]


def plus(one: Pair, other: Pair) -> Pair:
    """Both windows as one."""
    return Pair(*(a + b for a, b in zip(one, other, strict=True)))
