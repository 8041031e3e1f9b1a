"""The state folder of a running project, `.hanse/up`: where everything lies, and whose it is.

A fleet of several regions has a folder for each below it, `.hanse/up/regions/r1`, with what is that
region's own; what all share lies where it does in a fleet without regions.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from hanse.runtime.config.configuration_error import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

VERSION = 3
"""Raised when what lies in the folder changes so that another Hanse would misread it."""

SPACE_BYTES_MIN = 300 * 1024 * 1024
FOLDERS = ("postgres", "connections", "certificates", "traces", "backup", "restore", "releases")
"""What all regions share."""

OWN_FOLDERS = ("processes", "hosts", "logs", "nats", "envoy", "identity")
"""What each region has of its own."""

REGIONS = "regions"
_NOTE_BYTES_MAX = 200


class StateError(ConfigurationError):
    """The state folder cannot be used; `problems` say why, and the way out."""


class StateFolder:
    """Paths of all that one running project keeps, and the folder's making.

    Args:
        project_folder: Where `hanse.toml` lies. Processes of the fleet run there and give `Path()`,
            so that every path here is relative and a socket's is short, however deep that is.
        region: Whose own folder this is; empty for the fleet itself, which is its own region where
            it has no others.
    """

    def __init__(self, project_folder: Path, region: str = "") -> None:
        self.project = project_folder
        self.region = region
        self.hanse = project_folder / ".hanse"
        self.root = self.hanse / "up"
        self.folder = self.root / REGIONS / region if region else self.root
        self._share()
        self._own()

    def _share(self) -> None:
        root = self.root
        self.version = root / "version"
        self.deployer_mark = root / "deployer.mark"
        self.deployer_socket = root / "deployer.sock"
        self.issuer = root / "issuer.json"
        self.choices = root / "choices.json"
        self.asked = root / "asked.json"
        self.certificates = root / "certificates"
        self.authority = root / "authority"
        self.connections = root / "connections"
        self.postgres = root / "postgres"
        self.releases = root / "releases"
        self.restore = root / "restore"
        self.backup = root / "backup"
        self.traces = root / "traces"
        self.keys = root / "keys"

    def _own(self) -> None:
        folder = self.folder
        self.lock_file = folder / "lock"
        self.control_socket = folder / "control.sock"
        self.ads_socket = folder / "ads.sock"
        self.admin_socket = folder / "admin.sock"
        self.directory = folder / "directory.json"
        self.shares = folder / "shares.json"
        self.roster = folder / "roster.json"
        self.processes = folder / "processes"
        self.identity = folder / "identity"
        self.hosts = folder / "hosts"
        self.envoy = folder / "envoy"
        self.logs = folder / "logs"
        self.nats = folder / "nats"

    def of(self, region: str) -> StateFolder:
        """The same project's, as a region of it has it."""
        return StateFolder(self.project, region)

    def regions(self) -> list[StateFolder]:
        """Those that are there; the fleet itself where it has no others."""
        names = sorted(one.name for one in self.root.glob(f"{REGIONS}/*") if one.is_dir())
        return [self.of(name) for name in names] or [self]

    def record(self, process: str) -> Path:
        """Which process runs under a name."""
        return self.processes / f"{process}.json"

    def log(self, process: str) -> Path:
        return self.logs / f"{process}.log"

    def order(self, host: str) -> Path:
        """What a host is told to run."""
        return self.hosts / f"{host}.json"

    def socket(self, host: str) -> Path:
        """A host's trusted door."""
        return self.hosts / f"{host}.sock"

    def gate(self, host: str) -> Path:
        """A host's open door, for the gateway."""
        return self.hosts / f"{host}.gate"

    def mutual(self, host: str) -> Path:
        """Where a host's door for other regions is, once it is open."""
        return self.hosts / f"{host}.mutual"

    def stall(self, host: str) -> Path:
        """What blocked a host's loop, and for how long."""
        return self.hosts / f"{host}.stall"

    def problems(self, host: str) -> Path:
        """Why a host could not start."""
        return self.hosts / f"{host}.problems"

    def prepare(self, space: int = SPACE_BYTES_MIN) -> None:
        """Makes the folder, or checks the one that is there; touches nothing outside of it.

        Args:
            space: Bytes that must be free.

        Raises:
            StateError: It cannot be made, is somebody else's, of another version, or too small.
        """
        with telling(self.folder):
            for folder in (self.hanse, self.root):
                _make_private(folder)
            _check_owner(self.root)
            self.root.chmod(0o700)
            self._check_version()
            self._check_space(space)
            for name in FOLDERS:
                _make_private(self.root / name)
            self._prepare_own()
            if not self.version.exists():
                write_whole(self.version, f"{VERSION}\n".encode())

    def _prepare_own(self) -> None:
        if self.region:
            _make_private(self.root / REGIONS)
            _make_private(self.folder)
        for name in OWN_FOLDERS:
            _make_private(self.folder / name)

    @contextmanager
    def lock(self, purpose: str = "hanse up") -> Generator[None]:
        """Works here alone, until the block or the process ends, however it ends.

        Args:
            purpose: What others are told who come meanwhile.

        Raises:
            StateError: Somebody else is at work; it says who.
        """
        with telling(self.lock_file):
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
            handle = os.open(self.lock_file, flags, 0o600)
        try:
            self._lock(handle)
            with suppress(OSError):  # a courtesy to others, which a full disk may deny them
                os.ftruncate(handle, 0)
                os.write(handle, f"{os.getpid()} {purpose}\n".encode())
            yield
        finally:
            os.close(handle)

    def _lock(self, handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note = os.pread(handle, _NOTE_BYTES_MAX, 0).decode(errors="replace")
            pid, _, purpose = note.strip().partition(" ")
            raise StateError(
                f"{purpose or 'Another hanse'} (process {pid or 'unknown'}) is at work in "
                f"{self.folder}, and one at a time may. Look with hanse status, or wait for it."
            ) from None

    def _check_version(self) -> None:
        if not self.version.exists():
            return
        with self.version.open("rb") as file:
            text = file.read(_NOTE_BYTES_MAX).decode(errors="replace").strip()
        if text == str(VERSION):
            return
        older = text.isdecimal() and int(text) < VERSION
        hanse = "an older Hanse" if older else "a newer or an unknown Hanse"
        remedy = "run that Hanse's hanse down first, then" if older else "use that Hanse, or"
        raise StateError(
            f"{self.folder} was written by {hanse} (its state is of version {text!r}, this Hanse "
            f"knows {VERSION}). Either {remedy} move it away and begin anew: "
            f"mv {self.folder} {self.folder}.old"
        )

    def _check_space(self, least: int) -> None:
        found = os.statvfs(self.root)
        free = found.f_bavail * found.f_frsize
        if free < least:
            raise StateError(
                f"Only {free // 1024**2} MB are free where {self.folder} lies; "
                f"{least // 1024**2} MB are needed to start. Free some space there."
            )


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all: who reads sees what was or what is, never a part.

    Nothing is written where it says so already: a fleet is taken over on a full disk too.

    Raises:
        StateError: The disk is full, or it may not be written.
    """
    with suppress(OSError):
        if path.read_bytes() == data:
            return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with telling(path):
        try:
            draft.unlink(missing_ok=True)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise


@contextmanager
def telling(path: Path) -> Generator[None]:
    """Turns what the operating system says against writing here into a sentence with a way out.

    Raises:
        StateError: An `OSError` came out of the block.
    """
    try:
        yield
    except OSError as error:
        raise StateError(_sentence(error, path)) from error


def _sentence(error: OSError, path: Path) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return (
            f"The disk is full: {path} cannot be written. Free some space; "
            "what runs goes on, and what waits is tried again."
        )
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return (
            f"{path} cannot be written: {error.strerror}. Work on a copy of the project "
            f"in a folder that {_user(os.geteuid())} may write."
        )
    return f"{path} cannot be used: {error.strerror or error}."


def _make_private(folder: Path) -> None:
    """Makes a folder 0700; one that is there must be a real one, so that no link leads outside."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise StateError(f"{folder} is in the way: it is no folder. Move it away.")


def _check_owner(folder: Path) -> None:
    owner, own = folder.lstat().st_uid, os.geteuid()
    if own not in {owner, 0}:  # root prepares it for others, see privileges
        raise StateError(
            f"{folder} belongs to {_user(owner)}, and this runs as {_user(own)}. Run it as that "
            f"user, or give the folder over: sudo chown -R {own} {folder}"
        )


def _user(number: int) -> str:
    with suppress(KeyError):
        return f"user {pwd.getpwuid(number).pw_name}"
    return f"user {number}"
