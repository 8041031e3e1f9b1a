"""FastAPI + SQLAlchemy 2 on asyncpg, plain and well, as the documentation of both advises.

Pydantic models, one session and one commit a request, `expire_on_commit=False`. Where there is a
choice, the faster one, tried here: columns (JSONB took more for every operation), reads with the
isolation level AUTOCOMMIT (one round trip for three;
https://docs.sqlalchemy.org/en/21/core/connections.html#dbapi-autocommit), an UPDATE … RETURNING
where the tutorials load the object first, `session.add` rather than an INSERT … RETURNING, and a
session in the function rather than by a dependency.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import datetime
import os
import time
import uuid
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import async_sessionmaker

from benchmarks.data.fastapi_sqlalchemy.tables import Contact, engine
from benchmarks.rpc import access
from benchmarks.rpc.uvicorn_server import serve
from benchmarks.tracing import continue_trace

POOL_SIZE = 16

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Email = Annotated[str, StringConstraints(min_length=3, max_length=254)]
Phone = Annotated[str, StringConstraints(min_length=3, max_length=30)]
Stage = Annotated[str, StringConstraints(min_length=1, max_length=20)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Note = Annotated[str, StringConstraints(max_length=500)]
Score = Annotated[int, Field(ge=0, le=1000)]
Limit = Annotated[int, Field(ge=1, le=100)]


class Address(BaseModel):
    model_config = ConfigDict(extra="forbid")

    street: Name
    city: Name
    postal_code: Annotated[str, StringConstraints(min_length=1, max_length=12)]
    country: Annotated[str, StringConstraints(min_length=2, max_length=2)]


class NewContact(BaseModel):
    model_config = ConfigDict(extra="forbid")

    first_name: Name
    last_name: Name
    email: Email
    phone: Phone | None = None
    company: Name
    stage: Stage
    score: Score = 0
    address: Address
    tags: Annotated[list[Tag], Field(max_length=20)] = []
    last_seen: AwareDatetime
    note: Note | None = None


class ChangedContact(BaseModel):
    """A part of a contact: what is not given stays as it is."""

    model_config = ConfigDict(extra="forbid")

    first_name: Name = ""
    last_name: Name = ""
    email: Email = ""
    phone: Phone | None = None
    company: Name = ""
    stage: Stage = ""
    score: Score = 0
    address: Address | None = None
    tags: Annotated[list[Tag], Field(max_length=20)] = []
    last_seen: AwareDatetime | None = None
    note: Note | None = None


class StoredContact(NewContact):
    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    revision: int
    create_time: datetime.datetime
    update_time: datetime.datetime


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    stage: Stage
    seen_since: AwareDatetime
    limit: Limit = 50


class Page(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    contacts: list[StoredContact]


async def caller_site(request: Request) -> str:
    continue_trace(request.headers.get("traceparent"))
    try:
        return access.check_token(request.headers.get("authorization"))["site"]
    except access.RefusedError as error:
        raise HTTPException(error.status) from error


def uuid7() -> uuid.UUID:
    """As Python 3.14 has it; ids in the order of time keep the index's pages together."""
    chance = int.from_bytes(os.urandom(10), "big")
    value = time.time_ns() // 1_000_000 << 80 | chance
    return uuid.UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62)


Site = Annotated[str, Depends(caller_site)]

pool = engine(POOL_SIZE)
sessions = async_sessionmaker(pool, expire_on_commit=False)
readers = async_sessionmaker(pool.execution_options(isolation_level="AUTOCOMMIT"))
app = FastAPI()


@app.post("/crm/v1/contacts", response_model=StoredContact)
async def create(body: NewContact, site: Site):
    now = datetime.datetime.now(datetime.UTC)
    contact = Contact(
        site_id=site, id=uuid7(), revision=1, create_time=now, update_time=now, **body.model_dump()
    )
    async with sessions() as session:
        session.add(contact)
        try:
            await session.commit()
        except IntegrityError as error:
            raise HTTPException(409, "There is a contact with this email.") from error
    return contact


@app.get("/crm/v1/contacts/{contact_id}", response_model=StoredContact)
async def get(contact_id: uuid.UUID, site: Site):
    async with readers() as session:
        contact = await session.get(Contact, (site, contact_id))
    if contact is None:
        raise HTTPException(404, "There is no such contact.")
    return contact


@app.patch("/crm/v1/contacts/{contact_id}", response_model=StoredContact)
async def change(contact_id: uuid.UUID, revision: int, body: ChangedContact, site: Site):
    changed = (
        update(Contact)
        .where(Contact.site_id == site, Contact.id == contact_id, Contact.revision == revision)
        .values(
            **body.model_dump(exclude_unset=True),
            revision=Contact.revision + 1,
            update_time=datetime.datetime.now(datetime.UTC),
        )
        .returning(Contact)
        .execution_options(synchronize_session=False)
    )
    async with sessions() as session:
        contact = (await session.scalars(changed)).one_or_none()
        if contact is None:
            known = await session.get(Contact, (site, contact_id))
            raise HTTPException(409 if known else 404)
        await session.commit()
    return contact


@app.post("/crm/v1/contacts:query", response_model=Page)
async def query(body: Question, site: Site):
    wanted = (
        select(Contact)
        .where(
            Contact.site_id == site,
            Contact.stage == body.stage,
            Contact.last_seen >= body.seen_since,
        )
        .order_by(Contact.last_seen)
        .limit(body.limit)
    )
    async with readers() as session:
        contacts = (await session.scalars(wanted)).all()
    return {"contacts": contacts}


if __name__ == "__main__":
    serve(app)
