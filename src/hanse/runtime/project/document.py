"""Reads the text of `hanse.toml`: its tables, and where in it each thing stands."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.project.lines import Place, find_lines

if TYPE_CHECKING:
    from pathlib import Path

FILE = "hanse.toml"
FILE_BYTES_MAX = 1024 * 1024


class ProjectError(ConfigurationError):
    """`hanse.toml` or what it names is wrong; `problems` are all mistakes, each with its line."""


def read_document(path: Path) -> tuple[dict[str, Any], dict[Place, int]]:
    """The tables of a file, and the line that each thing in them stands in.

    Raises:
        ProjectError: It cannot be read, is too long, or is not TOML.
    """
    text = _read(path)
    try:
        return tomllib.loads(text), find_lines(text)
    except tomllib.TOMLDecodeError as error:
        said, line = _syntax(str(error), text)
        raise ProjectError(at_line(line, f"this is not TOML: {said}.")) from None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}.") from None
    if len(raw) > FILE_BYTES_MAX:
        raise ProjectError(f"{path} is longer than {FILE_BYTES_MAX} bytes.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ProjectError(at_line(line, "this is not UTF-8; save the file as UTF-8.")) from None


def _syntax(said: str, text: str) -> tuple[str, int]:
    """What tomllib says, and the line it says it of."""
    found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", said)
    if found is None:
        return said, 1
    said = said[: found.start()]
    return said[0].lower() + said[1:], int(found[1] or text.rstrip().count("\n") + 1)


def at_line(line: int, said: str) -> str:
    """A sentence on `hanse.toml`, with its line."""
    return f"{FILE}:{line}: {said}"
