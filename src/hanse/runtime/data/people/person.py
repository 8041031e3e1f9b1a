"""A person, as they are looked for: by their id, or by a text that is theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hanse.kit.type_id import parse_type_id
from hanse.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from uuid import UUID

    from hanse.runtime.data.people.place import Rows, Whose
    from hanse.runtime.data.personal.keyring import Keyring

PERSON_LENGTH_MAX = 1000


class Person(NamedTuple):
    """One person of a site.

    Attributes:
        site: The tenant.
        text: Their id, or an e-mail address, whatever the project takes for a person.
        token: What stands for it where it is sealed.
    """

    site: str
    text: str
    token: str

    @property
    def subjects(self) -> list[str]:
        """Under which names they have keys."""
        return [self.text, self.token]

    @property
    def name(self) -> str:
        """What is written down of them for good: an id as it is, any other text as its token."""
        return self.text if self.uuid() is not None else self.token

    def uuid(self, prefix: str | None = None) -> UUID | None:
        """The UUID of their id; None if they are no id, or one of something else."""
        try:
            found, uuid = parse_type_id(self.text)
        except ValueError:
            return None
        return uuid if prefix in {None, found} else None

    def sought(self, rows: Rows, whose: Whose) -> Any | None:
        """What the rows of this person are found by; None where none can be."""
        if whose.path == "id":
            return self.uuid(rows.prefix)
        return self.token if whose.blind and not whose.unsealed else self.text

    def subject(self, whose: Whose) -> str:
        """Under which of their names the values of such rows are sealed."""
        return self.token if whose.blind else self.text


def person_of(ring: Keyring, site: str, text: str) -> Person:
    """A person.

    Raises:
        InvalidArgument: It is no text that could be one.
    """
    if not 1 <= len(text) <= PERSON_LENGTH_MAX or "\0" in text:
        raise InvalidArgument(f"A person is an id or a text of 1 to {PERSON_LENGTH_MAX} letters.")
    return Person(site, text, ring.token(site, text))
