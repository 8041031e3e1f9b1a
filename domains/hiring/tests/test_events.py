"""What hiring tells is told with what it tells of, and stays what whoever reads it was promised."""

from pathlib import Path

from hanse_hiring.api import Candidate, Job
from hanse_hiring.events import ApplicationReceived, JobClosed, JobPublished
from hanse_hiring.service import Hiring, Jobs

from domains.hiring.tests.careers_world import STAFF
from hanse import Service, subscribe
from hanse.runtime.events.describe import describe_event, events_of
from hanse.runtime.project.project import read_project
from hanse.runtime.publish.event_lock import read_event_lock, update_event_lock
from hanse.testing import World

FOLDER = Path(__file__).parents[1]


class Log(list):
    """What was heard, in order."""


class Neighbour(Service, package="neighbour.v1"):
    """Wants to know."""

    def __init__(self, log: Log) -> None:
        self._log = log

    @subscribe(JobPublished, JobClosed, ApplicationReceived)
    async def hear(self, event: JobPublished | JobClosed | ApplicationReceived) -> None:
        key = event.job if isinstance(event, ApplicationReceived) else event.external_id
        self._log.append((key, type(event).__name__))


def job(name, status):
    return Job(
        external_id=name, title="Engineer", team="Payments", locations=("Kyiv",), status=status
    )


async def test_others_hear_what_begins_and_ends_and_who_applied_in_the_order_of_each_job():
    log = Log()
    async with World(Hiring, Jobs, Neighbour, principal=STAFF, provided={Log: log}) as world:
        jobs = world.get(Jobs)
        made = (await jobs.bulk_create((job("a", "open"), job("b", "draft")))).results
        await world.get(Hiring).apply("a", Candidate(name="Ada", email="ada@example.com"))
        await jobs.update(made[0].item.id, {"status": "closed"})
        await jobs.update(made[1].item.id, {"status": "open"})
        await jobs.update(made[1].item.id, {"title": "Senior engineer"})
        await jobs.create(job("c", "draft"))
        await world.settled()

    assert sorted(log, key=lambda one: one[0]) == [
        ("a", "JobPublished"),
        ("a", "ApplicationReceived"),
        ("a", "JobClosed"),
        ("b", "JobPublished"),
    ]


def test_its_events_are_as_they_are_committed():
    read_project(FOLDER).services()
    lock = read_event_lock((FOLDER / "events.lock.json").read_bytes())
    described = [describe_event(one) for one in events_of({"hiring.v1"})]
    assert update_event_lock(lock, described) == lock, "run `hanse contracts lock` here, and commit"
    assert len(lock) == 3
