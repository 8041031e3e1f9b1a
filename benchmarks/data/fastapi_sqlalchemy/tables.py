"""The contacts of FastAPI + SQLAlchemy: a column a field, the same indexes as everybody's.

Run as a module it makes the tables.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import asyncio
import datetime
import os
import typing
import uuid

import msgspec
from sqlalchemy import BigInteger, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    type_annotation_map: typing.ClassVar = {
        str: Text,
        int: BigInteger,
        datetime.datetime: TIMESTAMP(timezone=True),
        list[str]: ARRAY(Text),
        dict[str, str]: JSONB,
    }


class Contact(Base):
    __tablename__ = "contacts"
    __table_args__ = (
        Index("contacts_email", "site_id", "email", unique=True),
        Index("contacts_seen", "site_id", "stage", "last_seen", "id"),
        Index("contacts_name", "site_id", "last_name", "first_name", "id"),
    )

    site_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    revision: Mapped[int]
    create_time: Mapped[datetime.datetime]
    update_time: Mapped[datetime.datetime]
    first_name: Mapped[str]
    last_name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str | None]
    company: Mapped[str]
    stage: Mapped[str]
    score: Mapped[int]
    address: Mapped[dict[str, str]]
    tags: Mapped[list[str]]
    last_seen: Mapped[datetime.datetime]
    note: Mapped[str | None]


def engine(pool_size: int) -> AsyncEngine:
    """As https://docs.sqlalchemy.org/en/21/dialects/postgresql.html#asyncpg says.

    The caches of compiled queries and of prepared statements are on, as they are by default.
    """
    return create_async_engine(
        f"postgresql+asyncpg://hanse@/{os.environ['BENCH_DATABASE']}",
        connect_args={"host": os.environ["BENCH_POSTGRES"]},
        pool_size=pool_size,
        max_overflow=0,
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
    )


async def make() -> None:
    made = engine(1)
    async with made.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await made.dispose()


if __name__ == "__main__":
    asyncio.run(make())
