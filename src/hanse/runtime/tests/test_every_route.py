"""Two sites at each kind of route there is: the owner reads its mark at all that read, a stranger at none."""

from collections.abc import AsyncIterator
from typing import Annotated

import pytest

from hanse import (
    PUBLIC,
    Accepts,
    Collection,
    Database,
    Entity,
    File,
    Html,
    Indexed,
    Length,
    People,
    Personal,
    Principal,
    Resource,
    Run,
    Service,
    Struct,
    Unique,
    Workflows,
    current,
    entity,
    form,
    page,
    rpc,
    workflow,
)
from hanse.runtime.data.rows.tests.hall.seats import Seat, Seats
from hanse.runtime.tests.every_route import EveryRoute, Given
from hanse.testing import World

OWNER, STRANGER = "mark-owner", "stranger"
PERSON = "ada@example.org"
EVE = Principal("staff", "eve")
FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
VIEW = "select title from desk.notes_view where site_id = $1 and title = $2"


@entity("desk.notes", deletes="soft", person="who")
class Note(Entity):
    """What somebody left."""

    title: Annotated[str, Length(1, 100), Unique()]
    who: Annotated[str, Length(0, 100), Indexed()] = ""
    text: Annotated[str, Length(0, 100), Personal(erase="field")] = ""
    scan: Annotated[File, Accepts("text/plain")] | None = None


class Notes(Resource[Note], package="desk.v1", allow=PUBLIC):
    """Notes of a site."""


class Line(Struct, frozen=True):
    text: str


class Desk(Service, package="desk.v1"):
    """Reads notes in every other way there is."""

    def __init__(
        self,
        database: Database,
        notes: Collection[Note],
        people: People,
        workflows: Workflows,
        seats: Seats,
    ) -> None:
        self._database, self._notes, self._seats = database, notes, seats
        self._people, self._workflows = people, workflows

    @rpc("GET /desk/v1/lines", allow=PUBLIC)
    async def follow(self) -> AsyncIterator[Line]:
        """Events of a stream."""
        for note in (await self._notes.query()).items:
            yield Line(note.title)

    @rpc("GET /desk/v1/people/{person}:export", allow=PUBLIC)
    async def export(self, person: str) -> str:
        return b"".join([piece async for piece in self._people.export(person)]).decode()

    @rpc("GET /desk/v1/reports/{title}", allow=PUBLIC)
    async def report(self, title: str) -> tuple[str, ...]:
        """What the SQL view of the entity has."""
        rows = await self._database.fetch(VIEW, current().site, title)
        return tuple(row["title"] for row in rows)

    @rpc("POST /desk/v1/work", allow=PUBLIC)
    async def begin(self, title: str) -> None:
        await self._workflows.start(self.work, title, id="one")

    @rpc("GET /desk/v1/work/{id}", allow=PUBLIC)
    async def given(self, id: str) -> str:
        """What a workflow gave."""
        return await self._workflows.result(self.work, id)

    @workflow(version=1)
    async def work(self, run: Run, title: str) -> str:
        return title

    @rpc("POST /desk/v1/seats", allow=PUBLIC)
    async def book(self, title: str) -> None:
        await self._seats.open_event.execute(1)
        await self._seats.add.execute(1, 1, b"{}")
        await self._seats.book.one(1, 1, title)

    @rpc("GET /desk/v1/seats", allow=PUBLIC)
    async def seats(self) -> tuple[Seat, ...]:
        """Rows of a store."""
        return tuple(await self._seats.all_of.all())

    @page("/desk/{title}", allow=PUBLIC)
    async def shown(self, title: str) -> Html:
        found = (await self._notes.query({"title": title})).items
        return Html("".join(note.text for note in found))

    @form("/desk/{title}", allow=PUBLIC)
    async def changed(self, title: str, text: str) -> Html:
        (found,) = (await self._notes.query({"title": title})).items
        return Html((await self._notes.update(found.id, {"text": text})).title)


async def left(world: World, site: str, mark: str) -> tuple[str, str]:
    """Leaves something of a site everywhere; the note's id, and where its file can be had."""
    http = world.http(EVE, site=site)
    kind = {
        "content-type": "text/plain",
        "content-disposition": f'attachment; filename="{mark}.txt"',
    }
    scan = (await http.post("/desk/v1/notes:upload", mark.encode(), kind)).json
    note = {"title": mark, "who": PERSON, "text": mark, "scan": scan}
    name = (await http.post("/desk/v1/notes", note)).json["id"]
    await http.post("/desk/v1/work", {"title": mark})
    await http.post("/desk/v1/seats", {"title": mark})
    address = (await http.get(f"/desk/v1/notes/{name}:url?field=scan")).json
    return name, address.rpartition("/files/")[2]


@pytest.fixture
async def world():
    async with World(Notes, Desk) as world:
        yield world


async def given(world: World) -> Given:
    name, link = await left(world, OWNER, OWNER)
    await left(world, STRANGER, "theirs")  # its work is called the same, and gives it its own
    note = {"title": "theirs too", "who": "x"}
    values = {
        "Notes.id": name, "Notes.ids": [name], "Notes.fields": ["title"], "Notes.field": "scan",
        "Notes.filter": {"title": OWNER}, "Notes.item": note, "Notes.items": [note | {"id": name}],
        "Notes.file": b"theirs",
        "Desk.title": OWNER, "Desk.person": PERSON, "Desk.id": "one", "page.title": OWNER,
    }  # fmt: skip
    forms = {"/desk/{title}": (b"text=theirs", FORM)}
    return Given(OWNER, values, forms, link, {}, STRANGER)


def both(world: World):
    return world.http(EVE, site=OWNER), world.http(EVE, site=STRANGER)


async def test_the_owner_reads_its_mark_wherever_one_reads_and_a_stranger_nowhere(world):
    shown = await EveryRoute(world, await given(world)).ask_both(*both(world))
    assert shown >= 25, "routes that read are not known as such any more"


class Leaky(Service, package="desk.v1"):
    """Forgets whose call it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @rpc("GET /desk/v1/titles", allow=PUBLIC)
    async def titles(self) -> tuple[str, ...]:
        rows = await self._database.fetch("select title from desk.notes_view")
        return tuple(row["title"] for row in rows)


async def test_who_forgets_the_site_is_noticed():
    async with World(Notes, Desk, Leaky) as world:
        routes = EveryRoute(world, await given(world))
        with pytest.raises(AssertionError, match="Leaky/Titles shows a stranger"):
            await routes.ask_both(*both(world))


class Mute(Service, package="desk.v1"):
    """Says nothing of anybody."""

    @rpc("GET /desk/v1/mute", allow=PUBLIC)
    async def say(self) -> str:
        return "nothing"


class Newer(Service, package="desk.v1"):
    """Has a method that nobody has thought of here."""

    @rpc("GET /desk/v1/newer/{shelf}", allow=PUBLIC)
    async def look(self, shelf: str) -> str:
        return shelf


@pytest.mark.parametrize(
    ("service", "words"),
    [(Mute, "shows its owner nothing"), (Newer, r"nobody says what Newer\.shelf of GET .* is")],
)
async def test_a_route_that_is_not_covered_fails(service, words):
    async with World(service) as world:
        routes = EveryRoute(world, Given(OWNER, {}, {}, "", {}, STRANGER))
        with pytest.raises(AssertionError, match=words):
            await routes.ask_both(*both(world))
