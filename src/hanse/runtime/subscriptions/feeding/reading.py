"""What is read of a stream at a time, and up to where nothing else comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hanse.kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from hanse.runtime.broker.message import Place
    from hanse.runtime.broker.reader import Reader
    from hanse.runtime.broker.stream import EventStream
    from hanse.runtime.subscriptions.feeding.partitions import Held

PASS_SECONDS = 2.0
"""Between two notes that events of others passed a partition by. At each look that would be sixteen
rows for an event of one of them."""


@dataclass
class Reading:
    """The reader there is.

    Attributes:
        stream: What it reads.
        reader: It.
        epochs: Of the partitions that it reads.
        taken: How many messages of it were looked at.
        last: Up to which sequence nothing else comes of it.
        passed_at: Monotonic seconds of the last note that events passed partitions by.
    """

    stream: EventStream
    reader: Reader
    epochs: dict[int, int]
    taken: int = 0
    last: int = 0
    passed_at: float = 0.0

    async def is_through(self, place: Callable[[EventStream], Awaitable[Place]]) -> bool:
        """Whether all that was told by now has come and was looked at.

        Args:
            place: What a stream holds now.

        Raises:
            BrokerAway: Nobody knows.
            StreamRefused: Stream or reader are gone.
        """
        last = (await place(self.stream)).last
        if last == self.last:  # nothing was told since it was through
            return True
        told, pending = await self.reader.told()
        if pending or told != self.taken:
            return False
        self.last = max(self.last, last)
        return True

    def pass_by_now_and_then(self, held: Mapping[int, Held]) -> None:
        """The same as `pass_by`, for who looks each second."""
        if monotonic() > self.passed_at + PASS_SECONDS:
            self.passed_at = monotonic()
            self.pass_by(held)

    def pass_by(self, held: Mapping[int, Held]) -> None:
        """Notes in partitions that nothing else comes up to there: it is read in order."""
        for number in self.epochs:
            one = self._still_held(held, number)
            if one is not None:
                one.progress.pass_by(self.last)

    def begin(self, held: Mapping[int, Held], number: int, seq: int) -> int | None:
        """An event of a partition comes; its epoch, if it is new there and for this reading.

        A partition that was let slip and taken again is for the next one, which begins where its
        new epoch does: what came in between was passed over here.
        """
        one = self._still_held(held, number)
        return one.epoch if one is not None and one.progress.begin(seq) else None

    def _still_held(self, held: Mapping[int, Held], number: int) -> Held | None:
        one = held.get(number)
        if one is None or one.leaving or one.epoch != self.epochs.get(number):
            return None
        return one
