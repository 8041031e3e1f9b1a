"""What happens by itself, beside the routes: two services, each of which could be had alone."""

from __future__ import annotations

from datetime import timedelta

from hanse import Run, Service, subscribe, workflow
from hanse.beside import Sessions
from lending.events import BookLent
from lending.models import Loan, Notice

LENT_FOR = timedelta(days=14)


class Desk(Service, package="desk.v1"):
    """Leaves notices for readers."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    @subscribe(BookLent)
    async def welcome(self, event: BookLent) -> None:
        """One notice a loan, however often the event comes: it is one with the note of that."""
        async with self._sessions.here() as session:
            session.add(Notice(reader=event.reader, text=f"Enjoy {event.book}!"))


class Returns(Service, package="returns.v1"):
    """Sees to it that books come back."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    @workflow(version=1)
    async def watch(self, run: Run, loan: int) -> str:
        """Reminds the reader every two weeks until the book is there."""
        reminders = 0
        while not await run.signal("back", bool, timeout=LENT_FOR):
            await run.transaction(self._remind, loan)
            reminders += 1
        return f"back after {reminders} reminders"

    async def _remind(self, loan: int) -> None:
        async with self._sessions.here() as session:
            found = await session.get_one(Loan, loan)
            session.add(Notice(reader=found.reader, text=f"Please bring {found.book} back."))
