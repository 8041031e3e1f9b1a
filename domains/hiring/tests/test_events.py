"""What hiring tells stays what whoever reads it was promised."""

from pathlib import Path

from hanse.runtime.events.describe import describe_event, events_of
from hanse.runtime.project.project import read_project
from hanse.runtime.publish.event_lock import read_event_lock, update_event_lock

FOLDER = Path(__file__).parents[1]


def test_its_events_are_as_they_are_committed():
    read_project(FOLDER).services()
    lock = read_event_lock((FOLDER / "events.lock.json").read_bytes())
    described = [describe_event(one) for one in events_of({"hiring.v1"})]
    assert update_event_lock(lock, described) == lock, "run `hanse contracts lock` here, and commit"
    assert len(lock) == 3
