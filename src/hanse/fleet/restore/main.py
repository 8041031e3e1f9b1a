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
from hanse.fleet.restore.site_restore import SiteRestored, SiteWish, restore_site
from hanse.fleet.state import StateFolder
from hanse.kit import environment
from hanse.kit.clock import SystemClock
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.errors import HanseError


class Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of the two.

    Attributes:
        all: A whole database.
        site: One site.
    """

    all: Wish | None = None
    site: SiteWish | None = None


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line.

    Attributes:
        step: What is done.
        restored: What came of it; the last line.
        site_restored: What came of it, if it was about one site; the last line.
        refused: Why nothing did; the last line.
    """

    step: str = ""
    restored: Restored | None = None
    site_restored: SiteRestored | None = None
    refused: tuple[str, ...] = ()


def _say(said: Said) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


async def _restored(asked: Asked) -> Said:
    state, given = StateFolder(Path()), surroundings(environment.variables())
    if asked.site is not None:
        return Said(site_restored=await restore_site(state, given, _tell, asked.site))
    assert asked.all is not None, "one of the two is asked for"
    restore = Restore(state, given, SystemClock(), _tell)
    return Said(restored=await restore.run(asked.all))


def _tell(step: str) -> None:
    _say(Said(step=step))


def main() -> int:
    """Restores.

    Returns:
        1 if it could not be done.
    """
    os.umask(0o077)
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            _say(runner.run(_restored(asked)))
    except ConfigurationError as error:
        _say(Said(refused=tuple(error.problems)))
        return 1
    except HanseError as error:
        _say(Said(refused=(str(error),)))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
