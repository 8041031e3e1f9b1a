"""Who is written to when somebody applies."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from hanse import Collection, Length, NotFound, Service, Settings, subscribe
from hanse.mail import Mail, is_address
from hanse_hiring import api
from hanse_hiring.events import ApplicationReceived
from hanse_hiring.rules.receipts import RECEIPTS_A_DAY, RECEIPTS_AN_HOUR, greeted
from hanse_hiring.rules.slugs import job_path
from hanse_hiring.service.letters import Applied, Received

log = logging.getLogger("hiring.correspondence")

NOBODY = api.Employer(external_id="employer", name="our team")
"""Who hires on a site that has not said so yet."""


class CorrespondenceSettings(Settings):
    """Whom to write to.

    Attributes:
        recruiter: Who is told of applications for jobs that name nobody; empty for nobody.

    Raises:
        ValueError: That is no address.
    """

    recruiter: Annotated[str, Length(0, 254)] = ""

    def __post_init__(self) -> None:
        if self.recruiter and not is_address(self.recruiter):
            raise ValueError("recruiter: an e-mail address is like hiring@example.org")


class _Found(msgspec.Struct, frozen=True):
    """Who applied, for what, and with whom."""

    application: api.Application
    job: api.Job
    employer: api.Employer


class Correspondence(Service, package="hiring.v1"):
    """Writes to who applied, and to who hires. Why: silence is what people remember of applying."""

    def __init__(
        self,
        settings: CorrespondenceSettings,
        applications: Collection[api.Application],
        jobs: Collection[api.Job],
        employers: Collection[api.Employer],
        received: Mail[Received],
        applied: Mail[Applied],
    ) -> None:
        self._settings = settings
        self._applications = applications
        self._jobs = jobs
        self._employers = employers
        self._received = received
        self._applied = applied

    @subscribe(ApplicationReceived)
    async def acknowledge(self, event: ApplicationReceived) -> None:
        """Writes to who applied; of who was erased meanwhile, or gave no address, nothing."""
        found = await self._found(event)
        if found is None or not is_address(found.application.email):
            return
        if await self._pesters(found.application):
            log.warning("an application gets no receipt: too many were written")
            return
        application, job, employer = found.application, found.job, found.employer
        address = employer.address
        url = address and address + job_path(job.external_id, job.title)
        name = greeted(application.name)
        said = Received(name=name, title=job.title, employer=employer.name, job_url=url)
        await self._received.send(said, application.email, name=name, person=application.email)

    @subscribe(ApplicationReceived)
    async def tell(self, event: ApplicationReceived) -> None:
        """Writes to who hires, apart from that: what stops one letter does not stop the other."""
        found = await self._found(event)
        recruiter = found and (found.job.recruiter or self._settings.recruiter)
        if found is None or not recruiter:
            return
        application = found.application
        said = Applied(
            name=application.name,
            title=found.job.title,
            email=application.email,
            has_cv=application.cv is not None,
            url=f"{found.employer.address}/hiring/v1/applications/{application.id}",
        )
        answers_to = application.email if is_address(application.email) else ""
        await self._applied.send(said, recruiter, reply_to=answers_to, person=application.email)

    async def _pesters(self, application: api.Application) -> bool:
        """Whether the address, or all together, had as many receipts as there are to be.

        It is counted what had come by then, so that an event that is replayed says the same.
        """
        now = application.create_time
        assert now is not None, "it was stored"
        day = {"email": application.email, **_within(now, timedelta(days=1))}
        if await self._more_than(RECEIPTS_A_DAY, day):
            return True
        return await self._more_than(RECEIPTS_AN_HOUR, _within(now, timedelta(hours=1)))

    async def _more_than(self, most: int, which: dict[str, Any]) -> bool:
        return (await self._applications.count(which, bound=most + 1)).count > most

    async def _found(self, event: ApplicationReceived) -> _Found | None:
        try:
            application = await self._applications.get(event.application_id)
        except NotFound:
            return None
        jobs = (await self._jobs.query({"external_id": event.job})).items
        if not jobs:
            return None
        employers = (await self._employers.query({}, page_size=1)).items
        return _Found(application, jobs[0], employers[0] if employers else NOBODY)


def _within(now: datetime, span: timedelta) -> dict[str, Any]:
    return {"create_time": {"$gt": (now - span).isoformat(), "$lte": now.isoformat()}}
