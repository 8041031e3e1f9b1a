"""What the killed hosts serve: rows of two collections, transfers between them that are told, files, and a fault to come."""

from __future__ import annotations

import hashlib
from contextlib import aclosing
from typing import Annotated

from hanse import (
    PUBLIC,
    Accepts,
    Collection,
    Database,
    Entity,
    Event,
    Events,
    File,
    Files,
    Html,
    Length,
    Resource,
    Service,
    Struct,
    Unique,
    entity,
    event,
    form,
    rpc,
)
from hanse.testing import Faults

Name = Annotated[str, Length(1, 60), Unique()]
Scan = Annotated[File, Accepts("application/pdf")]


@entity("bank.accounts")
class Account(Entity):
    name: Name
    balance: int = 100
    note: str = ""


@entity("bank.purses")
class Purse(Entity):
    name: Name
    balance: int = 100
    note: str = ""


@entity("bank.deeds")
class Deed(Entity):
    name: Name
    scan: Scan


@event("bank.v1", key="name")
class Debited(Event):
    """An account has less; `revision` is that which it has by this."""

    name: str
    amount: int
    revision: int


@event("bank.v1", key="name")
class Credited(Event):
    """A purse has more."""

    name: str
    amount: int
    revision: int


class Accounts(Resource[Account], package="bank.v1", allow=PUBLIC):
    """Accounts of a site."""


class Purses(Resource[Purse], package="bank.v1", allow=PUBLIC):
    """Purses of a site."""


class Moved(Struct, frozen=True):
    """Both as they are then."""

    account: int
    account_revision: int
    purse: int
    purse_revision: int


class Bank(Service, package="bank.v1"):
    """Moves money from an account to a purse, and keeps deeds."""

    def __init__(
        self,
        database: Database,
        accounts: Collection[Account],
        purses: Collection[Purse],
        deeds: Collection[Deed],
        files: Files,
        events: Events,
    ) -> None:
        self._database, self._events = database, events
        self._accounts, self._purses, self._deeds = accounts, purses, deeds
        self._files = files

    @rpc("POST /bank/v1/transfers", allow=PUBLIC)
    async def transfer(self, account: str, purse: str, amount: int) -> Moved:
        async with self._database.transaction():
            one, other = await self._accounts.get(account), await self._purses.get(purse)
            one = await self._accounts.update(
                one.id,
                {"balance": one.balance - amount},
                revision=one.revision,
                event=Debited(one.name, -amount, one.revision + 1),
            )
            other = await self._purses.update(
                other.id, {"balance": other.balance + amount}, revision=other.revision
            )
            await self._events.emit(Credited(other.name, amount, other.revision))
        return Moved(one.balance, one.revision, other.balance, other.revision)

    @form("/bank/deed", allow=PUBLIC)
    async def deed(self, name: str, scan: Scan) -> Html:
        return Html((await self._deeds.create(Deed(name=name, scan=scan))).id)

    @rpc("GET /bank/v1/digests/{name}", allow=PUBLIC)
    async def digest(self, name: str) -> str:
        """SHA-256 of the bytes that are there of a deed."""
        (deed,), digest = (await self._deeds.query({"name": name})).items, hashlib.sha256()
        async with aclosing(self._files.read(deed.scan)) as pieces:
            async for piece in pieces:
                digest.update(piece)
        return digest.hexdigest()


class Aim(Service, package="bank.v1"):
    """Says where the host is to stop, when it runs already."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    @rpc("POST /bank/v1/aims", allow=PUBLIC)
    async def aim(self, point: str, nth: int) -> None:
        self._faults.at(point, nth).stop()


SERVICES = (Accounts, Purses, Bank, Aim)
