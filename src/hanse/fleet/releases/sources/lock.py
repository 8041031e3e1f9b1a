"""The packages a release was built against: a lock file, or what is installed where it runs."""

from __future__ import annotations

import re
from importlib.metadata import distributions
from typing import TYPE_CHECKING

import msgspec
from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from hanse.fleet.releases.tree import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FILE = "requirements.lock"
"""As pip-compile and `uv pip compile --generate-hashes` write it, beside the code it is for."""

FILE_BYTES_MAX = 4 * 1024 * 1024

_HASH = re.compile(r"--hash[= ](sha256:[0-9a-f]{64})")
_COMMENT = re.compile(r"(^|\s)#.*$")


class LockError(ValueError):
    """A lock cannot be used; `problems` says why, in sentences."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems


class Pin(msgspec.Struct, frozen=True, order=True, omit_defaults=True):
    """One package in one version.

    Attributes:
        name: As PyPI normalises it.
        version: Exactly this one.
        marker: Where it is needed only under a condition, PEP 508's text of that.
        hashes: What its files may be, `sha256:…`; none where nothing is installed by it.
    """

    name: str
    version: str
    marker: str = ""
    hashes: tuple[str, ...] = ()


class Lock(msgspec.Struct, frozen=True, omit_defaults=True):
    """All packages of a release.

    Attributes:
        pins: In the order of their names. Those without hashes were found beside Hanse, where
            nobody wrote a lock.
    """

    pins: tuple[Pin, ...] = ()

    @property
    def digest(self) -> str:
        """Names the content, whatever the order and the comments of the file were."""
        return digest_of(msgspec.json.encode(self))

    def text(self) -> str:
        """What is to be installed, as pip reads it with `--require-hashes`; empty for nothing."""
        return "".join(f"{line}\n" for pin in self.pins if pin.hashes for line in _lines_of(pin))


def read_lock(path: Path) -> Lock:
    """The lock of a file.

    Raises:
        LockError: It is too long, or a line is no package in one version with hashes.
    """
    with path.open("rb") as file:
        raw = file.read(FILE_BYTES_MAX + 1)
    if len(raw) > FILE_BYTES_MAX:
        raise LockError(f"{path} is longer than {FILE_BYTES_MAX} bytes.")
    pins: list[Pin] = []
    problems: list[str] = []
    for number, line in _logical_lines(raw.decode(errors="replace")):
        pin = _pin(line)
        if pin is None:
            problems.append(
                f"{path}:{number}: {line[:80]!r} is no package in one version with its hashes: "
                "make the lock by `uv pip compile --generate-hashes` or `pip-compile "
                "--generate-hashes`."
            )
        else:
            pins.append(pin)
    if problems:
        raise LockError(*problems)
    return joined({str(path): Lock(tuple(pins))})


def installed_lock() -> Lock:
    """What is installed where this runs; Hanse itself is a layer of its own, and not in it."""
    found: dict[str, str] = {}
    for one in distributions():
        found.setdefault(canonicalize_name(one.name), one.version)  # as Python takes the first
    found.pop("hanse", None)
    return Lock(tuple(Pin(*one) for one in sorted(found.items())))


def joined(locks: Mapping[str, Lock]) -> Lock:
    """One lock with the packages of several, by whose they are.

    Raises:
        LockError: A package is in two versions; each is named with those who want it.
    """
    wanted: dict[tuple[str, str], dict[str, list[str]]] = {}
    hashes: dict[Pin, set[str]] = {}
    for owner, lock in locks.items():
        for pin in lock.pins:
            where = "" if _is_wanted(pin) else pin.marker
            owners = wanted.setdefault((pin.name, where), {}).setdefault(pin.version, [])
            owners.append(owner)
            bare = Pin(pin.name, pin.version, pin.marker)
            hashes.setdefault(bare, set()).update(pin.hashes)
    problems = tuple(_clashes(wanted))
    if problems:
        raise LockError(*problems)
    pins = (Pin(one.name, one.version, one.marker, tuple(sorted(hashes[one]))) for one in hashes)
    return Lock(tuple(sorted(pins)))


def _is_wanted(pin: Pin) -> bool:
    """Whether it is installed here: what is for other machines only may be in other versions."""
    return not pin.marker or Marker(pin.marker).evaluate()


def _clashes(wanted: Mapping[tuple[str, str], Mapping[str, list[str]]]) -> Iterator[str]:
    for (name, _), versions in sorted(wanted.items()):
        if len(versions) > 1:
            listed = ", ".join(
                f"{version} for {' and '.join(sorted(set(owners)))}"
                for version, owners in sorted(versions.items())
            )
            yield f"{name} is wanted in {len(versions)} versions: {listed}."


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, those joined that end with a backslash; options are passed over."""
    begun, first = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = _COMMENT.sub("", raw).strip()
        first = first if begun else number
        begun += line.removesuffix("\\").strip() + " "
        if line.endswith("\\"):
            continue
        if begun.strip():
            yield first, begun.strip()
        begun = ""


def _pin(line: str) -> Pin | None:
    bare = line.partition(" --")[0].strip()
    hashes = tuple(sorted(set(_HASH.findall(line))))
    try:
        wanted = Requirement(bare)
    except InvalidRequirement:
        return None
    versions = list(wanted.specifier)
    exact = len(versions) == 1 and versions[0].operator == "==" and "*" not in versions[0].version
    if not exact or wanted.url or not hashes:
        return None
    marker = str(wanted.marker) if wanted.marker else ""
    return Pin(canonicalize_name(wanted.name), versions[0].version, marker, hashes)


def _lines_of(pin: Pin) -> Iterator[str]:
    condition = f" ; {pin.marker}" if pin.marker else ""
    hashes = (f"    --hash={one}" for one in pin.hashes)
    yield " \\\n".join((f"{pin.name}=={pin.version}{condition}", *hashes))
