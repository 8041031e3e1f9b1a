"""A letter as it is kept: what it says is sealed, and goes with the person it is about."""

from __future__ import annotations

from typing import Annotated

import msgspec

from hanse.runtime.contract.rules import Length
from hanse.runtime.data.entity.entity import Entity, entity
from hanse.runtime.data.entity.marks import Index, Personal, Retention, Searchable

DAYS_KEPT = 30
"""So long a letter is kept, whether it was sent or not."""

PERSON_MAX = 254

THEIRS = Personal(erase="row")


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A letter as it was written, and to whom.

    Attributes:
        kind: Of which class it is: `Receipt`.
        locale: The language it is in; empty for that of templates that name none.
        to: The address.
        name: Whose that is; empty if nobody said.
        reply_to: Where an answer goes; empty for the sender.
        subject: In one line.
        text: Its text.
        html: The same as HTML; empty without.
    """

    kind: str
    to: str
    subject: str
    text: str
    html: str = ""
    name: str = ""
    reply_to: str = ""
    locale: str = ""


@entity(
    "hanse_mail.letters",
    Index("-create_time"),
    prefix="letter",
    person="person",
    retention=Retention(days=DAYS_KEPT),
)
class StoredLetter(Entity, frozen=True, kw_only=True):
    """A letter that was handed over to be sent.

    Attributes:
        person: Whose data it is.
        written: All of it.
    """

    person: Annotated[str, Length(1, PERSON_MAX), Searchable(), THEIRS]
    written: Annotated[Written, THEIRS]
