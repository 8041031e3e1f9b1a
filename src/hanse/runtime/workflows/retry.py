"""How often a step is tried, and how long between two tries."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from hanse.runtime.errors import (
    Aborted,
    DeadlineExceeded,
    ResourceExhausted,
    Unavailable,
)

OF_THE_MOMENT = (Unavailable, Aborted, DeadlineExceeded, ResourceExhausted)
"""Failures that may pass by themselves."""

DOUBLINGS_MAX = 40


class Retry(msgspec.Struct, frozen=True):
    """When a step that fails is tried again: waits double from `first` up to `most`.

    Attributes:
        tries: How often it is tried at all; 0 for ever.
        first: Seconds after the first try.
        most: Seconds that no wait is longer than.
        on: The errors after which another try makes sense; any other ends the step at once. What a
            service has answered is kept under the step's key, and so is an error, but those of the
            moment: another try gets it again. `Aborted` is of the moment as long as the service
            had done nothing.
    """

    tries: Annotated[int, Meta(ge=0)] = 10
    first: Annotated[float, Meta(gt=0)] = 0.2
    most: Annotated[float, Meta(gt=0)] = 600.0
    on: tuple[type[Exception], ...] = OF_THE_MOMENT

    def again(self, error: Exception, attempt: int) -> bool:
        """Whether another try follows the one that ended with an error."""
        return isinstance(error, self.on) and (not self.tries or attempt < self.tries)

    def wait(self, attempt: int) -> timedelta:
        """How long after so many tries."""
        return timedelta(seconds=min(self.most, self.first * 2 ** min(attempt - 1, DOUBLINGS_MAX)))


UNTIL_DONE = Retry(tries=0, first=1.0, most=3600.0, on=(Exception,))
"""For what has to be undone."""
