"""What went wrong, in the site's own words, with a way on."""

from __future__ import annotations

from typing import NamedTuple

from hanse import HanseError, Internal, InvalidArgument, NotFound
from hanse_hiring.api import (
    AlreadyApplied,
    JobClosed,
    NoSuchPost,
    Opening,
    TooManyApplications,
)


class Failure(NamedTuple):
    """A page that says what went wrong.

    Attributes:
        status: Of HTTP.
        title: In a few words.
        sentence: What happened and what to do.
        over: What it is about.
        similar: Openings to go on with.
    """

    status: int
    title: str
    sentence: str
    over: str = ""
    similar: tuple[Opening, ...] = ()


NOWHERE = Failure(
    404,
    "Nothing is at this address",
    "It may have a slip in it, or what was here has moved. Everything that is open is on the list.",
)
NO_POST = Failure(
    404,
    "There is no such post",
    "It may have been taken down. The ones there are, are on the front page.",
)
NOT_NOW = Failure(
    503,
    "The list does not answer just now",
    "That is ours to mend, and it usually takes a minute. Please load the page again.",
)
OUR_FAULT = Failure(
    500,
    "Something broke on our side",
    "It was not you. We have noted what happened; please try again.",
)


def failure_of(error: HanseError) -> Failure:
    """The page for an error."""
    match error:
        case JobClosed():
            return Failure(
                410,
                "This position is no longer open",
                "It was filled or withdrawn. We keep its address, so that whoever has it knows.",
                error.job_title,
                error.similar,
            )
        case NoSuchPost():
            return NO_POST
        case NotFound() | InvalidArgument():
            return NOWHERE
        case AlreadyApplied():
            return Failure(
                409,
                "Your application is here already",
                "We have one for this position from your address and will answer it. To change "
                "something, reply to our answer.",
            )
        case TooManyApplications():
            return Failure(
                429,
                "Too many at once",
                f"Many applied for this within minutes. Nothing was kept; please send it again in "
                f"{max(1, error.retry_after // 60)} minutes.",
            )
        case Internal():
            return OUR_FAULT
        case _:
            return NOT_NOW
