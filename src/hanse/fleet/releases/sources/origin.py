"""Where sources came from: the commit of their repository, if they lie in one."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

GIT_SECONDS = 10.0

_CREDENTIALS = re.compile(r"(?<=//)[^/@]*@")
_LINK, _REPOSITORY = "120000", "160000"

# Nothing but the repository's own objects is looked at, and nothing that it names is run: what
# asks for them has no use for hooks, filters, a pager or a monitor, and fetches nothing.
_SURROUNDINGS = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "HOME": "/",
    "LC_ALL": "C",
}
_SETTINGS = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "--no-pager")


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of where a tree came from; no part of what names a release.

    Attributes:
        commit: Of the repository, in full; empty where there is none.
        changed: Whether one of the files was otherwise than in that commit.
        repository: The address it was cloned from, without credentials.
    """

    commit: str = ""
    changed: bool = False
    repository: str = ""


class Repository:
    """The repository a folder lies in, if it is of whom the folder is, or of root, or one's own.

    Git by itself asks for the last alone, and a clone that root made is built by somebody else.
    One that anybody could have put into a folder above, like `/tmp`, is none for either.

    Args:
        folder: Where the sources lie.
    """

    def __init__(self, folder: Path) -> None:
        folder = folder.resolve()
        tops = (folder, *folder.parents)
        self._top = next((one for one in tops if os.path.lexists(one / ".git")), folder)
        trusted = {0, os.geteuid(), folder.stat().st_uid}
        self._commit = self._ask("rev-parse", "--verify", "HEAD") if self._is_of(trusted) else ""
        self._entries: dict[str, tuple[str, str]] | None = None

    def origin(self, files: Iterable[tuple[Path, bytes]]) -> Origin:
        """Where some of its files are from.

        Args:
            files: With what is in them now. Those that lie elsewhere do not count.
        """
        if not self._commit:
            return Origin()
        address = self._ask("config", "--get", "remote.origin.url")
        changed = any(not self._has(path, content) for path, content in files)
        return Origin(self._commit, changed, _CREDENTIALS.sub("", address))

    def _is_of(self, owners: set[int]) -> bool:
        try:
            found = {one.lstat().st_uid for one in (self._top, self._top / ".git")}
        except OSError:
            return False
        return found <= owners

    def _has(self, path: Path, content: bytes) -> bool:
        """Whether the commit has just that, by git's own name for it."""
        if not path.is_relative_to(self._top):
            return True
        name = path.relative_to(self._top)
        entries = self._listed()
        if any(entries.get(str(above), ("",))[0] == _REPOSITORY for above in name.parents):
            return True
        mode, named = entries.get(str(name), ("", ""))
        if mode == _LINK:
            return True
        kind = hashlib.sha256 if len(named) == 64 else hashlib.sha1
        return kind(b"blob %d\0" % len(content) + content).hexdigest() == named

    def _listed(self) -> dict[str, tuple[str, str]]:
        if self._entries is None:
            said = self._ask("ls-tree", "-r", "-z", "--full-tree", self._commit)
            lines = (one.partition("\t") for one in said.split("\0") if one)
            self._entries = {path: _entry(told) for told, _, path in lines}
        return self._entries

    def _ask(self, *arguments: str) -> str:
        git = shutil.which("git")
        if git is None:
            return ""
        # A folder that is named is one that git does not look for, nor asks whose it is.
        place = ("-C", str(self._top), f"--git-dir={self._top / '.git'}")
        try:
            done = subprocess.run(  # noqa: S603 - put together here
                (git, *_SETTINGS, *place, *arguments),
                env=_SURROUNDINGS,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=GIT_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout.decode(errors="surrogateescape").strip() if done.returncode == 0 else ""


def _entry(told: str) -> tuple[str, str]:
    mode, _, digest = told.split(" ")
    return mode, digest
