"""Whose instances are: their keys, proven when something is sealed, and the note of who it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from hanse.runtime.data.people.place import note
from hanse.runtime.data.personal.keys_used import (
    KeyProof,
    forget_doubted,
    key_of,
    keys_to_seal,
    remember_new,
)
from hanse.runtime.errors import Aborted, FailedPrecondition, InvalidArgument
from hanse.runtime.workflows.journal.bounds import UNREAD_BYTES_MAX, UNREAD_MAX
from hanse.runtime.workflows.journal.statements import SIGNAL
from hanse.runtime.workflows.personal.statements import ADDRESSEE, HOLD, NOTE, PLACE, WHOSE
from hanse.runtime.workflows.personal.values import (
    INPUT,
    Named,
    Spot,
    marks_in,
    note_opened,
    opened,
    subject_named,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.personal.subject_key import SubjectKey
    from hanse.runtime.workflows.journal.entry import Start
    from hanse.runtime.workflows.journal.store import Store
    from hanse.runtime.workflows.personal.declared import Sealed

TRIES = 3


class Whose(NamedTuple):
    """Of whom an instance keeps something.

    Attributes:
        main: Whose it is; empty where that was not noted.
        ends: All of them, and whether the instance goes with each.
    """

    main: str
    ends: Mapping[str, bool]


class Sent(NamedTuple):
    """A signal.

    Attributes:
        id: Of the instance.
        site: The tenant.
        workflow: Its name.
        name: Of the signal.
        kind: What of its value is sealed; None if nothing is.
        body: That, in clear.
    """

    id: UUID
    site: str
    workflow: str
    name: str
    kind: Sealed | None
    body: bytes


class Persons:
    """Those of one database.

    Args:
        database: Where instances are.
        store: Begins them.
    """

    def __init__(self, database: Database, store: Store) -> None:
        self._database = database
        self._store = store
        self._noted = False
        self.once_kept = database.once_kept

    async def ready(self) -> None:
        """Has the keys, and tells who exports and erases where to look.

        Raises:
            KeyringError: There is no keyring.
            HanseError: The database is away.
        """
        if not self._noted:
            await self._database.keys.open()
            await note(self._database, PLACE)
            self._database.once_kept(partial(setattr, self, "_noted", True))

    async def begin(self, starts: Sequence[Start]) -> None:
        """Begins instances whose arguments are sealed; in an open transaction they are part of it.

        Raises:
            InvalidArgument: One is of nobody.
            Aborted: A person was erased again and again meanwhile.
            HanseError: As `Store.start`.
        """
        await self.ready()
        site, began = starts[0].site, set[int]()
        named = {one.id: self._named(one) for one in starts}

        def done(start: Start, epoch: int) -> None:
            if epoch >= 0:
                began.add(start.id.int)

        async with self._database.transaction():
            keys = await self._held(site, {who for one in named.values() for who in one.ends})
            inputs = [named[one.id].sealed(keys, Spot(site, one.id, INPUT)) for one in starts]
            await self._store.start(
                [
                    replace(one, input=body, done=done)
                    for one, body in zip(starts, inputs, strict=True)
                ]
            )
            for id, one in named.items():
                if id.int in began:  # whose one is that was there before, is noted
                    await self._note(id, one.ends, one.main)

    async def send(self, sent: Sent) -> bool:
        """Sends a signal; whether it could be.

        Raises:
            FailedPrecondition: It is personal, and the instance of nobody.
            HanseError: The database is away.
        """
        if sent.kind is None:
            return await self._signal(sent, sent.body)
        await self.ready()
        async with self._database.transaction():
            row = await self._database.fetch_row(ADDRESSEE, sent.id, sent.site, sent.workflow)
            if row is None:
                return False
            if row["subject"] is None:
                raise FailedPrecondition(
                    f"This {sent.workflow} began before its class said whose it is, so nothing "
                    "personal can be sent to it."
                )
            named = Named(sent.kind, sent.body, row["subject"], self._token_of(sent.site))
            keys = await self._held(sent.site, named.ends)
            body = named.sealed(keys, Spot(sent.site, sent.id, f"signal {sent.name}"))
            if not await self._signal(sent, body):
                return False
            await self._note(sent.id, named.ends, "")
        return True

    async def _signal(self, sent: Sent, body: bytes) -> bool:
        place, now = (sent.id, sent.site, sent.workflow, sent.name), self._database.clock.now()
        bounds = (UNREAD_MAX, UNREAD_BYTES_MAX)
        return bool(await self._database.execute(SIGNAL, *place, body, now, *bounds))

    async def hold(
        self, id: UUID, site: str, ends: Mapping[str, bool], main: str
    ) -> Mapping[str, SubjectKey]:
        """The keys of whom something of an instance is sealed, which is noted with them.

        Raises:
            HanseError: As `begin`.
        """
        await self.ready()
        async with self._database.transaction():
            keys = await self._held(site, ends)
            await self._note(id, ends, main)
        return keys

    async def whose(self, id: UUID) -> Whose:
        """Of whom an instance keeps something.

        Raises:
            HanseError: The database is away.
        """
        rows = await self._database.fetch(WHOSE, id)
        main = next((row["subject"] for row in rows if row["main"]), "")
        return Whose(main, {row["subject"]: row["ends"] for row in rows})

    async def keys(self, site: str, subjects: Collection[str]) -> dict[str, SubjectKey]:
        """The keys that there are now: another host may have destroyed what this one knew.

        Raises:
            HanseError: The database is away.
        """
        await self._database.keys.open()
        found = await self._database.keys.fetch(site, subjects) if subjects else {}
        return {subject: key for (subject, purpose), key in found.items() if not purpose}

    async def opened(self, kind: Sealed, body: bytes, spot: Spot, id: UUID) -> bytes:
        """A value of an instance that is not in memory, in clear.

        Raises:
            Gone: Its person was erased, and all of the instance with them.
            HanseError: As `opened` of values.
        """
        keys = await self.keys(spot.site, (await self.whose(id)).ends)
        note_opened(spot.site, keys, marks_in(kind, body))
        return opened(kind, body, spot, {key.mark: key for key in keys.values()})

    def named(self, site: str, kind: Sealed, body: bytes, main: str) -> Named:
        """Whose what is in a value is."""
        return Named(kind, body, main, self._token_of(site))

    def _named(self, start: Start) -> Named:
        model, token = start.model, self._token_of(start.site)
        main = subject_named(model.given, start.input, model.person, token)
        if not main:
            raise InvalidArgument(
                f"`{'.'.join(model.person)}` names nobody, and {model.name} is of a person: give "
                "the id of one."
            )
        return Named(model.given, start.input, main, token)

    def _token_of(self, site: str) -> partial[str]:
        return partial(self._database.keys.ring.token, site)

    async def _held(self, site: str, subjects: Collection[str]) -> dict[str, SubjectKey]:
        """Their keys, held until the commit; drawn and kept where there is none."""
        if not subjects:
            return {}
        known, owners = self._database.keys, [(one, "") for one in subjects]
        for _ in range(TRIES):
            proof = KeyProof(await keys_to_seal(known, site, owners))
            row = await self._database.fetch_row(HOLD, site, *proof.arguments)
            if row is not None and row["done"]:
                self._database.once_kept(partial(remember_new, known, site, proof))
                return {subject: key_of(key) for (subject, _), key in proof.keys.items()}
            await forget_doubted(known, site, proof)
        raise Aborted("Its person was erased meanwhile, again and again.")

    async def _note(self, id: UUID, ends: Mapping[str, bool], main: str) -> None:
        whom = {main: False} | dict(ends) if main else dict(ends)
        if whom:
            mains = [one == main for one in whom]
            columns = ([id] * len(whom), [*whom], mains, [*whom.values()])
            await self._database.execute(NOTE, *columns)
