"""How long a program is waited for, and how long it has said nothing, though it should."""

from __future__ import annotations

from typing import NamedTuple

QUESTION_SECONDS = 2.0
"""What a program has for an answer, and about what lies between two questions."""

QUESTIONS_MIN = 3
"""So many in a row were in vain: who asks may have stood still too, as a whole machine may."""

WORKING = 0.5
"""Of the time between two questions: whose threads have run or waited for more of it works."""

WORKING_PATIENCE = 6
"""So many times as long as another one is waited for who works: it may come to an end with it."""

LATE_SECONDS = 0.25
"""By which who asks is back too late from a question to say that there was no answer in time."""


class Silence:
    """What was asked of one program in vain.

    Attributes:
        since: Monotonic seconds of the first question without an answer; None while it answers.
        killed_at: When it was last killed for that; None for never.
        lasted: Seconds it said nothing then.
    """

    def __init__(self) -> None:
        self.since: float | None = None
        self.killed_at: float | None = None
        self.lasted = 0.0
        self._missed = 0
        self._moved = 0.0

    def note(self, asked: float, now: float, *, heard: bool, works: bool = False) -> bool:
        """What came of a question by now; whether it was in vain, and counts.

        Nothing, if it comes late: then who asks stood still as well, as on a machine that has too
        much to do, where killing what is slow makes it slower.

        Args:
            asked: When it was asked, in monotonic seconds.
            now: Likewise.
            heard: Whether there was an answer.
            works: Whether who was asked does something since the question before; see `Effort`.
        """
        self._moved = now if works else self._moved
        if not heard and now - asked > QUESTION_SECONDS + LATE_SECONDS:
            return False
        if heard:
            self.forget()
            return False
        self.since = asked if self.since is None else self.since
        self._missed += 1
        return True

    def forget(self) -> None:
        """It answered, or another life begins."""
        self.since, self._missed = None, 0

    def is_over(self, now: float, seconds: float) -> bool:
        """Whether nobody should wait any longer.

        Args:
            now: Monotonic seconds.
            seconds: That one is waited for who does nothing.
        """
        if self.since is None or self._missed < QUESTIONS_MIN:
            return False
        return (
            now - max(self.since, self._moved) >= seconds
            or now - self.since >= WORKING_PATIENCE * seconds
        )

    def end(self, now: float) -> None:
        """It is killed."""
        self.lasted = now - (now if self.since is None else self.since)
        self.killed_at = now
        self.forget()


class Patience(NamedTuple):
    """How long a program is waited for, in seconds.

    Attributes:
        start: It may take to get ready, before it is killed and tried again.
        healthy: It must run, ready, for its crashes to be forgotten.
        silent: It may say nothing once it was ready, before it is killed and started again.
        family: Whether it works, and has longer, when what it has begun does; see `Effort`.
    """

    start: float = 60.0
    healthy: float = 10.0
    silent: float = 10.0
    family: bool = False


PATIENCE = Patience()
