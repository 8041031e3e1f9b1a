"""The releases of a project on disk: bytes once each, trees made of them, nothing ever changed."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.releases.draft import drafted
from hanse.fleet.releases.release import Release
from hanse.fleet.releases.tree import FileEntry, Tree, TreeError, digest_of, is_digest, tree_of
from hanse.fleet.state import StateError, telling, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

READ_ONLY = 0o444
ANEW = "Build it anew: hanse build"


class NoRelease(StateError):
    """There is no such release, or what lies there is not what its name says."""


class _Kept(msgspec.Struct, frozen=True):
    """A release as it is written: its name says nothing of what it is like, and this does.

    Attributes:
        sum: Digest of the release's text.
        release: That text.
    """

    sum: str
    release: msgspec.Raw


class Shelf:
    """Keeps releases and whatever they are made of, each under the digest of its content.

    Args:
        folder: In the state folder, and so nobody else's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trees = folder / "trees"
        self.environments = folder / "environments"
        self.runtimes = folder / "runtimes"
        self.releases = folder / "releases"
        self.wishes = folder / "wishes"
        self.blobs = folder / "blobs"

    def prepare(self) -> None:
        """Makes the folders that are not there.

        Raises:
            StateError: They cannot be made.
        """
        folders = (self.trees, self.environments, self.runtimes, self.releases, self.wishes)
        with telling(self.folder):
            for one in (self.folder, self.blobs, *folders):
                one.mkdir(mode=0o700, exist_ok=True)

    def keep(self, content: bytes) -> str:
        """Keeps bytes, also where others lie by now under their name; returns their digest.

        Raises:
            StateError: The disk is full.
        """
        digest = digest_of(content)
        path = self.path_of(digest)
        with suppress(OSError):
            if path.read_bytes() == content and stat.S_IMODE(path.stat().st_mode) == READ_ONLY:
                return digest
        with telling(path):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_whole(path, content)
            path.chmod(READ_ONLY)
        return digest

    def read(self, digest: str) -> bytes:
        """Bytes that were kept.

        Raises:
            NoRelease: They are not there, or others.
        """
        try:
            content = self.path_of(digest).read_bytes()
        except OSError:
            raise NoRelease(f"{digest[:12]} is not kept here. {ANEW}") from None
        if digest_of(content) != digest:
            raise NoRelease(f"{digest[:12]} was changed where it lies. {ANEW}")
        return content

    def put(self, release: Release) -> None:
        """Keeps a release whose files are kept already; the origin told first stays.

        Raises:
            StateError: The disk is full.
        """
        try:
            self.get(release.digest)
        except NoRelease:
            raw = msgspec.json.encode(release)
            kept = _Kept(digest_of(raw), msgspec.Raw(raw))
            write_whole(self.releases / f"{release.digest}.json", msgspec.json.encode(kept))

    def get(self, digest: str) -> Release:
        """A release, checked against its name.

        Raises:
            NoRelease: It is not there, cannot be read, or is not what its name says.
        """
        try:
            raw = (self.releases / f"{_checked(digest)}.json").read_bytes()
            kept = msgspec.json.decode(raw, type=_Kept)
            release = msgspec.json.decode(kept.release, type=Release)
            tree_of(release.code.files)
        except OSError:
            raise NoRelease(f"There is no release {digest[:12]} here.") from None
        except (msgspec.MsgspecError, TreeError) as error:
            raise NoRelease(f"Release {digest[:12]} cannot be used: {error}") from None
        if release.digest != digest:
            raise NoRelease(f"Release {digest[:12]} is not what its name says: {release.shown}.")
        if digest_of(bytes(kept.release)) != kept.sum:
            raise NoRelease(f"Release {digest[:12]} was changed where it lies. {ANEW}")
        return release

    def all(self) -> Iterator[Release]:
        """Every release that can be read; the newest first."""
        paths = self.releases.glob("*.json")
        for path in sorted(paths, key=lambda one: one.stat().st_mtime_ns, reverse=True):
            with suppress(NoRelease):
                yield self.get(path.stem)

    def lay(self, tree: Tree) -> Path:
        """A folder with the files of a tree; it is there whole, or not at all.

        One that was changed meanwhile is replaced. Files are further names of the bytes that are
        kept, so a hundred trees that share a file have it once.

        Raises:
            NoRelease: Bytes are missing, or are not what they were.
            TreeError: A path leads out of the folder.
            StateError: The disk is full.
        """
        tree = tree_of(tree.files)
        self.keep(tree.manifest)
        folder = self.folder_of(tree.digest)
        with suppress(NoRelease):
            self.check(tree)
            return folder
        with drafted(folder, instead=os.path.lexists(folder)) as draft:
            for file in tree.files:
                self._lay(draft, file)
        return folder

    def folder_of(self, digest: str) -> Path:
        """Where the files of a tree lie once they were laid down."""
        return self.trees / _checked(digest)

    def tree(self, digest: str) -> Tree:
        """A tree that was laid down once.

        Raises:
            NoRelease: It is not kept any more, or was changed.
        """
        return msgspec.json.decode(self.read(digest), type=Tree)

    def check(self, tree: Tree) -> None:
        """Reads what was laid down once more, as on the day it was kept.

        Raises:
            NoRelease: A file is missing, is another one, or is too much.
        """
        folder = self.folder_of(tree.digest)
        if not folder.is_dir() or folder.is_symlink():
            raise NoRelease(f"The tree {tree.digest[:12]} is missing. {ANEW}")
        for file in tree.files:
            path = folder / file.path
            if not path.is_file() or path.is_symlink():
                raise NoRelease(f"{file.path} of {tree.digest[:12]} is missing. {ANEW}")
            if digest_of(path.read_bytes()) != file.digest:
                raise NoRelease(f"{file.path} of {tree.digest[:12]} was changed. {ANEW}")
        named = {file.path for file in tree.files}
        for path in _files_below(folder):
            if path not in named:
                raise NoRelease(f"{path} was laid into {tree.digest[:12]}. {ANEW}")

    def _lay(self, folder: Path, file: FileEntry) -> None:
        try:
            content = self.read(file.digest)
        except NoRelease as error:
            raise NoRelease(f"{file.path}: {error}") from None
        path = folder / file.path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.link(self.path_of(file.digest), path)
        except OSError:  # a file system without, or too many names of one file
            path.write_bytes(content)
            path.chmod(READ_ONLY)

    def path_of(self, digest: str) -> Path:
        """Where bytes lie that were kept."""
        return self.blobs / _checked(digest)[:2] / digest


def _checked(digest: str) -> str:
    if not is_digest(digest):
        raise NoRelease(f"{digest[:80]!r} is no digest of a release.")
    return digest


def _files_below(folder: Path) -> Iterator[str]:
    """All but what Python makes of them."""
    for place, folders, files in os.walk(folder):
        folders[:] = [one for one in folders if one != "__pycache__"]
        for file in files:
            yield Path(place, file).relative_to(folder).as_posix()
