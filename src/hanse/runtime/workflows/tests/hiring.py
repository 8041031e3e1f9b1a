"""A service whose processes are of persons: what is personal comes, is kept, and is given back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from msgspec import Struct

from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Service
from hanse.runtime.data.database import Database
from hanse.runtime.data.entity.marks import Personal
from hanse.runtime.data.people.people import People
from hanse.runtime.errors import FailedPrecondition, NotFound
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.info import Instance
from hanse.runtime.workflows.retry import Retry
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.workflows import Workflows

FIELD, ROW = Personal(erase="field"), Personal(erase="row")

ADA = "applicant_ada"
NAME, GREETED, STREET, TOLD = "Zqname3", "Zqgreeted3", "Zqstreet3", "Zqtold3"
MARKERS = (NAME, GREETED, STREET, TOLD)


class Applicant(Struct, frozen=True):
    person: str
    name: Annotated[str, FIELD] = ""


class Greeting(Struct, frozen=True):
    text: Annotated[str, FIELD] | None = None
    length: int = 0


class Address(Struct, frozen=True):
    street: Annotated[str, FIELD] = "nowhere"
    country: str = "DE"


class Report(Struct, frozen=True):
    greeting: Annotated[str, FIELD] = ""
    street: Annotated[str, FIELD] = ""
    told: Annotated[str, FIELD] = ""
    length: int = 0


class Mail(Struct, frozen=True):
    address: Annotated[str, FIELD] = ""


class Referral(Struct, frozen=True):
    person: str
    by: str
    praise: Annotated[str, Personal(erase="field", of="by")] = ""


class Hiring(Service, package="hiring.v1"):
    def __init__(self, workflows: Workflows, people: People, database: Database) -> None:
        self.workflows, self.people, self.database = workflows, people, database
        self.log: list[str] = []
        self.broken = False

    @rpc(allow=PUBLIC)
    async def erase(self, person: str) -> int:
        return sum(one.deleted for one in (await self.people.erase(person)).touched)

    @rpc(allow=PUBLIC)
    async def export(self, person: str) -> str:
        return b"".join([piece async for piece in self.people.export(person)]).decode()

    @rpc(allow=PUBLIC)
    async def apply(self, applicant: Applicant, id: str = "") -> str:
        return await self.workflows.start(self.hire, applicant, id=id)

    @rpc(allow=PUBLIC)
    async def move(self, id: str, street: str) -> None:
        await self.workflows.signal(self.hire, id, "address", Address(street))

    @rpc(allow=PUBLIC)
    async def report(self, id: str) -> Report:
        return await self.workflows.result(self.hire, id)

    async def standing(self, method: Callable[..., Any], id: str) -> Instance:
        return await self.workflows.get(method, id)

    @workflow(version=1, person="applicant.person")
    async def hire(self, run: Run, applicant: Applicant) -> Report:
        greeting = await run.step(self._greet, applicant.name)
        address = await run.signal("address", Address)
        kept = await run.transaction(self._keep, address.street if address else "")
        told = await run.child(self.tell, applicant.person, TOLD)
        await run.step(self._check)
        return Report(greeting.text or "", kept.street, told.text or "", greeting.length)

    @workflow(version=1, person="person")
    async def tell(self, run: Run, person: str, what: Annotated[str, FIELD] = "") -> Greeting:
        return await run.step(self._say, what)

    @workflow(version=1, person="person")
    async def decide(self, run: Run, person: str, name: Annotated[str, ROW]) -> str:
        await run.step(self._note, name)
        await run.sleep(timedelta(days=1))
        return "decided"

    @workflow(version=1)
    async def board(self, run: Run, person: str) -> str:
        try:
            return await run.child(self.decide, person, NAME)
        except NotFound as error:
            return f"{type(error).__name__}: {error}"

    @workflow(version=1, person="mail.address")
    async def subscribe(self, run: Run, mail: Mail) -> Mail:
        await run.sleep(timedelta(days=1))
        return mail

    @workflow(version=1, person="person")
    async def lodge(self, run: Run, person: str) -> Address:
        kept = await run.transaction(
            self._keep, STREET, retry=Retry(first=1e-9, on=(ConnectionError,))
        )
        await run.sleep(timedelta(days=1))
        return kept

    @workflow(version=1, person="referral.person")
    async def refer(self, run: Run, referral: Referral) -> str:
        await run.sleep(timedelta(days=1))
        self.log.append(referral.praise)
        return "done"

    async def _greet(self, name: str) -> Greeting:
        self.log.append(f"greet {name}")
        return Greeting(f"{GREETED} {name}", len(name))

    async def _keep(self, street: str) -> Address:
        return Address(street)

    async def _say(self, what: str) -> Greeting:
        return Greeting(what)

    async def _note(self, name: str) -> None:
        self.log.append(f"note {name}")

    async def _check(self) -> None:
        if self.broken:
            raise FailedPrecondition("Not today.")
