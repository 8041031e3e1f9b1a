"""The packages of a lock, installed once and shared by all releases that were built against it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.fleet.releases.draft import drafted
from hanse.fleet.releases.sources.lock import LockError
from hanse.kit.environment import variables

if TYPE_CHECKING:
    from hanse.fleet.releases.shelf import Shelf
    from hanse.fleet.releases.sources.lock import Lock

INSTALL_SECONDS = 1800.0
WORDS_SHOWN = 6


def python_of(lock: Lock, shelf: Shelf) -> Path:
    """The Python that has the packages of a lock; they are installed if they are not yet.

    It is a virtual environment of its own, whose packages come first; those of Hanse itself, which
    services need to run at all, are found behind them.

    Raises:
        LockError: A package cannot be had, or is not what its hash says; pip's words are told.
        StateError: The disk is full.
    """
    if not lock.text():
        return Path(sys.executable)
    folder = shelf.environments / lock.digest
    if not folder.exists():
        with drafted(folder) as draft:
            _make(draft, lock)
    return folder / "bin/python"


def _make(folder: Path, lock: Lock) -> None:
    _run(sys.executable, "-m", "venv", "--without-pip", "--symlinks", str(folder))
    python, wanted = folder / "bin/python", folder / "requirements.lock"
    wanted.write_text(lock.text())
    _run(*_installer(python), "--require-hashes", "--no-deps", "-r", str(wanted), home=folder)
    site = next(folder.glob("lib/python*/site-packages"))
    further = [one for one in sys.path if "site-packages" in one or "dist-packages" in one]
    # As site-packages, for some are there by .pth files of their own.
    lines = (f"import site; site.addsitedir({one!r})\n" for one in further)
    (site / "hanse-beside.pth").write_text("".join(lines))


def _installer(python: Path) -> tuple[str, ...]:
    uv = shutil.which("uv")
    if uv is not None:
        return (uv, "pip", "install", "--python", str(python), "--no-progress")
    pip = (sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check")
    return (*pip, "--no-input", "install", "--quiet", "--no-compile")


def _run(*command: str, home: Path | None = None) -> None:
    """Runs a command to its end.

    Args:
        *command: What to run.
        home: Where it may keep things; whoever a fleet runs as may have no home of their own.
    """
    given = dict(variables())
    if home is not None:
        given |= {"UV_CACHE_DIR": str(home.parent / ".cache"), "PIP_NO_CACHE_DIR": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - put together here
            command, env=given, capture_output=True, timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise LockError(f"Installing packages takes longer than {INSTALL_SECONDS:.0f} s.") from None
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().splitlines()[-WORDS_SHOWN:]
        raise LockError("The packages of requirements.lock cannot be installed.", *words)
