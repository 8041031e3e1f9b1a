"""What SQLAlchemy raises of what PostgreSQL said, as errors of ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hanse.runtime.data.failures import failure_of
from hanse.runtime.errors import Aborted, DeadlineExceeded, HanseError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Generator


OF_THE_MOMENT = (Aborted, DeadlineExceeded, Unavailable)


@contextmanager
def translated(kinds: tuple[type[HanseError], ...] = (HanseError,)) -> Generator[None]:
    """Has whoever decides by an error whether to try again know what it means.

    Args:
        kinds: Of ours; what is none of them is left as SQLAlchemy has it.

    Raises:
        HanseError: The server or the way to it failed, see `failure_of`.
    """
    try:
        yield
    except Exception as error:
        below = _below(error)
        failure = failure_of(below) if below is not None else None
        if not isinstance(failure, kinds):
            raise
        raise failure from error


def _below(error: Any) -> Exception | None:
    """What asyncpg or the network raised, if SQLAlchemy has put something around it."""
    if f"{type(error).__module__}.{type(error).__name__}" == "sqlalchemy.exc.TimeoutError":
        return TimeoutError(str(error))  # no connection of the engine was free in time
    original = getattr(error, "orig", None)  # of a DBAPIError
    return getattr(original, "__cause__", None) or original
