"""Asks one resource at a fixed rate and checks every answer: what failed, what was wrong, from outside.

    python -m tests.faults.steady_load URL RATE

Each request asks for another number below URL and must get just that one. It is due at a fixed time
whatever became of those before it. It goes on until SIGTERM; the report is one line of JSON.
"""

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from itertools import count

import uvloop

from hanse.kit.http import Address, Channel, ConnectionFailed, connect

CONNECTIONS_IDLE_MAX = 64
PATIENCE_SECONDS = 10.0


class SteadyLoad:
    """Sends, and counts what came of it."""

    def __init__(self, url: str) -> None:
        origin, _, path = url.partition("//")[2].partition("/")
        self._address = Address(f"http://{origin}")
        self._path = f"/{path}"
        self._idle: list[Channel] = []
        self.outcomes: Counter[str] = Counter()
        self.first_failures: list[str] = []

    async def run(self, rate: float) -> None:
        stopping, tasks = asyncio.Event(), set()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
        begun = time.monotonic()
        for number in count():
            await asyncio.sleep(begun + number / rate - time.monotonic())
            if stopping.is_set():
                break
            task = asyncio.create_task(self._ask(number))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)

    async def _ask(self, number: int) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                outcome = await self._exchange(number)
        except (ConnectionFailed, TimeoutError) as error:
            outcome = f"failed: {type(error).__name__} {error}"
        self.outcomes[outcome.partition(":")[0]] += 1
        if outcome != "right" and len(self.first_failures) < 10:
            self.first_failures.append(f"{time.strftime('%H:%M:%S')} {outcome}")

    async def _exchange(self, number: int) -> str:
        channel = self._idle.pop() if self._idle else await connect(self._address, None)
        request = f"GET {self._path}/{number} HTTP/1.1\r\nhost: {self._address.authority}\r\n\r\n"
        status, _, body = await channel.exchange(request.encode())
        if not channel.closed and len(self._idle) < CONNECTIONS_IDLE_MAX:
            self._idle.append(channel)
        else:
            channel.close()
        if status != 200:
            return f"failed: {status} {body[:200]!r}"
        return "right" if body == str(number).encode() else f"wrong: {body[:100]!r} for {number}"


def main() -> None:
    load = SteadyLoad(sys.argv[1])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(load.run(float(sys.argv[2])))
    print(json.dumps({"outcomes": load.outcomes, "first_failures": load.first_failures}))


if __name__ == "__main__":
    main()
