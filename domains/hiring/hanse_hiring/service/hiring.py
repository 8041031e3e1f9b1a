"""What the public may ask: openings, one of them, and to be considered for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from hanse import AlreadyExists, Clock, Collection, Events, InvalidArgument, Service
from hanse_hiring import api
from hanse_hiring.events import ApplicationReceived
from hanse_hiring.rules.applying import APPLICATIONS_MAX, MINUTES_WATCHED
from hanse_hiring.rules.facets import board, similar

OPENINGS_MAX = 1000
"""More than that at once nobody has looked for so far; the oldest would be left out."""


class Hiring(Service, api.Hiring):
    """Shows what is open and takes applications. Why: the public sees openings and never jobs."""

    def __init__(
        self,
        jobs: Collection[api.Job],
        applications: Collection[api.Application],
        clock: Clock,
        events: Events,
    ) -> None:
        self._events = events
        self._jobs = jobs
        self._applications = applications
        self._clock = clock

    async def find_openings(
        self, team: api.Chosen = (), location: api.Chosen = (), tag: api.Chosen = ()
    ) -> api.Board:
        """Openings that have one of the values of each facet; without any, all of them."""
        return board(await self._openings(), {"team": team, "location": location, "tag": tag})

    async def get_opening(self, external_id: api.ExternalId) -> api.Vacancy:
        """One open job."""
        job = await self._public(external_id)
        others = similar(await self._openings(), job.team, job.tags, beside=external_id)
        if job.status == "closed":
            raise api.JobClosed(
                f"{job.title} is no longer open.", job_title=job.title, similar=others
            )
        return api.Vacancy(
            _opening(job), job.description, job.remote_countries, job.apply_by, others
        )

    async def apply(self, external_id: api.ExternalId, candidate: api.Candidate) -> api.Receipt:
        """Applies; whoever calls says by it that the person agreed to the privacy note."""
        job = (await self.get_opening(external_id)).opening
        now = self._clock.now()
        since = now - timedelta(minutes=MINUTES_WATCHED)
        recent = {"job": external_id, "create_time": {"$gt": since.isoformat()}}
        if (
            await self._applications.count(recent, bound=APPLICATIONS_MAX)
        ).count >= APPLICATIONS_MAX:
            raise api.TooManyApplications(
                "Many applied for this job within minutes; try again later.",
                retry_after=MINUTES_WATCHED * 60,
            )
        given: dict[str, Any] = msgspec.structs.asdict(candidate) | {
            "email": candidate.email.lower()
        }
        application = api.Application(job=external_id, consent=now, **given)
        try:
            await self._applications.create(
                application, event=lambda made: ApplicationReceived(made.id, external_id, now)
            )
        except AlreadyExists:
            raise api.AlreadyApplied("This address has applied for this job.") from None
        except InvalidArgument as error:
            if candidate.cv is None or {one.field for one in error.violations} != {"cv"}:
                raise
            raise api.FileGone("The file is not here, or no longer; send it again.") from None
        return api.Receipt(job.title)

    async def _public(self, external_id: str) -> api.Job:
        found = (await self._jobs.query({"external_id": external_id})).items
        if not found or found[0].published is None:
            raise api.NoSuchJob("There is no such job; the list shows what is open.")
        return found[0]

    async def _openings(self) -> list[api.Opening]:
        page = await self._jobs.query(
            {"status": "open"}, sort=("-published",), page_size=OPENINGS_MAX
        )
        return [_opening(job) for job in page.items]


def _opening(job: api.Job) -> api.Opening:
    return msgspec.convert(job, api.Opening, from_attributes=True)
