"""Restores: `python -m hanse.fleet.restore.main`, with what is wished on the standard input.

It runs as whoever the fleet runs as, and says what it does and what came of it in lines of JSON.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import msgspec
import uvloop

from hanse.fleet.engine.program import surroundings
from hanse.fleet.restore.restore import Restore, Restored, Wish
from hanse.fleet.state import StateFolder
from hanse.kit import environment
from hanse.kit.clock import SystemClock
from hanse.runtime.config.configuration_error import ConfigurationError


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line.

    Attributes:
        step: What is done.
        restored: What came of it; the last line.
        refused: Why nothing did; the last line.
    """

    step: str = ""
    restored: Restored | None = None
    refused: tuple[str, ...] = ()


def _say(said: Said) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


def main() -> int:
    """Restores.

    Returns:
        1 if it could not be done.
    """
    os.umask(0o077)
    wish = msgspec.json.decode(sys.stdin.buffer.read(), type=Wish)
    restore = Restore(
        StateFolder(Path()),
        surroundings(environment.variables()),
        SystemClock(),
        lambda step: _say(Said(step=step)),
    )
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            _say(Said(restored=runner.run(restore.run(wish))))
    except ConfigurationError as error:
        _say(Said(refused=tuple(error.problems)))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
