"""Who is written to when somebody applies."""

from __future__ import annotations

from typing import Annotated

from hanse import Collection, InvalidArgument, Length, NotFound, Service, Settings, subscribe
from hanse.mail import Mail
from hanse_hiring import api
from hanse_hiring.events import ApplicationReceived
from hanse_hiring.rules.slugs import job_path
from hanse_hiring.service.letters import Applied, Received

NOBODY = api.Employer(external_id="employer", name="our team")
"""Who hires on a site that has not said so yet."""


class CorrespondenceSettings(Settings):
    """Whom to write to.

    Attributes:
        recruiter: Who is told of applications for jobs that name nobody; empty for nobody.
    """

    recruiter: Annotated[str, Length(0, 254)] = ""


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
        """Writes both letters; of who was erased meanwhile, none."""
        try:
            application = await self._applications.get(event.application_id)
        except NotFound:
            return
        jobs = (await self._jobs.query({"external_id": event.job})).items
        if not jobs:
            return
        employers = (await self._employers.query({}, page_size=1)).items
        employer = employers[0] if employers else NOBODY
        reachable = await self._thank(application, jobs[0], employer)
        await self._tell(application, jobs[0], employer.address, reachable=reachable)

    async def _thank(
        self, application: api.Application, job: api.Job, employer: api.Employer
    ) -> bool:
        """Writes to who applied; whether one can."""
        address = employer.address
        url = address and address + job_path(job.external_id, job.title)
        said = Received(name=application.name, title=job.title, employer=employer.name, job_url=url)
        try:
            await self._received.send(
                said, application.email, name=application.name, person=application.email
            )
        except InvalidArgument:  # what is no address is no reason to tell nobody of who applied
            return False
        return True

    async def _tell(
        self, application: api.Application, job: api.Job, address: str, *, reachable: bool
    ) -> None:
        recruiter = job.recruiter or self._settings.recruiter
        if not recruiter:
            return
        said = Applied(
            name=application.name,
            title=job.title,
            email=application.email,
            has_cv=application.cv is not None,
            url=f"{address}/hiring/v1/applications/{application.id}",
        )
        answers_to = application.email if reachable else ""
        await self._applied.send(said, recruiter, reply_to=answers_to, person=application.email)
