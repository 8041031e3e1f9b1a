"""What others may know of hiring: what is stored, what the public sees of it, what may go wrong."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from hanse import (
    PUBLIC,
    AlreadyExists,
    Contract,
    FailedPrecondition,
    Length,
    NotFound,
    Pattern,
    ResourceExhausted,
    Struct,
    rpc,
)

__all__ = [
    "CHOICES_MAX",
    "REMOTE",
    "AlreadyApplied",
    "Application",
    "Board",
    "Choice",
    "Employer",
    "ExternalId",
    "Facet",
    "FacetName",
    "Hiring",
    "IllegalStatus",
    "Job",
    "JobClosed",
    "JobStatus",
    "NoSuchJob",
    "NoSuchPost",
    "Office",
    "Opening",
    "Person",
    "Pillar",
    "Post",
    "PostLine",
    "Receipt",
    "Stories",
    "Story",
    "Tag",
    "TooManyApplications",
    "Vacancy",
]

REMOTE = "Remote"
"""The location of a job that is done from anywhere in some countries."""

CHOICES_MAX = 20
"""Values of one facet that somebody may choose at once."""

ExternalId = Annotated[str, Pattern("^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
"""What the applicant tracking system, or whoever wrote it, calls a thing; unique on a site."""

JobStatus = Literal["draft", "open", "closed"]

Tag = Literal["Full time", "Temp", "Student", "Intern", "Program", "Entry-level", "People manager"]
"""What kind of employment it is; a job has any number of them."""

FacetName = Literal["team", "location", "tag"]
Label = Annotated[str, Length(1, 60)]
Line = Annotated[str, Length(1, 200)]
Text = Annotated[str, Length(0, 20_000)]
"""Markdown, as `rules/markup.py` takes it: no HTML, no pictures."""

Country = Annotated[str, Length(2, 60)]
"""Its name, as people read it: `Lithuania`."""

Chosen = Annotated[tuple[Annotated[str, Length(0, 60)], ...], Length(0, CHOICES_MAX)]


class Stored(Struct, frozen=True, kw_only=True):
    """What is kept; stands in for the entity until storage is there."""

    id: str = ""
    revision: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None


class Job(Stored, frozen=True, kw_only=True):
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
        published: When it was first open.
        closed: When it was closed last; None while it is not.
        apply_by: Last day to apply, where there is one.
    """

    external_id: ExternalId
    title: Annotated[str, Length(3, 120)]
    team: Label
    locations: Annotated[tuple[Label, ...], Length(1, 12)]
    tags: Annotated[tuple[Tag, ...], Length(0, 7)] = ()
    summary: Annotated[str, Length(0, 300)] = ""
    description: Text = ""
    status: JobStatus = "draft"
    remote_countries: Annotated[tuple[Country, ...], Length(0, 60)] = ()
    hiring_manager: Annotated[str, Length(0, 120)] = ""
    published: datetime | None = None
    closed: datetime | None = None
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


class Employer(Stored, frozen=True, kw_only=True):
    """Who hires: one on a site, and what its careers site says of it.

    Attributes:
        external_id: `employer`.
        name: As people know it.
        address: Where this site is reached, like `https://careers.example.com`; without it there is
            no feed and no site map.
        home: The organisation's own site.
        guild: Whose careers site it is: `Backend Engineering`.
        headline: The first sentence anybody reads.
        about: A few paragraphs.
        privacy: What happens to what applicants send; shown where they agree to it.
        offices: Where it is.
    """

    external_id: ExternalId
    name: Label
    address: Annotated[str, Pattern(r"^(https?://[a-z0-9.-]+(:[0-9]{1,5})?)?$")] = ""
    home: Annotated[str, Pattern(r"^(https?://\S{1,200})?$")] = ""
    guild: Annotated[str, Length(0, 60)] = ""
    headline: Annotated[str, Length(0, 120)] = ""
    about: Text = ""
    privacy: Text = ""
    offices: Annotated[tuple[Office, ...], Length(0, 100)] = ()


