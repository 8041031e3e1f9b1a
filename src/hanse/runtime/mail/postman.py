"""`Postman`: the workflow that sends one letter, run by every host that has some to send."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import msgspec

from hanse.kit.chance import fraction
from hanse.runtime.contract.service import Service
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.errors import NotFound
from hanse.runtime.mail.carrier import ROOM_SECONDS, Carrier
from hanse.runtime.mail.mail_config import ANSWER_SECONDS
from hanse.runtime.mail.stored import StoredLetter
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.retry import Retry
from hanse.runtime.workflows.run import Run

SCHEDULE = Retry(tries=32, first=60.0, most=4 * 3600.0)
"""After a minute, then less and less often, for four days, as mail servers do it themselves."""

TRY_SECONDS = 300.0 + ROOM_SECONDS + ANSWER_SECONDS
"""For one try: some answers of the server, waiting for a connection, and the answer to the text."""

BUSY_FIRST, BUSY_MOST = 2.0, 300.0


class Came(msgspec.Struct, frozen=True):
    """What came of one try.

    Attributes:
        state: What became of the letter; "full" if it was not its turn.
        wait: Seconds until it is looked again whether it is.
    """

    state: Literal["sent", "kept", "gone", "full"]
    wait: float = 0.0


class Postman(Service, package="hanse_mail.v1"):
    """Sends what was written, until the server has it or refuses it for good."""

    def __init__(self, letters: Collection[StoredLetter], carrier: Carrier) -> None:
        self._letters = letters
        self._carrier = carrier

    @workflow(version=1)
    async def deliver(self, run: Run, letter: str) -> str:
        """Sends one letter; says what became of it."""
        waits = 0
        while True:
            came = await run.step(self._carry, letter, waits, retry=SCHEDULE, timeout=TRY_SECONDS)
            if came.state != "full":
                return came.state
            waits += 1
            await run.sleep(timedelta(seconds=came.wait))

    async def _carry(self, letter: str, waits: int) -> Came:
        try:
            stored = await self._letters.get(letter)
        except NotFound:  # erased with its person, or kept for longer than letters are
            return Came("gone")
        state = await self._carrier.carry(stored)
        return Came(state, _wait_for_room(waits) if state == "full" else 0.0)


def _wait_for_room(times: int) -> float:
    return min(BUSY_MOST, BUSY_FIRST * 2.0 ** min(times, 20)) * (1 + fraction())
