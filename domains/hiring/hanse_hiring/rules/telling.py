"""Which fact follows from a job that was written."""

from __future__ import annotations

from hanse_hiring.api import Job, JobStatus
from hanse_hiring.events import JobClosed, JobPublished


def told(before: JobStatus, job: Job) -> JobPublished | JobClosed | None:
    """What others are told of a job; None where nothing began or ended for the public.

    Args:
        before: The status it had; a new one was a draft.
        job: As it is stored now.
    """
    if job.status == before:
        return None
    if job.status == "open" and job.published is not None:
        return JobPublished(job.external_id, job.title, job.team, job.published)
    if before == "open" and job.closed is not None:
        return JobClosed(job.external_id, job.title, job.closed)
    return None
