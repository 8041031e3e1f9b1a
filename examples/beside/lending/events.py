"""What the library tells."""

from __future__ import annotations

from hanse import Event, event


@event("lending.v1", key="reader")
class BookLent(Event):
    """Somebody took a book home."""

    loan: int
    book: str
    reader: str
