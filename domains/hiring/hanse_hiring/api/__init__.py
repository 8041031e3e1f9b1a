"""What others may know of hiring: what is kept, what the public sees, what may go wrong."""

from hanse_hiring.api.contracts import Hiring, Stories
from hanse_hiring.api.errors import (
    AlreadyApplied,
    IllegalStatus,
    JobClosed,
    NoSuchJob,
    NoSuchPost,
    TooManyApplications,
)
from hanse_hiring.api.shown import Board, Choice, Facet, Opening, PostLine, Receipt, Story, Vacancy
from hanse_hiring.api.stored import Application, Employer, Job, Office, Person, Pillar, Post
from hanse_hiring.api.words import (
    CHOICES_MAX,
    REMOTE,
    Chosen,
    ExternalId,
    FacetName,
    JobStatus,
    Tag,
)

__all__ = [
    "CHOICES_MAX",
    "REMOTE",
    "AlreadyApplied",
    "Application",
    "Board",
    "Choice",
    "Chosen",
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
