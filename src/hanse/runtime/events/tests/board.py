"""A job board to test with: what happens to jobs, and who applied for one."""

from typing import Annotated

from hanse.runtime.contract.rules import Length
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.entity.entity import Entity, entity
from hanse.runtime.data.entity.marks import Personal, Ref, Unique
from hanse.runtime.events.envelope import read_envelope
from hanse.runtime.events.event import Event, event
from hanse.runtime.events.events import Events
from hanse.runtime.events.reading import Reader


@entity("board.job")
class Job(Entity):
    title: Annotated[str, Length(1, 100)]
    state: str = "draft"


@entity("board.team", deletes="soft")
class Team(Entity):
    name: Annotated[str, Length(1, 100), Unique()]


@entity("board.member", person="id")
class Member(Entity):
    """Somebody of a team."""

    team: Ref[Team]
    name: Annotated[str, Personal(erase="row")]
    rank: int = 0


@event("board.v1", key="job")
class JobPublished(Event):
    """A job is open that was not."""

    job: str
    title: Annotated[str, Length(1, 100)]
    text: str = ""


@event("board.v1", key="job", person="email")
class Applied(Event):
    """Somebody wants a job."""

    job: str
    email: Annotated[str, Personal(erase="row")]
    name: Annotated[str, Personal(erase="field")] = "somebody"
    phone: Annotated[str | None, Personal(erase="field")] = None


@event("board.v1", key="member", person="member")
class Joined(Event):
    """Somebody is of a team."""

    member: str
    name: Annotated[str, Personal(erase="row")]


class Board:
    """What a host has of it."""

    def __init__(self, database):
        self.database = database
        self.events = Events.__from_database__(Events, database)
        self.jobs = Collection.__from_database__(Collection[Job], database)
        self.teams = Collection.__from_database__(Collection[Team], database)
        database.prepare(database.keys.open)
        self.members = Collection.__from_database__(Collection[Member], database)

    async def told(self):
        """All that lies in the outbox, in order, as envelopes."""
        rows = await self.database.fetch("select envelope from hanse.outbox order by seq")
        return [read_envelope(row["envelope"]) for row in rows]

    async def read(self, cls):
        """All of one class, as a subscriber gets them."""
        envelopes = [one for one in await self.told() if one.type == f"board.v1.{cls.__name__}"]
        return await Reader(cls, self.database.keys).read(envelopes)
