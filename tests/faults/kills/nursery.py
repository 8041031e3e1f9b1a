"""Has hosts ready to be killed: it imports once, and forks one for each line: `python -m tests.faults.kills.nursery`.

A line is an order as JSON; what becomes of the host comes back in lines: its pid, its URL, that it
stopped, that it ended. One lives at a time, and none longer than whoever asked.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any

import uvloop

from hanse import BrokerConfig, FileStoreConfig, Host, HostConfig, Secret
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.testing import Faults
from tests.faults.deals import heaps, shop
from tests.faults.deals.outside import Outside
from tests.faults.kills import bank, persons, releases

FLOCKS = {
    "bank": bank.SERVICES,
    "old": releases.OLD,
    "new": (*releases.NEW, bank.Aim),
    "shop": shop.SERVICES,
    "heaps": (heaps.Heaps, heaps.Scales, heaps.Bells, shop.Aid),
    "unread": (heaps.Heaps, shop.Aid),
    "register": (*persons.SERVICES, bank.Aim),
}
"""What a host may serve, by the name an order gives it."""


def tell(**what: Any) -> None:
    """A line for whoever asked; short enough to be whole."""
    os.write(1, json.dumps(what).encode() + b"\n")


async def serve(order: dict[str, Any]) -> None:
    faults, here = Faults(), shop.Here()
    provided = {Faults: faults, shop.Here: here, Outside: Outside(*order["outside"])}
    broker = order["broker"] and BrokerConfig(
        url=Secret(order["broker"]), stream_bytes=order["stream_bytes"]
    )
    if order["point"]:
        faults.at(order["point"], order["nth"]).stop()
    config = HostConfig(
        docs=False,
        site=order["site"],
        database=DatabaseConfig(url=Secret(order["database"]), keys=Path(order["keys"])),
        file_store=FileStoreConfig(folder=Path(order["files"])),
        broker=broker or None,
    )
    with faults.watching():
        host = Host(FLOCKS[order["flock"]], config, clock=here.clock, provided=provided)
        here.host = host
        async with host:
            tell(url=host.url)
            await asyncio.Event().wait()


def watch(pid: int, woken: int) -> None:
    """Tells what becomes of a host; ends it where nobody is there to be told."""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if 0 in ready:  # nobody asks while one lives, so this is the end of whoever did
            os.kill(pid, signal.SIGKILL)
            sys.exit()
        os.read(woken, 100)
        ended, status = os.waitpid(pid, os.WUNTRACED | os.WNOHANG)
        if ended and os.WIFSTOPPED(status):
            tell(stopped=pid)
        elif ended:
            tell(ended=pid)
            return


def main() -> None:
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    tell(ready=True)
    while line := sys.stdin.buffer.raw.readline():
        pid = os.fork()
        if not pid:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            uvloop.run(serve(json.loads(line)))
            os._exit(0)
        tell(pid=pid)
        watch(pid, woken)


if __name__ == "__main__":
    main()
