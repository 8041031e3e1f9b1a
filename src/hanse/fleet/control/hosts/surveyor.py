"""Has a process of its own look at a project's services."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec

from hanse.fleet.control.hosts.rollout import WORDS_SHOWN, ChangeFailed
from hanse.fleet.survey import Survey

SURVEY_SECONDS = 60.0


async def look_at_services(environment: str) -> Survey:
    """What the services of the project in the working directory are like.

    Raises:
        ChangeFailed: They cannot be imported, or nobody knows why not.
    """
    command = (sys.executable, "-P", "-m", "hanse.fleet.survey", str(Path.cwd()), environment)
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SURVEY_SECONDS):
            said, complaint = await process.communicate()
    except TimeoutError:
        raise ChangeFailed(
            f"Importing the services takes longer than {SURVEY_SECONDS:.0f} s. Importing should "
            "define things and do nothing; what works belongs into a constructor."
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        words = complaint.decode(errors="replace").splitlines()[-WORDS_SHOWN:]
        raise ChangeFailed("The services cannot be looked at.", *words)
    found = msgspec.json.decode(said, type=Survey)
    if found.problems:
        raise ChangeFailed(*found.problems)
    return found
