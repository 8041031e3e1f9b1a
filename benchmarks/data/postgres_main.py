"""Becomes the PostgreSQL of a run: Hanse's own, made where it is missing, with the run's settings.

`python -m benchmarks.data.postgres_main NAME=VALUE …` in the folder of the run, not as root.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from hanse.fleet.engine.postgres import Postgres
from hanse.fleet.state import StateFolder


def main() -> None:
    """Make the database, then be it."""
    postgres = Postgres(StateFolder(Path()), os.environ)
    asyncio.run(postgres.prepare())
    settings = [word for setting in sys.argv[1:] for word in ("-c", setting)]
    command = [*postgres.program.command, *settings]
    os.execve(command[0], command, dict(postgres.program.environment))


if __name__ == "__main__":
    main()
