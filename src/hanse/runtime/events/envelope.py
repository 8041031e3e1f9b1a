"""What an event travels in: CloudEvents 1.0, structured JSON, the same bytes from emit to reader.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.errors import Internal

if TYPE_CHECKING:
    from collections.abc import Callable

PARTITIONS = 64
"""In which the events of a database are told side by side; of one stream for good."""

ENVELOPE_MAX = 256 * 1024
"""Bytes of an envelope."""

KEY_MAX = 500
"""Characters of a key, which stands in indexes and names of those who read."""


class UnreadableEvent(Internal):
    """An event came of which this release cannot make what its class says."""

    code = "unreadable_event"


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event on its way, with what is personal in its data sealed.

    Attributes:
        specversion: Of CloudEvents.
        id: A UUID that sorts by time, as text.
        source: `/hiring.v1`.
        type: `hiring.v1.JobPublished`.
        time: When it happened, by business time.
        site: The tenant.
        data: Its fields.
        subject: The value of its key; empty where all of its site is one order.
        locale: BCP 47 tag of who caused it.
        traceparent: The step that emitted it.
        causer: Kind and id of the principal, `member:ada`; a fact, and no permission.
        causedby: Id of the event or workflow that was being worked on; empty for none.
        datacontenttype: Of `data`.
    """

    specversion: str
    id: str
    source: str
    type: str
    time: datetime
    site: str
    datacontenttype: str
    data: msgspec.Raw
    subject: str = ""
    locale: str = ""
    traceparent: str = ""
    causer: str = ""
    causedby: str = ""

    @property
    def partition(self) -> int:
        """Where it is told."""
        return partition_of(self.site, self.subject)


write_envelope: Callable[[Envelope], bytes] = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(Envelope).decode


def read_envelope(sent: bytes) -> Envelope:
    """An envelope that came.

    Raises:
        UnreadableEvent: It is none.
    """
    try:
        return _read(sent)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise UnreadableEvent(f"What came as an event is none: {error}.") from error


def partition_of(site: str, key: str) -> int:
    """Where events of a key are told; what is in one partition is told in order."""
    return zlib.crc32(f"{site}\0{key}".encode()) % PARTITIONS
