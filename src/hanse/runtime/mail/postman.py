"""`Postman`: the workflow that sends one letter, run by every host that has some to send."""

from __future__ import annotations

from hanse.runtime.contract.service import Service
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.errors import NotFound
from hanse.runtime.mail.carrier import Carrier
from hanse.runtime.mail.stored import StoredLetter
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.retry import Retry
from hanse.runtime.workflows.run import Run

SCHEDULE = Retry(tries=32, first=60.0, most=4 * 3600.0)
"""After a minute, then less and less often, for four days, as mail servers do it themselves."""

TRY_SECONDS = 300.0
"""For one try: some answers of the server, each within its own time, and waiting for a line."""


class Postman(Service, package="hanse_mail.v1"):
    """Sends what was written, until the server has it or refuses it for good."""

    def __init__(self, letters: Collection[StoredLetter], carrier: Carrier) -> None:
        self._letters = letters
        self._carrier = carrier

    @workflow(version=1)
    async def deliver(self, run: Run, letter: str) -> str:
        """Sends one letter; says what became of it."""
        return await run.step(self._carry, letter, retry=SCHEDULE, timeout=TRY_SECONDS)

    async def _carry(self, letter: str) -> str:
        try:
            stored = await self._letters.get(letter)
        except NotFound:  # erased with its person, or kept for longer than letters are
            return "gone"
        return "sent" if await self._carrier.carry(stored) else "kept"