class Pillar(Stored, frozen=True, kw_only=True):
    """Something the organisation stands on: a few words and a paragraph."""

    external_id: ExternalId
    title: Label
    text: Annotated[str, Length(1, 600)]
    place: int = 0


class Post(Stored, frozen=True, kw_only=True):
    """What somebody there wrote, with a page of its own."""

    external_id: ExternalId
    title: Annotated[str, Length(3, 120)]
    author: Label
    published: date
    summary: Annotated[str, Length(1, 300)]
    text: Text


class Person(Stored, frozen=True, kw_only=True):
    """Somebody who works there, in their own words."""

    external_id: ExternalId
    name: Label
    role: Label
    quote: Annotated[str, Length(1, 400)]
    since: Annotated[int | None, "year"] = None
    place: int = 0


class Application(Stored, frozen=True, kw_only=True):
    """Somebody applies for a job. Staff with the permission alone see it.

    Attributes:
        job: External id of the job.
        email: In lower case; one application a job.
        consent: When they agreed to what `Employer.privacy` said.
    """

    job: ExternalId
    name: Annotated[str, Length(1, 120)]
    email: Annotated[str, Length(3, 254)]
    consent: datetime
    phone: Annotated[str, Length(0, 40)] = ""
    links: Annotated[tuple[Line, ...], Length(0, 5)] = ()
    message: Annotated[str, Length(0, 4_000)] = ""


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


class Receipt(Struct, frozen=True):
    """An application arrived."""

    title: str


class NoSuchJob(NotFound):
    """There is no such job, or the public does not know of it yet."""

    code = "no_such_job"


class NoSuchPost(NotFound):
    """There is no such post."""

    code = "no_such_post"


class JobClosed(FailedPrecondition):
    """The job was open and is no longer.

    Attributes:
        similar: What is open and most like it.
    """

    code = "job_closed"
    job_title: str
    similar: tuple[Opening, ...] = ()


class IllegalStatus(FailedPrecondition):
    """A job cannot go from its status to that one."""

    code = "illegal_status"
    before: str
    after: str


class AlreadyApplied(AlreadyExists):
    """This address has applied for this job."""

    code = "already_applied"


class TooManyApplications(ResourceExhausted):
    """So many applied for this job within minutes that somebody may be playing."""

    code = "too_many_applications"


class Hiring(Contract, package="hiring.v1"):
    """What the public may know of jobs, and how somebody applies for one."""

    @rpc("GET /hiring/v1/openings", allow=PUBLIC)
    async def find_openings(
        self, team: Chosen = (), location: Chosen = (), tag: Chosen = ()
    ) -> Board:
        """Openings that have one of the values of each facet; without any, all of them."""
        ...

    @rpc("GET /hiring/v1/openings/{external_id}", allow=PUBLIC, errors=(NoSuchJob, JobClosed))
    async def get_opening(self, external_id: ExternalId) -> Vacancy:
        """One open job."""
        ...

    @rpc(
        "POST /hiring/v1/openings/{external_id}/applications",
        allow=PUBLIC,
        errors=(NoSuchJob, JobClosed, AlreadyApplied, TooManyApplications),
    )
    async def apply(
        self,
        external_id: ExternalId,
        name: Annotated[str, Length(1, 120)],
        email: Annotated[str, Length(3, 254)],
        phone: Annotated[str, Length(0, 40)] = "",
        links: Annotated[tuple[Line, ...], Length(0, 5)] = (),
        message: Annotated[str, Length(0, 4_000)] = "",
    ) -> Receipt:
        """Applies; whoever calls says by it that the person agreed to the privacy note."""
        ...


class Stories(Contract, package="hiring.v1"):
    """What an employer says of itself, and its people in their own words."""

    @rpc("GET /hiring/v1/story", allow=PUBLIC)
    async def get_story(self) -> Story:
        """All of it, without the text of the posts."""
        ...

    @rpc("GET /hiring/v1/story/posts/{external_id}", allow=PUBLIC, errors=(NoSuchPost,))
    async def get_post(self, external_id: ExternalId) -> Post:
        """One post, whole."""
        ...
