"""What went wrong in PostgreSQL, as errors of calls: no SQL and no value goes along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.runtime.errors import (
    Aborted,
    AlreadyExists,
    DeadlineExceeded,
    FailedPrecondition,
    HanseError,
    Internal,
    InvalidArgument,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class UniqueViolation(AlreadyExists):
    """A row would have had what another one has already.

    Its attributes are for whoever knows the table, and are never sent.

    Attributes:
        schema: Of the table.
        table: Where both would be.
        constraint: The unique index or constraint, by its name.
    """

    code = "unique_violation"

    def __init__(self, detail: str = "", **fields: Any) -> None:
        super().__init__(detail, **fields)
        self.schema = self.table = self.constraint = ""


class SerializationConflict(Aborted):
    """Transactions that ran side by side could not all have run one after another."""

    code = "serialization_conflict"


class GoneBefore(ConnectionError):
    """The connection had ended before anything was sent: whatever it was, it can be begun again."""


AGAIN = 1
"""Seconds until a server that is away or full is asked again."""

AGAIN_WITH_ROOM = 10
"""Seconds until one whose disk is full is asked again: somebody has to look after it."""


def _unique(error: Any) -> HanseError:
    failure = UniqueViolation("There is one of these already.")
    failure.schema = error.schema_name or ""
    failure.table = error.table_name or ""
    failure.constraint = error.constraint_name or ""
    return failure


def _away(_: object) -> HanseError:
    return Unavailable("The database cannot be reached; try again shortly.", retry_after=AGAIN)


def _lost(_: object) -> HanseError:
    return Unavailable("The database went away; what was asked of it may be done.")


def _full(_: object) -> HanseError:
    return Unavailable("The database has all it can take; try again shortly.", retry_after=AGAIN)


def _no_room(_: object) -> HanseError:
    return Unavailable(
        "The disk of the database is full: nothing of this was kept. It goes on when there is "
        "room again.",
        retry_after=AGAIN_WITH_ROOM,
    )


def _conflict(_: object) -> HanseError:
    return SerializationConflict("Somebody else changed the same at the same time; try again.")


def _late(_: object) -> HanseError:
    return DeadlineExceeded("The database did not end this in time.")


def _locked(_: object) -> HanseError:
    return Aborted("Somebody else holds this at the moment; try again.")


def _referred(_: object) -> HanseError:
    return FailedPrecondition("This refers to something that is not there, or is referred to.")


def _against_rule(_: object) -> HanseError:
    return FailedPrecondition("This would break a rule that the database keeps.")


def _zero(_: object) -> HanseError:
    return InvalidArgument("A text may not hold the character U+0000.")


# By SQLSTATE, or its class; postgresql.org/docs/current/errcodes-appendix.html.
_BY_STATE: dict[str, Callable[[Any], HanseError]] = {
    "08": _away,
    "08003": _lost,
    "21P05": _zero,
    "22021": _zero,
    "22P05": _zero,
    "23503": _referred,
    "23001": _referred,
    "23505": _unique,
    "23P01": _against_rule,
    "23514": _against_rule,
    "28": _away,
    "3D": _away,
    "25006": _away,  # it has become somebody's standby
    "25P03": _late,
    "25P04": _late,
    "40001": _conflict,
    "40P01": _conflict,
    "53": _full,
    "53100": _no_room,
    "55P03": _locked,
    "57014": _late,
    "57P": _lost,
    "57P03": _away,
}


def failure_of(error: Exception) -> HanseError:
    """The error of ours that says what an error of asyncpg or the network means.

    Args:
        error: Whatever a statement, a transaction or opening a connection raised.

    Raises:
        Exception: It is neither, so it is raised as it is.
    """
    state: str = getattr(error, "sqlstate", None) or ""
    for known in (state, state[:3], state[:2]):
        if known in _BY_STATE:
            return _BY_STATE[known](error).because(error)
    if isinstance(error, OSError | TimeoutError):
        return _away(error).because(error)
    if type(error).__module__.startswith("asyncpg"):
        return Internal("The database refused a statement.").because(error)
    raise error
