"""What a stream holds and gives: a message, and what says where it stands."""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Outgoing(NamedTuple):
    """A message to be published.

    Attributes:
        id: By which the broker knows what it has already, for as long as it remembers.
        subject: Where to.
        data: What.
    """

    id: str
    subject: str
    data: bytes


class Message(NamedTuple):
    """A message that was read.

    Attributes:
        sequence: Its place in the stream.
        subject: As it was published, by `EventStream.subject`.
        data: As it was published.
    """

    sequence: int
    subject: str
    data: bytes

    @property
    def partition(self) -> int:
        """The partition that its subject names."""
        return int(self.subject.split(".", 3)[2])

    @property
    def kind(self) -> str:
        """Full name of its type, that its subject ends with."""
        return self.subject.split(".", 3)[3]


class Delivered(NamedTuple):
    """What a consumer says of a message in the subject for its answer.

    Attributes:
        sequence: Its place in the stream.
        number: How many were delivered so far, so that none is missed unnoticed.
        pending: How many follow that the consumer has not delivered.
    """

    sequence: int
    number: int
    pending: int


_SHORT = 9
_SHORT_AT = 5
_LONG_AT = 7
"""With the domain and the account before the stream, as newer servers may write it."""


def delivered(reply: str) -> Delivered:
    """Reads it.

    Raises:
        ValueError: It is none.
    """
    words = reply.split(".")
    at = _SHORT_AT if len(words) == _SHORT else _LONG_AT
    if len(words) < at + 4:
        raise ValueError(f"no word of a consumer: {len(words)} parts")
    return Delivered(int(words[at]), int(words[at + 1]), int(words[at + 3]))


class Place(msgspec.Struct, frozen=True):
    """What a stream holds.

    Attributes:
        first: Sequence of the oldest message; one more than `last` where there is none.
        last: Sequence of the newest there ever was.
        messages: How many.
        bytes: Of all.
    """

    first: int = msgspec.field(name="first_seq")
    last: int = msgspec.field(name="last_seq")
    messages: int
    bytes: int
