"""Files of a release by what is in them: the same files have the same name, wherever they lie."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

FILES_MAX = 20_000
FILE_BYTES_MAX = 64 * 1024 * 1024
TREE_BYTES_MAX = 256 * 1024 * 1024
PATH_LENGTH_MAX = 1024
SHOWN_DIGITS = 12

_DIGEST = re.compile(r"[0-9a-f]{64}")
_SEGMENT = re.compile(r"[^/\\\x00-\x1f\x7f]{1,255}")


class TreeError(ValueError):
    """Files cannot be those of a release; `problems` says why, in sentences."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems


class FileEntry(msgspec.Struct, frozen=True, omit_defaults=True, order=True):
    """One file.

    Attributes:
        path: Below the root of the tree, with slashes.
        digest: SHA-256 of its bytes, in hexadecimal digits.
        size: Bytes.
    """

    path: str
    digest: str
    size: int


class Tree(msgspec.Struct, frozen=True):
    """Files in the order of their paths."""

    files: tuple[FileEntry, ...] = ()

    @property
    def digest(self) -> str:
        """Names the content, in hexadecimal digits."""
        return digest_of(self.manifest)

    @property
    def manifest(self) -> bytes:
        """The list of its files, of which the digest is made."""
        return msgspec.json.encode(self)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.size for one in self.files)


def digest_of(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def is_digest(text: str) -> bool:
    """Whether a text can be one of `digest_of`."""
    return _DIGEST.fullmatch(text) is not None


def tree_of(files: Iterable[FileEntry]) -> Tree:
    """A tree that may be laid down in a folder, and stays in it.

    Raises:
        TreeError: A path leads out of it, is taken twice or is no name of a file; a digest is none;
            or there is too much of it.
    """
    tree = Tree(tuple(sorted(files)))
    problems = tuple(_problems(tree))
    if problems:
        raise TreeError(*problems)
    return tree


def joined(trees: Mapping[str, Tree]) -> Tree:
    """All files of several trees, by whose they are.

    Raises:
        TreeError: One path has different content in two of them; each with who has which.
    """
    found: dict[str, FileEntry] = {}
    owners: dict[str, dict[str, list[str]]] = {}
    for owner, tree in trees.items():
        for one in tree.files:
            found[one.path] = one
            owners.setdefault(one.path, {}).setdefault(one.digest, []).append(owner)
    problems = tuple(
        f"{path} is there in {len(contents)} versions: {_versions(contents)}."
        for path, contents in sorted(owners.items())
        if len(contents) > 1
    )
    if problems:
        raise TreeError(*problems)
    return tree_of(found.values())


def _versions(contents: Mapping[str, Sequence[str]]) -> str:
    return ", ".join(
        f"{digest[:SHOWN_DIGITS]} for {' and '.join(sorted(owners))}"
        for digest, owners in sorted(contents.items(), key=lambda one: sorted(one[1]))
    )


def _problems(tree: Tree) -> Iterator[str]:
    if len(tree.files) > FILES_MAX:
        yield f"It has {len(tree.files)} files; {FILES_MAX} may be in a release."
    if tree.size > TREE_BYTES_MAX:
        yield f"It has {tree.size} bytes; {TREE_BYTES_MAX} may be in a release."
    paths: set[str] = set()
    for one in tree.files:
        if one.path in paths:
            yield f"{one.path} is there twice."
        paths.add(one.path)
        yield from _problems_of(one)
    folders = {folder for path in paths for folder in _folders_of(path)}
    yield from (f"{path} is a file and a folder." for path in sorted(folders & paths))


def _problems_of(file: FileEntry) -> Iterator[str]:
    segments = file.path.split("/")
    named = all(_SEGMENT.fullmatch(one) and one not in {".", ".."} for one in segments)
    if not named or len(file.path) > PATH_LENGTH_MAX:
        yield f"{file.path[:PATH_LENGTH_MAX]!r} is no path below the root of a release."
    if not is_digest(file.digest):
        yield f"{file.digest[:80]!r} of {file.path} is no SHA-256 in hexadecimal digits."
    if not 0 <= file.size <= FILE_BYTES_MAX:
        yield f"{file.path} has {file.size} bytes; a file has {FILE_BYTES_MAX} at most."


def _folders_of(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
