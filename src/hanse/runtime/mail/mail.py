"""`Mail`: letters of one kind, as services ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, get_args

from hanse.runtime.call.context import DEFAULT_LOCALE, running
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.mail.address import NAME_MAX, checked_address, one_line
from hanse.runtime.mail.letter import Letter, letter_of
from hanse.runtime.mail.postman import Postman
from hanse.runtime.mail.stored import StoredLetter, Written
from hanse.runtime.mail.templates import Templates
from hanse.runtime.workflows.workflows import Workflows

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database

L = TypeVar("L", bound=Letter)


class Mail(Generic[L]):
    """Letters of one kind. A service asks for it in its constructor.

        def __init__(self, receipts: Mail[Receipt]) -> None: ...

        await self._receipts.send(Receipt(name="Ada", job="Smith"), to="ada@example.org")

    A letter is written in the transaction that is open, and begins its way when that is committed:
    so it is sent if what it tells of happened, and only then.
    """

    __needs__: ClassVar[tuple[Any, ...]] = (Collection[StoredLetter], Workflows)
    __brings__: ClassVar[tuple[type, ...]] = (Postman,)

    _letters: Collection[StoredLetter]
    _templates: Templates
    _workflows: Workflows

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def __from_database__(cls, kind: Any, database: Database, *needed: Any) -> Self:
        (letter,) = get_args(kind) or (None,)
        model = letter_of(letter) if letter is not None else None
        if model is None:
            raise ConfigurationError(
                f"{kind} says not of which letters: Mail[Receipt], a class below @letter(…)"
            )
        mail = cls(database)
        mail._letters, mail._workflows = needed
        mail._templates = Templates(model)
        return mail

    async def send(
        self,
        letter: L,
        to: str,
        *,
        name: str = "",
        reply_to: str = "",
        person: str = "",
        locale: str = "",
    ) -> str:
        """Writes a letter down, to be sent once that is committed.

        In a workflow it belongs into `run.transaction`: a step that is repeated would write two.

        Args:
            letter: What it says.
            to: The address of one person.
            name: Whose that is, as mail programs show it.
            reply_to: The address for an answer, if not the sender's.
            person: Whose data it is, and with whom it is erased; left out, the address in lower
                case.
            locale: The language; left out, that of the running call.

        Returns:
            Its id, which the Message-ID begins with and the workflow that sends it has.

        Raises:
            InvalidArgument: An address is none, or the letter is too long.
            HanseError: As `Database.execute`.
        """
        said = self._templates.said(letter, locale or _locale())
        written = Written(
            kind=type(letter).__name__,
            to=checked_address(to, "to"),
            name=one_line(name, NAME_MAX),
            reply_to=checked_address(reply_to, "reply_to") if reply_to else "",
            locale=said.locale,
            subject=said.subject,
            text=said.text,
            html=said.html,
        )
        stored = StoredLetter(person=person or to.lower(), written=written)
        async with self._database.transaction():
            kept = await self._letters.create(stored)
            return await self._workflows.start(Postman.deliver, kept.id, id=kept.id)


def _locale() -> str:
    call = running.get()
    return call.origin.locale if call else DEFAULT_LOCALE
