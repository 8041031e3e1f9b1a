"""Where sources came from: the commit of their repository, if they lie in one."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

GIT_SECONDS = 10.0

_CREDENTIALS = re.compile(r"(?<=//)[^/@]*@")


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of where a tree came from; no part of what names a release.

    Attributes:
        commit: Of the repository, in full; empty where there is none.
        changed: Whether files below the folder were otherwise than in that commit.
        repository: The address it was cloned from, without credentials.
    """

    commit: str = ""
    changed: bool = False
    repository: str = ""


def origin_of(folder: Path) -> Origin:
    """Asks git; empty where there is no git, no repository, or one that git does not trust."""
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    if not commit:
        return Origin()
    changed = _git(folder, "status", "--porcelain", "--untracked-files=normal", "--", ".")
    address = _git(folder, "config", "--get", "remote.origin.url")
    return Origin(commit, bool(changed), _CREDENTIALS.sub("", address))


def _git(folder: Path, *arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    # No optional lock: a build only looks, and leaves nothing in a repository that is not its own.
    command = (git, "--no-optional-locks", "-C", str(folder), *arguments)
    try:
        done = subprocess.run(  # noqa: S603 - put together here
            command, capture_output=True, timeout=GIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else ""
