"""All that a host is run from: releases of one process, their packages, settings, Hanse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.releases import tree
from hanse.fleet.releases.shelf import NoRelease
from hanse.fleet.releases.sources import lock
from hanse.fleet.state import telling, write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hanse.fleet.releases.release import Release
    from hanse.fleet.releases.shelf import Shelf


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What runs in one host, each part by its digest.

    Attributes:
        releases: Of every service, by the name the project lists it under.
        code: The files of all of them.
        lock: The packages of all of them.
        files: Folders that are served as they are, by the paths they are below.
        settings: The text of `hanse.toml`.
        runtime: Hanse.
        python: The program that has the packages.
    """

    releases: dict[str, str]
    code: str
    lock: str
    files: dict[str, str]
    settings: str
    runtime: str
    python: str

    @property
    def digest(self) -> str:
        """Names it: what is run from the same has the same name."""
        return tree.digest_of(msgspec.json.encode(self, order="sorted"))


class Apart(Exception):
    """Releases cannot share a process; `problems` says why, in sentences."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems


def share(releases: Sequence[Release]) -> tuple[tree.Tree, lock.Lock]:
    """Files and packages of releases that run in one process.

    Raises:
        Apart: A file or a package is in two versions; with all of them and who wants which.
    """
    problems: list[str] = []
    try:
        code = tree.joined({one.name: one.code for one in releases})
    except tree.TreeError as error:
        code, problems = tree.Tree(), [*error.problems]
    try:
        packages = lock.joined({one.name: one.lock for one in releases})
    except lock.LockError as error:
        packages = lock.Lock()
        problems += error.problems
    if problems:
        raise Apart(*problems)
    return code, packages


def keep_wish(wish: Wish, shelf: Shelf) -> str:
    """Writes a wish down; returns its digest.

    Raises:
        StateError: The disk is full.
    """
    path = _path(wish.digest, shelf)
    write_whole(path, msgspec.json.encode(wish))
    with telling(path):
        path.touch()  # it is as new as the last build that came to it
    return wish.digest


def renew_wish(digest: str, shelf: Shelf) -> None:
    """Counts one as built now, if it is there: somebody may go back to it."""
    path = _path(digest, shelf)
    if path.exists():
        with telling(path):
            path.touch()


def read_wish(digest: str, shelf: Shelf) -> Wish:
    """A wish that was written down.

    Raises:
        NoRelease: It is not there, or is not what its name says.
    """
    try:
        wish = msgspec.json.decode(_path(digest, shelf).read_bytes(), type=Wish)
    except (OSError, msgspec.MsgspecError):
        raise NoRelease(f"What {digest[:12]} runs from is not kept here any more.") from None
    if wish.digest != digest:
        raise NoRelease(f"What {digest[:12]} runs from was changed; build it anew: hanse up")
    return wish


def _path(digest: str, shelf: Shelf) -> Path:
    if not tree.is_digest(digest):
        raise NoRelease(f"{digest[:80]!r} is no digest of a release.")
    return shelf.wishes / f"{digest}.json"
