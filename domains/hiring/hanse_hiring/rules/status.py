"""What status a job may have after another, and the dates that follow from it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from hanse_hiring.api import IllegalStatus, Job, JobStatus

ALLOWED: dict[JobStatus, frozenset[JobStatus]] = {
    "draft": frozenset({"draft", "open", "closed"}),
    "open": frozenset({"open", "closed"}),
    "closed": frozenset({"closed", "open"}),
}
"""What was public never is a draft again: its address is known, and has to say what became."""


def dated(job: Job, before: Job | None, now: datetime) -> Job:
    """The job as it is to be stored, with the dates that its status gives it.

    Args:
        job: As somebody wants it.
        before: As it is stored; None for a new one, which may have any status.
        now: The moment of the change.

    Raises:
        IllegalStatus: It cannot have this status after the other.
    """
    if before and job.status not in ALLOWED[before.status]:
        raise IllegalStatus(
            f"A job that is {before.status} cannot become a {job.status}: the public knows of it. "
            "Close it instead.",
            before=before.status,
            after=job.status,
        )
    published = job.published or (before and before.published) or None
    closed = job.closed or (before and before.closed) or None
    match job.status:
        case "open":
            return msgspec.structs.replace(job, published=published or now, closed=None)
        case "closed":
            return msgspec.structs.replace(job, published=published, closed=closed or now)
        case "draft":
            return msgspec.structs.replace(job, published=None, closed=None)
