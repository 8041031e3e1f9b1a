"""What goes wrong with the broker, as errors of calls."""

from __future__ import annotations

from hanse.runtime.errors import FailedPrecondition, Unavailable

AGAIN = 1
"""Seconds until a broker that is away is asked again."""

NO_QUORUM = (10008, 10009, 10006, 10005)
"""What servers say whose cluster has nobody to decide just now: it is as away as if none answered.

The numbers are of `server/errors.json` of nats-server.
"""


class BrokerAway(Unavailable):
    """It does not answer; nobody knows whether what was asked of it is done."""

    code = "broker_away"


class ReadingBroke(Unavailable):
    """A reader can give no more: whoever reads begins anew where they are."""

    code = "reading_broke"


class StreamRefused(FailedPrecondition):
    """The broker does not do what it was asked.

    Attributes:
        number: What it calls that, as in the list of errors of its documentation.
    """

    code = "stream_refused"
    number: int = 0


def away() -> BrokerAway:
    """The broker does not answer."""
    return BrokerAway("The broker cannot be reached; try again shortly.", retry_after=AGAIN)
