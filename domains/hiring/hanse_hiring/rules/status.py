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


def dated(job: Job, now: datetime) -> Job:
    """A new job with the dates that its status gives it; those it brings stay.

    Args:
        job: As somebody wants it.
        now: The moment of the change.
    """
    return msgspec.structs.replace(job, **_dates(job.status, job.published, job.closed, now))


def changed(before: Job, status: JobStatus, now: datetime) -> dict[str, datetime | None]:
    """The dates of a job that takes a status, as far as they change.

    Args:
        before: As it is stored.
        status: Which it is to have.
        now: The moment of the change.

    Raises:
        IllegalStatus: It cannot have this status after the other.
    """
    if status not in ALLOWED[before.status]:
        raise IllegalStatus(
            f"A job that is {before.status} cannot become a {status}: the public knows of it. "
            "Close it instead.",
            before=before.status,
            after=status,
        )
    dates = _dates(status, before.published, before.closed, now)
    return {name: date for name, date in dates.items() if getattr(before, name) != date}


def _dates(
    status: JobStatus, published: datetime | None, closed: datetime | None, now: datetime
) -> dict[str, datetime | None]:
    match status:
        case "open":
            return {"published": published or now, "closed": None}
        case "closed":
            return {"published": published, "closed": closed or now}
        case "draft":
            return {"published": None, "closed": None}
