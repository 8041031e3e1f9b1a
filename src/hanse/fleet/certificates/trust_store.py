"""Where a system and its browsers keep whom they trust, and by what commands that is changed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from hanse.fleet.certificates.authority import is_constrained
from hanse.fleet.certificates.pair import pem_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Answer = Callable[[tuple[str, ...]], str | None]
    """Runs a command that changes nothing: what it said, or None if it failed."""

Command = tuple[str, ...]


class Subject(NamedTuple):
    """The authority in question.

    Attributes:
        file: Its certificate.
        pem: The same as text.
        title: What people call it.
        fingerprint: Of SHA-256, in hexadecimal digits.
    """

    file: Path
    pem: str
    title: str
    fingerprint: str

    @property
    def slug(self) -> str:
        """Name of its file among those of others."""
        return f"hanse-development-{self.fingerprint[:12]}"

    @property
    def nickname(self) -> str:
        return f"{self.title} {self.fingerprint[:12]}"


def read_subject(file: Path) -> Subject:
    """Reads an authority's certificate.

    Raises:
        OSError: It is not there, or not to be read.
        ValueError: It is no certificate, or one that could sign for more than this machine: the
            file lies where whoever runs the project may write.
    """
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    if not is_constrained(certificate):
        raise ValueError("it could sign for more than this machine, so it is not ours")
    (title,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    digest = certificate.fingerprint(SHA256()).hex()
    return Subject(file.absolute(), pem_of(certificate), str(title.value), digest)


class AnchorFolder(NamedTuple):
    """A Linux system's own authorities: files in a folder, of which a command makes one bundle.

    Attributes:
        folder: Of the files.
        suffix: By which the command knows them.
        refresh: The command.
        bundle: What it makes, and every program reads.
    """

    folder: Path
    suffix: str
    refresh: Command
    bundle: Path

    def file(self, subject: Subject) -> Path:
        return self.folder / f"{subject.slug}{self.suffix}"

    def trusts(self, subject: Subject, _ask: Answer) -> bool:
        return self.mentions(subject, _ask) and _body(subject.pem) in _body(_text(self.bundle))

    def mentions(self, subject: Subject, _ask: Answer) -> bool:
        """Whether something is there to be taken away."""
        return _text(self.file(subject)) == subject.pem

    def add(self, subject: Subject) -> tuple[Command, ...]:
        copy = ("install", "-m", "644", str(subject.file), str(self.file(subject)))
        return (copy, self.refresh)

    def remove(self, subject: Subject) -> tuple[Command, ...]:
        return (("rm", "-f", str(self.file(subject))), self.refresh)


class Keychain(NamedTuple):
    """The system keychain of macOS."""

    file: Path

    def trusts(self, subject: Subject, ask: Answer) -> bool:
        return ask(("security", "verify-cert", "-c", str(subject.file))) is not None

    def mentions(self, subject: Subject, ask: Answer) -> bool:
        found = ask(("security", "find-certificate", "-a", "-Z", str(self.file)))
        return found is not None and subject.fingerprint.upper() in found

    def add(self, subject: Subject) -> tuple[Command, ...]:
        trust = ("security", "add-trusted-cert", "-d", "-r", "trustRoot", "-k", str(self.file))
        return ((*trust, str(subject.file)),)

    def remove(self, subject: Subject) -> tuple[Command, ...]:
        forget = ("security", "delete-certificate", "-Z", subject.fingerprint.upper())
        return (
            ("security", "remove-trusted-cert", "-d", str(subject.file)),
            (*forget, str(self.file)),
        )


class BrowserDatabase(NamedTuple):
    """A database of NSS: Firefox has one a profile, Chromium on Linux one a user.

    Attributes:
        folder: Of the database.
        certutil: The program that changes it.
        is_new: It is not there yet.
    """

    folder: Path
    certutil: str
    is_new: bool = False

    def trusts(self, subject: Subject, ask: Answer) -> bool:
        return self.mentions(subject, ask)

    def mentions(self, subject: Subject, ask: Answer) -> bool:
        if self.is_new:
            return False
        found = ask((self.certutil, "-L", *self._where, "-n", subject.nickname, "-a"))
        return found is not None and _body(subject.pem) in _body(found)

    def add(self, subject: Subject) -> tuple[Command, ...]:
        added = ("-A", *self._where, "-t", "C,,", "-n", subject.nickname, "-i", str(subject.file))
        if not self.is_new:
            return ((self.certutil, *added),)
        return (
            ("mkdir", "-p", "-m", "700", str(self.folder)),
            (self.certutil, "-N", *self._where, "--empty-password"),
            (self.certutil, *added),
        )

    def remove(self, subject: Subject) -> tuple[Command, ...]:
        return ((self.certutil, "-D", *self._where, "-n", subject.nickname),)

    @property
    def _where(self) -> Command:
        return ("-d", f"sql:{self.folder}")


SystemStore = AnchorFolder | Keychain


def _body(pem: str) -> str:
    return "".join(pem.split())


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(errors="replace")
    return ""
