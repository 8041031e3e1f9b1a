"""What may go wrong in hiring."""

from __future__ import annotations

from hanse import AlreadyExists, FailedPrecondition, NotFound, ResourceExhausted
from hanse_hiring.api.shown import Opening


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


class FileGone(FailedPrecondition):
    """The file that came with it is not here, or no longer: unused ones are kept for a day."""

    code = "file_gone"


class TooManyApplications(ResourceExhausted):
    """So many applied for this job within minutes that somebody may be playing."""

    code = "too_many_applications"
