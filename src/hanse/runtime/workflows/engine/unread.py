"""What was sent to an instance, and which of it is still to be taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.workflows.journal.entry import Taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hanse.runtime.workflows.journal.entry import Entry
    from hanse.runtime.workflows.journal.read import Signal

decode_taken = msgspec.json.Decoder(Taken | None).decode


class Unread:
    """That of one instance.

    Args:
        signals: What waited when it was read, in order.
        seen: How many there had been at all by then.
        journal: What it did before.

    Attributes:
        seen: As given.
    """

    __slots__ = ("_signals", "_taken", "seen")

    def __init__(self, signals: Sequence[Signal], seen: int, journal: Iterable[Entry]) -> None:
        self._signals = signals
        self.seen = seen
        done = (one for one in journal if one.kind == "signal" and one.failed is False)
        read = (decode_taken(one.value) for one in done)
        self._taken = {one.number for one in read if one is not None}

    def renew(self, signals: Sequence[Signal], seen: int) -> None:
        """Has what waits now; what it took and is not written yet may be among it."""
        self._signals, self.seen = signals, seen

    def take(self, name: str) -> Taken | None:
        """The first of a name that it has not taken yet."""
        for number, called, value in self._signals:
            if called == name and number not in self._taken:
                self._taken.add(number)
                return Taken(number, msgspec.Raw(value))
        return None
