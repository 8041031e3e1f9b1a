"""The files of a keyring: what stands in them, and how they are written, read and destroyed.

    ring.json           {"version": 1, "id": "…", "bound": true}
    secret.key          32 bytes: blind tokens and stored answers, the same for good
    generation-N.key    32 bytes: wraps the keys of subjects; destroyed when N+1 has taken over

Keys stand as 64 hexadecimal digits and a line's end. All is of mode 0600, in a folder of 0700.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import msgspec

from hanse.kit.private_folder import make_private
from hanse.runtime.config.configuration_error import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

FORMAT = 1
"""Raised when what stands in the files changes so that another Hanse would misread it."""

RING = "ring.json"
SECRET = "secret.key"  # noqa: S105  the name of a file
KEY_BYTES = 32

_FILE_BYTES_MAX = 4096
_GENERATION = re.compile(r"generation-([1-9]\d{0,8})\.key")


class KeyringError(ConfigurationError):
    """A keyring cannot be used; `problems` say why, and the way out."""


class RingFile(msgspec.Struct, frozen=True):
    """`ring.json`.

    Attributes:
        id: Of this ring; the database it belongs to has it too.
        bound: Whether a database has taken it.
        version: Of the format.
    """

    id: str
    bound: bool = False
    version: int = FORMAT


def generation_path(folder: Path, number: int) -> Path:
    """Where the key of a generation lies."""
    return folder / f"generation-{number}.key"


def generations_in(folder: Path) -> list[int]:
    """The numbers of the generations that a folder has keys of."""
    with _telling(folder):
        found = [generation_in(path.name) for path in folder.iterdir()]
    return sorted(one for one in found if one)


def generation_in(name: str) -> int:
    """The generation that a file of this name holds the key of; 0 for another file."""
    found = _GENERATION.fullmatch(name)
    return int(found[1]) if found else 0


def make_folder(folder: Path) -> None:
    """Makes it where it is not there.

    Raises:
        KeyringError: It cannot be made, or others may look into it.
    """
    with _telling(folder):
        there = folder.exists()
        make_private(folder)
        if not there:
            _give(folder, folder.parent)
    check_folder(folder)


def check_folder(folder: Path) -> None:
    """Looks whether its user alone opens it.

    Raises:
        KeyringError: It is not there, or others may look into it.
    """
    with _telling(folder):
        found = folder.stat()
    if not stat.S_ISDIR(found.st_mode):
        raise KeyringError(f"The keyring {folder} is no folder; name one in [keys] folder.")
    _check_private(folder, found, 0o700)


def read_ring(folder: Path) -> RingFile | None:
    """What a folder is the ring of; None if it is of none yet.

    Raises:
        KeyringError: It is there and cannot be read.
    """
    path = folder / RING
    if not path.exists():
        return None
    try:
        ring = msgspec.json.decode(_read(path), type=RingFile)
    except msgspec.DecodeError as error:
        raise KeyringError(f"{path} cannot be read: {error}. Take it from a copy.") from None
    if ring.version != FORMAT:
        raise KeyringError(
            f"{path} is of version {ring.version}, and this Hanse knows {FORMAT}; use the Hanse "
            "that wrote it."
        )
    return ring


def write_ring(folder: Path, ring: RingFile) -> None:
    """Writes down what a folder is the ring of.

    Raises:
        KeyringError: It cannot be written.
    """
    write_private(folder / RING, msgspec.json.encode(ring))


def read_key(path: Path) -> bytes:
    """The key that a file holds.

    Raises:
        KeyringError: It is not there, open to others, or no key.
    """
    return key_in(_read(path), path)


def key_in(text: bytes, path: Path) -> bytes:
    """The key that some text is.

    Raises:
        KeyringError: It is none; it says where it lies.
    """
    try:
        key = bytes.fromhex(text.strip().decode())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyringError(f"{path} holds no key; take it from a copy of the keyring.")
    return key


def write_key(path: Path, key: bytes) -> None:
    """Writes a key, so that it is there after a loss of power as well.

    Raises:
        KeyringError: It cannot be written.
    """
    write_private(path, key.hex().encode() + b"\n")


def write_private(path: Path, data: bytes) -> None:
    """Writes a file of mode 0600 whole or not at all, and returns when the disk has it.

    Raises:
        KeyringError: It cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with _telling(path):
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _give(draft, path.parent)
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        _settle(path.parent)


def destroy(path: Path) -> None:
    """Overwrites and removes a file; one that is gone is no mistake.

    Raises:
        KeyringError: It cannot be removed.
    """
    with _telling(path), suppress(FileNotFoundError):
        # No link is followed, nor is a file of others written over, whoever put it there.
        with os.fdopen(os.open(path, os.O_RDWR | os.O_NOFOLLOW), "r+b") as file:
            found = os.fstat(file.fileno())
            if found.st_uid != path.parent.stat().st_uid:
                raise KeyringError(f"{path} is of another user than its folder; look who did that.")
            file.write(b"0" * found.st_size)  # a disk that writes in place forgets it at once
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        _settle(path.parent)


def _give(path: Path, folder: Path) -> None:
    """Has what root makes belong to whom the folder belongs: a fleet runs as them."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _settle(folder: Path) -> None:
    """Returns when the disk has what a folder lists."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> bytes:
    with _telling(path), path.open("rb") as file:
        _check_private(path, os.fstat(file.fileno()), 0o600)
        return file.read(_FILE_BYTES_MAX)


def _check_private(path: Path, found: os.stat_result, mode: int) -> None:
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise KeyringError(
            f"{path} is open to others than its user, and keys are not: chmod {mode:o} {path}"
        )
    if os.geteuid() not in {found.st_uid, 0}:
        raise KeyringError(f"{path} belongs to another user; run this as that one.")


@contextmanager
def _telling(path: Path) -> Generator[None]:
    """Makes a sentence with a way out of what the operating system says."""
    try:
        yield
    except FileNotFoundError as error:
        raise KeyringError(
            f"{path} is not there, and what is sealed cannot be read without it: take the keyring "
            "from a copy, or name its folder in [keys] of hanse.toml."
        ) from error
    except OSError as error:
        raise KeyringError(f"{path} cannot be used: {error.strerror or error}.") from error
