"""The tables of the app."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """All of them."""


class Loan(Base):
    """A book that is, or was, with somebody."""

    __tablename__ = "loan"

    id: Mapped[int] = mapped_column(primary_key=True)
    book: Mapped[str] = mapped_column(String(200))
    reader: Mapped[str] = mapped_column(String(200))
    lend_time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    return_time: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Notice(Base):
    """What a reader is told when they come by."""

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    reader: Mapped[str] = mapped_column(String(200), index=True)
    text: Mapped[str] = mapped_column(String(500))
