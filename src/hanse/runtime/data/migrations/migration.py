"""One file that changes tables, and the folder of all of them."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.data.migrations.caution import CONCURRENT, cautions
from hanse.runtime.data.migrations.script import Statement, parts_of

if TYPE_CHECKING:
    from pathlib import Path

Phase = Literal["pre", "post"]

SCHEMA_FILE = "schema.sql"
FILES_MAX = 9_999
BYTES_MAX = 1_000_000

_NAME = re.compile(r"(?P<number>[0-9]{4})_(?P<phase>pre|post)_(?P<words>[a-z0-9_]+)\.sql")
_MARK = re.compile(r"^--\s*hanse:(?P<words>.*)$", re.MULTILINE)


class MigrationError(ConfigurationError):
    """Migrations cannot be read, or may not run; all reasons are in `problems`."""


class Migration(NamedTuple):
    """One file.

    Attributes:
        schema: Whose tables it changes.
        number: Its place; they are applied in this order.
        phase: "pre" runs before the hosts of its release start, while those of the release before
            run; "post" when those are gone.
        name: Of the file, without its end.
        text: The SQL.
        concurrent: It is one statement that runs outside of a transaction.
    """

    schema: str
    number: int
    phase: Phase
    name: str
    text: str
    concurrent: bool

    @property
    def digest(self) -> str:
        """What the file says, in 64 hex digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def statements(self) -> list[Statement]:
        """What it does, one by one."""
        return parts_of(self.text)

    @property
    def index_made(self) -> str:
        """The index a concurrent one makes; empty for one that drops."""
        found = CONCURRENT.match(self.statements[0].plain)
        return (found["made"] or "") if found else ""


def read_migrations(folder: Path, schema: str) -> tuple[Migration, ...]:
    """The migrations of a schema in their order.

    Args:
        folder: Of files like `0001_pre_seats.sql`, numbered from 1 on without a gap, and of
            `schema.sql`, which is not looked at.
        schema: Whose tables they change.

    Raises:
        MigrationError: A file is misnamed, missing or does what it may not; with all of it.
    """
    problems: list[str] = []
    found: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        if path.name != SCHEMA_FILE:
            found += _read(path, schema, problems)
    numbers = [migration.number for migration in found]
    wanted = list(range(1, len(found) + 1))
    if not problems and numbers != wanted:
        listed = ", ".join(f"{number:04}" for number in numbers)
        problems.append(f"{folder}: numbers go 0001, 0002, … without a gap; here are {listed}.")
    if problems:
        raise MigrationError(*problems)
    return tuple(found)


def _read(path: Path, schema: str, problems: list[str]) -> list[Migration]:
    name = _NAME.fullmatch(path.name)
    if name is None:
        problems.append(f"{path}: name it like 0001_pre_seats.sql, with pre or post.")
        return []
    try:
        text = _text_of(path)
        statements = parts_of(text)
        concurrent = _is_concurrent(text)
    except (OSError, ValueError) as error:
        problems.append(f"{path}: {error}.")
        return []
    if not statements:
        problems.append(f"{path}: holds no statement; write one, or delete the file.")
    said = cautions(statements, name["phase"], concurrent=concurrent)
    problems += [f"{path}: {sentence}." for sentence in said]
    phase: Phase = "pre" if name["phase"] == "pre" else "post"
    return [Migration(schema, int(name["number"]), phase, path.stem, text, concurrent)]


def _text_of(path: Path) -> str:
    if path.stat().st_size > BYTES_MAX:
        raise ValueError(f"is over {BYTES_MAX} bytes; data is loaded by a program")
    return path.read_text(encoding="utf-8")


def _is_concurrent(text: str) -> bool:
    marks = [mark["words"].strip() for mark in _MARK.finditer(text)]
    unknown = [mark for mark in marks if mark != "concurrently"]
    if unknown:
        raise ValueError(f"says `-- hanse: {unknown[0]}`; only `concurrently` means something")
    return bool(marks)
