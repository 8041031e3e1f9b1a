"""The letters of hiring: what each has to say."""

from __future__ import annotations

from hanse.mail import Letter, letter


@letter("templates/received")
class Received(Letter, frozen=True):
    """Tells who applied that it has come.

    Attributes:
        name: Theirs, if it is plain enough for an address that anybody may have given.
        title: Of the job.
        employer: Who hires.
        job_url: Where the job stands; empty where the site has no address.
    """

    name: str
    title: str
    employer: str
    job_url: str


@letter("templates/applied")
class Applied(Letter, frozen=True):
    """Tells who hires that somebody applied.

    Attributes:
        name: Of who applied.
        title: Of the job.
        email: Theirs; an answer goes there.
        has_cv: Whether a CV came with it.
        url: Where the application is, for who may read it; its path, where the site has no address.
    """

    name: str
    title: str
    email: str
    has_cv: bool
    url: str
