"""A service that writes letters, as any would."""

from hanse import PUBLIC, Collection, Database, Entity, InvalidArgument, Service, entity, rpc
from hanse.mail import Letter, Mail, letter


@letter("letters/receipt")
class Receipt(Letter):
    """What an applicant gets."""

    name: str
    job: str


@letter("letters/note")
class Note(Letter):
    """One line."""

    text: str


@entity("office.seat")
class Seat(Entity):
    """Something that is written with a letter."""

    who: str


class Office(Service):
    """Writes letters."""

    def __init__(
        self,
        receipts: Mail[Receipt],
        notes: Mail[Note],
        seats: Collection[Seat],
        database: Database,
    ) -> None:
        self._receipts = receipts
        self._notes = notes
        self._seats = seats
        self._database = database

    @rpc("POST /office/v1/receipts", allow=PUBLIC)
    async def receive(
        self,
        name: str,
        to: str = "ada@example.org",
        job: str = "Smith",
        locale: str = "",
        reply_to: str = "",
        person: str = "",
    ) -> str:
        return await self._receipts.send(
            Receipt(name, job), to, name=name, locale=locale, reply_to=reply_to, person=person
        )

    @rpc("POST /office/v1/notes", allow=PUBLIC)
    async def note(self, text: str, to: str = "ada@example.org") -> str:
        return await self._notes.send(Note(text), to)

    @rpc("POST /office/v1/seats", allow=PUBLIC)
    async def seat(self, who: str, full: bool = False) -> str:
        async with self._database.transaction():
            await self._seats.create(Seat(who=who))
            letter = await self._notes.send(Note(f"A seat for {who}"), "ada@example.org")
            if full:
                raise InvalidArgument("No seat is left.")
        return letter
