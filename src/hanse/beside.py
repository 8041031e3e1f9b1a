"""Beside an app of your own: events and workflows in its transactions, and its sessions in ours.

    outbox, processes = Outbox(host), Processes(host)

    async with sessions.begin() as session:
        session.add(Loan(id=number, book=book))
        await outbox.emit(session, BookLent(book=book))
        await processes.start(session, Reminders.remind, number, id=number)

`docs/guide/from-fastapi.md` shows all of it; nothing here is loaded by hosts that do without.
"""

from hanse.runtime.beside.apart import apart
from hanse.runtime.beside.outbox import Outbox
from hanse.runtime.beside.processes import Processes
from hanse.runtime.beside.sessions import Sessions

__all__ = ["Outbox", "Processes", "Sessions", "apart"]
