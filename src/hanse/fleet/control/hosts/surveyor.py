"""Has processes of their own build a project's services, and look after their tables."""

from __future__ import annotations

import asyncio
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.hosts.rollout import WORDS_SHOWN, ChangeFailed
from hanse.fleet.plan import plan
from hanse.fleet.releases.built import Built, Bundle

if TYPE_CHECKING:
    from hanse.fleet.control.choices import Choices
    from hanse.fleet.plan import PlannedGroup
    from hanse.runtime.project.project import Project

BUILD_SECONDS = 900.0
"""For importing what is new, and for installing packages that a lock names for the first time."""

ROTATION_SECONDS = 1800.0
MIGRATION_SECONDS = 4 * 3600.0
"""For all post migrations; an index of one may take an hour."""


async def build_services(environment: str) -> Built:
    """Builds the project in the working directory.

    Raises:
        ChangeFailed: Its services cannot be built, or nobody knows why not.
    """
    try:
        async with asyncio.timeout(BUILD_SECONDS):
            said = await _answer_of("hanse.fleet.releases.built", environment)
    except TimeoutError:
        raise ChangeFailed(
            f"Building the services takes longer than {BUILD_SECONDS:.0f} s. Importing should "
            "define things and do nothing; what works belongs into a constructor."
        ) from None
    found = msgspec.json.decode(said, type=Built)
    if found.problems:
        raise ChangeFailed(*found.problems)
    return found


def groups_of(project: Project, found: Built, choices: Choices) -> tuple[PlannedGroup, ...]:
    """What is to share a process.

    Raises:
        PlanError: The services cannot be placed as asked.
    """
    moved = (*found.apart, *(one.unit for one in choices.moved))
    return plan(project.groups(), found.services, moved)


def is_local(project: Project) -> bool:
    """Whether only this machine reaches the gateway."""
    return ip_address(project.gateway.address).is_loopback


async def migrate_after(environment: str, bundle: Bundle) -> tuple[str, ...]:
    """Has the post migrations of services applied, whose hosts run alone.

    Returns:
        What stands against it, in sentences: what runs goes on.
    """
    try:
        async with asyncio.timeout(MIGRATION_SECONDS):
            said = await _answer_of("hanse.fleet.aftermath", environment, bundle.wish)
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
