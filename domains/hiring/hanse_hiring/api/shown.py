"""What the public sees: openings, how to narrow them, and the story around them."""

from __future__ import annotations

from datetime import date, datetime

from hanse import Struct
from hanse_hiring.api.stored import Employer, Person, Pillar
from hanse_hiring.api.words import CV, Email, FacetName, FullName, Links, Message, Phone, Tag


class Opening(Struct, frozen=True):
    """What a list says of an open job."""

    external_id: str
    title: str
    team: str
    locations: tuple[str, ...]
    tags: tuple[Tag, ...]
    summary: str
    published: datetime


class Choice(Struct, frozen=True):
    """A value of a facet.

    Attributes:
        count: Openings with it, among those that the other facets leave.
        chosen: Whether it was asked for.
    """

    value: str
    count: int
    chosen: bool = False


class Facet(Struct, frozen=True):
    """One way to narrow the list."""

    name: FacetName
    choices: tuple[Choice, ...]


class Board(Struct, frozen=True):
    """Openings, as asked for.

    Attributes:
        openings: Those that fit, newest first.
        total: How many there are in all.
        facets: What one can choose, with counts.
    """

    openings: tuple[Opening, ...]
    total: int
    facets: tuple[Facet, ...]


class Vacancy(Struct, frozen=True):
    """One open job, whole.

    Attributes:
        similar: Other openings, the most alike first.
    """

    opening: Opening
    description: str
    remote_countries: tuple[str, ...]
    apply_by: date | None
    similar: tuple[Opening, ...]


class PostLine(Struct, frozen=True):
    """What a list says of a post."""

    external_id: str
    title: str
    author: str
    published: date
    summary: str


class Story(Struct, frozen=True):
    """What stands around the openings.

    Attributes:
        posts: All of them, newest first.
    """

    employer: Employer
    pillars: tuple[Pillar, ...]
    posts: tuple[PostLine, ...]
    people: tuple[Person, ...]


class Candidate(Struct, frozen=True, kw_only=True):
    """What somebody says who applies."""

    name: FullName
    email: Email
    phone: Phone = ""
    cv: CV | None = None
    links: Links = ()
    message: Message = ""


class Receipt(Struct, frozen=True):
    """An application arrived."""

    title: str
