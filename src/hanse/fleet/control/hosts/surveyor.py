"""Has processes of their own look at a project's services, and after their tables."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec

from hanse.fleet.control.hosts.rollout import WORDS_SHOWN, ChangeFailed
from hanse.fleet.survey import Survey

SURVEY_SECONDS = 60.0
ROTATION_SECONDS = 1800.0
MIGRATION_SECONDS = 4 * 3600.0
"""For all post migrations; an index of one may take an hour."""


async def look_at_services(environment: str) -> Survey:
    """What the services of the project in the working directory are like.

    Raises:
        ChangeFailed: They cannot be imported, or nobody knows why not.
    """
    try:
        async with asyncio.timeout(SURVEY_SECONDS):
            said = await _answer_of("hanse.fleet.survey", environment)
    except TimeoutError:
        raise ChangeFailed(
            f"Importing the services takes longer than {SURVEY_SECONDS:.0f} s. Importing should "
            "define things and do nothing; what works belongs into a constructor."
        ) from None
    found = msgspec.json.decode(said, type=Survey)
    if found.problems:
        raise ChangeFailed(*found.problems)
    return found


async def migrate_after(environment: str, release: str) -> tuple[str, ...]:
    """Has the post migrations of a release applied, whose hosts run alone.

    Returns:
        What stands against it, in sentences: what runs goes on.
    """
    try:
        async with asyncio.timeout(MIGRATION_SECONDS):
            said = await _answer_of("hanse.fleet.aftermath", environment, release)
    except TimeoutError:
        return (f"Post migrations take longer than {MIGRATION_SECONDS:.0f} s, and were ended.",)
    except ChangeFailed as error:
        return error.problems
    return msgspec.json.decode(said, type=tuple[str, ...])


async def rotate_when_due(environment: str) -> tuple[str, ...]:
    """Has the keyring rotated if somebody was erased, a day after the last time.

    Returns:
        What stands against it, in sentences.
    """
    try:
        async with asyncio.timeout(ROTATION_SECONDS):
            said = await _answer_of("hanse.fleet.rotation", environment)
    except TimeoutError:
        return (f"Rotating keys takes longer than {ROTATION_SECONDS:.0f} s, and was ended.",)
    except ChangeFailed as error:
        return error.problems
    return msgspec.json.decode(said, type=tuple[str, ...])


async def _answer_of(module: str, *arguments: str) -> bytes:
    """What a module of ours writes, run for the project in the working directory.

    Raises:
        ChangeFailed: It fails.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module, str(Path.cwd()), *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        words = complaint.decode(errors="replace").splitlines()[-WORDS_SHOWN:]
        raise ChangeFailed("The services cannot be looked at.", *words)
    return said
