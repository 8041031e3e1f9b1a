"""The lowest layer where nobody gives another: this machine's Python, and what it needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.fleet.releases.oci.layer import FILE, PROGRAM, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HOME = "opt/python"
LIBRARIES = f"{HOME}/lib"
PYTHON = f"/{HOME}/bin/python3"

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
ZONES = "/usr/share/zoneinfo"
NOBODY = 65534

_SKIPPED = frozenset(
    ("test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "site-packages",
     "dist-packages", "__pycache__", "lib2to3")
)  # fmt: skip
_FOUND = re.compile(r"^\s*(\S+) => (/\S+) \(", re.MULTILINE)
_LOADER = re.compile(r"^\s*(/\S+/ld\S*) \(", re.MULTILINE)
_SECONDS = 120.0
_OFTEN_OPENED = ("libgcc_s.so.1", "libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2")
"""What glibc opens by itself while a program runs, which no file says that it needs."""


class NoInterpreter(Exception):
    """This Python cannot be put into an image; the message says why, and the way out."""


def interpreter() -> Iterator[Entry]:
    """All of it, without tests, what draws windows, and pip.

    Raises:
        NoInterpreter: This is no Linux whose loader tells what a program needs.
    """
    if sys.platform != "linux":
        raise NoInterpreter("Images are made on Linux: the packages beside this are for no other.")
    program = Path(sys.executable).resolve()
    library = Path(sysconfig.get_path("stdlib"))
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    yield Entry(f"{HOME}/bin/{name}", program, mode=PROGRAM)
    yield Entry(f"{HOME}/bin/python3", link=name)
    modules = list(_files(library))
    yield from (Entry(f"{LIBRARIES}/{name}/{one.relative_to(library)}", one) for one in modules)
    yield from libraries([program, *(one for one in modules if one.suffix == ".so")])
    yield from _surroundings()


def libraries(files: Sequence[Path]) -> Iterator[Entry]:
    """The shared libraries that programs and modules need, and the loader, from this machine.

    Raises:
        NoInterpreter: The loader does not tell.
    """
    said = _told(files)
    found = dict(_FOUND.findall(said))
    loaders = _LOADER.findall(said)
    if files and not loaders:
        raise NoInterpreter(
            "ldd does not say what this Python needs. Give a base image: hanse build --oci PLACE "
            "--base LAYOUT"
        )
    beside = {Path(one).parent for one in found.values()}
    for name in _OFTEN_OPENED:
        path = next((one / name for one in sorted(beside) if (one / name).is_file()), None)
        found |= {name: str(path)} if path else {}
    for loader in loaders[:1]:
        yield Entry(loader.removeprefix("/"), Path(loader).resolve(), mode=PROGRAM)
    for name, path in found.items():
        if "-packages/" not in path:  # those find their own beside them
            yield Entry(f"{LIBRARIES}/{name}", Path(path).resolve(), mode=PROGRAM)


def _told(files: Sequence[Path]) -> str:
    if not files:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - paths of this machine's own Python
            ["ldd", *map(str, files)],  # noqa: S607 - wherever this system has it
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace")


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [one for one in folders if one not in _SKIPPED and not _is_build(one)]
        yield from (
            Path(place, one)
            for one in files
            if not one.endswith((".a", ".exe")) and not one.startswith("_tkinter")
        )


def _is_build(folder: str) -> bool:
    return folder.startswith("config-")


def _surroundings() -> Iterator[Entry]:
    """Who runs it, where it may write, whom it believes, and what time it is elsewhere."""
    people = f"root:x:0:0:root:/:/\nnobody:x:{NOBODY}:{NOBODY}:nobody:/:/\n"
    yield Entry("etc/passwd", people.encode(), mode=FILE)
    yield Entry("etc/group", f"root:x:0:\nnogroup:x:{NOBODY}:\n".encode())
    yield Entry("tmp", mode=0o1777)
    if Path(CERTIFICATES).is_file():
        yield Entry(CERTIFICATES.removeprefix("/"), Path(CERTIFICATES).resolve())
    for place, folders, files in os.walk(ZONES):
        folders[:] = [one for one in folders if one not in {"right", "posix"}]
        for file in files:
            path = Path(place, file)
            if path.is_file():
                yield Entry(str(path).removeprefix("/"), path.resolve())
