"""The tables of the peers' shops, and how they are reached.

SQLAlchemy plain and well, as its documentation advises: one engine a process, its caches of
compiled queries and prepared statements on; a single statement goes with the isolation level
AUTOCOMMIT, which is one round trip for three
(https://docs.sqlalchemy.org/en/21/core/connections.html#dbapi-autocommit), what belongs together is
one transaction. Run as a module it makes the tables and fills the shop.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import asyncio
import os
import typing

import msgspec
from boutique_catalog.products import FILE
from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Text, func, insert
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

CONNECTIONS = 16
PIECES = 1_000_000


class Base(DeclarativeBase):
    type_annotation_map: typing.ClassVar = {
        str: Text,
        int: BigInteger,
        dict: JSONB,
        list: JSONB,
    }


class Product(Base):
    __tablename__ = "products"
    __table_args__ = (CheckConstraint("pieces >= 0"),)

    product_id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(index=True)
    doc: Mapped[dict]
    pieces: Mapped[int]


class Reservation(Base):
    __tablename__ = "reservations"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    released: Mapped[bool]


class Cart(Base):
    __tablename__ = "carts"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    items: Mapped[list]
    order_id: Mapped[str]


class Payment(Base):
    __tablename__ = "payments"

    payment_id: Mapped[str] = mapped_column(primary_key=True)
    amount: Mapped[dict]
    brand: Mapped[str]
    state: Mapped[str]


class Order(Base):
    __tablename__ = "orders"
    __table_args__ = (Index("orders_newest", "user_id", "state", "create_time"),)

    order_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    cart: Mapped[str | None] = mapped_column(unique=True)
    email: Mapped[str]
    state: Mapped[str]
    doc: Mapped[dict]
    create_time: Mapped[typing.Any] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )


class Letter(Base):
    __tablename__ = "letters"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    to: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]


def _engine():
    return create_async_engine(
        f"postgresql+asyncpg://hanse@/{os.environ['BENCH_DATABASE']}",
        connect_args={"host": os.environ["BENCH_POSTGRES"]},
        pool_size=CONNECTIONS,
        max_overflow=0,
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
    )


engine = _engine()
"""Of this process."""

alone = engine.execution_options(isolation_level="AUTOCOMMIT")
"""For a single statement."""


async def one(statement):
    """The row that a statement gives, committed; None if there is none."""
    async with alone.connect() as connection:
        return (await connection.execute(statement)).first()


async def every(statement):
    """All rows that a statement gives, committed."""
    async with alone.connect() as connection:
        return (await connection.execute(statement)).all()


async def make() -> None:
    products = msgspec.json.decode(FILE.read_bytes())
    rows = [
        {"product_id": product["id"], "place": place, "doc": product, "pieces": PIECES}
        for place, product in enumerate(products)
    ]
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.execute(insert(Product), rows)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(make())
