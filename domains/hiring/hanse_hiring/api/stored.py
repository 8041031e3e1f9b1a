"""What is kept of hiring: jobs, who applied, and what the employer says of itself."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from hanse import (
    Entity,
    Index,
    Instant,
    Length,
    Pattern,
    Personal,
    Retention,
    Searchable,
    Struct,
    Unique,
    entity,
)
from hanse_hiring.api.words import (
    CV,
    Country,
    Email,
    ExternalId,
    FullName,
    JobStatus,
    Label,
    Links,
    Message,
    Phone,
    Tag,
    Text,
)

Key = Annotated[ExternalId, Unique()]
"""What imports know it by."""

THEIRS = Personal(erase="row")
"""Of who applies: their whole application goes with them."""


@entity("hiring.jobs", Index("status", "-published"))
class Job(Entity, frozen=True, kw_only=True):
    """A position, from its first draft until it is filled, and after that.

    Attributes:
        external_id: Stays the same for good: it is part of the address.
        title: Of the position, without team and place.
        team: Who one would work with.
        locations: Names of offices, and `Remote`.
        tags: What kind of employment it is.
        summary: One or two sentences without markup, for lists, feeds and search engines.
        description: All of it.
        status: Only open jobs are shown; a closed one says so at its address.
        remote_countries: Where one has to live if it is done remotely; none for those of the
            offices.
        hiring_manager: Whom to ask inside; the public does not see it.
        recruiter: The address that is told who applied, if not the one of the settings; the public
            does not see it.
        published: When it was first open.
        closed: When it was closed last; None while it is not.
        apply_by: Last day to apply, where there is one.
    """

    external_id: Key
    title: Annotated[str, Length(3, 120)]
    team: Label
    locations: Annotated[tuple[Label, ...], Length(1, 12)]
    tags: Annotated[tuple[Tag, ...], Length(0, 7)] = ()
    summary: Annotated[str, Length(0, 300)] = ""
    description: Text = ""
    status: JobStatus = "draft"
    remote_countries: Annotated[tuple[Country, ...], Length(0, 60)] = ()
    hiring_manager: Annotated[str, Length(0, 120)] = ""
    recruiter: Annotated[str, Length(0, 254), Pattern(r"^([^@\s]+@[^@\s]+)?$")] = ""
    published: Instant | None = None
    closed: Instant | None = None
    apply_by: date | None = None


class Office(Struct, frozen=True, kw_only=True):
    """A place where people work; jobs name it among their locations.

    Attributes:
        name: As jobs say it: `Tel Aviv`.
        country: Where it is.
        street: With its number, for search engines; may be left out.
        postal_code: The same.
    """

    name: Label
    country: Country
    street: Annotated[str, Length(0, 120)] = ""
    postal_code: Annotated[str, Length(0, 20)] = ""


@entity("hiring.employers")
class Employer(Entity, frozen=True, kw_only=True):
    """Who hires: one on a site, and what its careers site says of it.

    Attributes:
        external_id: `employer`.
        name: As people know it.
        address: Where this site is reached, like `https://careers.example.com`; without it there is
            no feed and no site map.
        home: The organisation's own site; a path, if it is at the same address.
        guild: Whose careers site it is: `Backend Engineering`.
        headline: The first sentence anybody reads.
        about: A few paragraphs.
        privacy: What happens to what applicants send; shown where they agree to it.
        offices: Where it is.
    """

    external_id: Key
    name: Label
    address: Annotated[str, Pattern(r"^(https?://[a-z0-9.-]+(:[0-9]{1,5})?)?$")] = ""
    home: Annotated[str, Pattern(r"^((https?:/)?/\S{0,200})?$")] = ""
    guild: Annotated[str, Length(0, 60)] = ""
    headline: Annotated[str, Length(0, 120)] = ""
    about: Text = ""
    privacy: Text = ""
    offices: Annotated[tuple[Office, ...], Length(0, 100)] = ()


@entity("hiring.pillars")
class Pillar(Entity, frozen=True, kw_only=True):
    """Something the organisation stands on: a few words and a paragraph."""

    external_id: Key
    title: Label
    text: Annotated[str, Length(1, 600)]
    place: int = 0


@entity("hiring.posts")
class Post(Entity, frozen=True, kw_only=True):
    """What somebody there wrote, with a page of its own."""

    external_id: Key
    title: Annotated[str, Length(3, 120)]
    author: Label
    published: date
    summary: Annotated[str, Length(1, 300)]
    text: Text


@entity("hiring.people")
class Person(Entity, frozen=True, kw_only=True):
    """Somebody who works there, in their own words."""

    external_id: Key
    name: Label
    role: Label
    quote: Annotated[str, Length(1, 400)]
    since: Annotated[int | None, "year"] = None
    place: int = 0


@entity(
    "hiring.applications",
    Index("job", "email", unique=True),
    Index("job", "-create_time"),
    Index("email", "-create_time"),
    Index("-create_time"),
    person="email",
    retention=Retention(days=180),
)
class Application(Entity, frozen=True, kw_only=True):
    """Somebody applies for a job. Staff with the permission alone see it, for half a year.

    Attributes:
        job: External id of the job.
        email: In lower case; one application a job.
        consent: When they agreed to what `Employer.privacy` said.
    """

    job: ExternalId
    name: Annotated[FullName, THEIRS]
    email: Annotated[Email, Searchable(), THEIRS]
    consent: Instant
    phone: Annotated[Phone, THEIRS] = ""
    cv: Annotated[CV | None, THEIRS] = None
    links: Annotated[Links, THEIRS] = ()
    message: Annotated[Message, THEIRS] = ""
