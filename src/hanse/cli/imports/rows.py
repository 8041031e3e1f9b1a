"""Rows of a file, CSV or JSON, as they stand there: values by field, and where each begins."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, TextIO, cast

import msgspec

from hanse.cli.refusal import Refused

FILE_BYTES_MAX = 512 * 1024 * 1024
JSON_BYTES_MAX = 64 * 1024 * 1024
"""JSON is read whole; a longer file is better written as CSV, which is read row by row."""

BEGINNING_LENGTH = 65_536
COLUMNS_MAX = 200
CELL_LENGTH_MAX = 1024 * 1024
DELIMITERS = ",;\t"
NOT_UTF8 = "is not UTF-8; save the file as UTF-8"

_QUOTED = re.compile(r'"[^"]*"')


class Row(msgspec.Struct, frozen=True):
    """One row.

    Attributes:
        line: Where it begins, from 1.
        values: By field: text from CSV, what JSON can hold from JSON. Empty cells are left out.
        problem: Why it cannot be read; empty if it can.
    """

    line: int
    values: dict[str, Any]
    problem: str = ""


class Table(msgspec.Struct, frozen=True):
    """A file about to be read.

    Attributes:
        fields: Its columns, in field names; None for JSON, where each row says its own.
        rows: One after the other, as they are read.
        texts: Whether values are text that stands for something else.
    """

    fields: tuple[str, ...] | None
    rows: Iterator[Row]
    texts: bool


def read_table(path: Path, file: TextIO) -> Table:
    """A file's rows: JSON if it begins as JSON does, else CSV.

    Args:
        path: For messages.
        file: Opened as UTF-8 with a possible byte order mark, and `newline=""`.

    Raises:
        Refused: It is empty, too long, or has no usable header.
    """
    if path.stat().st_size > FILE_BYTES_MAX:
        raise Refused(f"{path} is over {FILE_BYTES_MAX >> 20} MiB; split it.")
    start = _beginning(path, file)
    file.seek(0)
    if start.lstrip()[:1] in {"[", "{"}:
        return Table(None, _json_rows(path, file), texts=False)
    return _csv(path, file, start)


def _beginning(path: Path, file: TextIO) -> str:
    try:
        return file.read(BEGINNING_LENGTH)
    except UnicodeDecodeError:
        raise Refused(f"{path} {NOT_UTF8}.") from None


def field_of(heading: str) -> str:
    """The field that a column's heading means: `External ID` is `external_id`."""
    return "_".join(heading.strip().lower().replace("-", " ").split())


def _csv(path: Path, file: TextIO, start: str) -> Table:
    head = next(csv.reader(StringIO(start, newline=""), delimiter=_delimiter(start)), None)
    fields = tuple(field_of(one) for one in head or ())
    if not any(fields):
        raise Refused(f"{path} has no first line that names its columns.")
    while fields and not fields[-1]:  # spreadsheets leave delimiters at the end
        fields = fields[:-1]
    twice = sorted({one for one in fields if fields.count(one) > 1})
    if twice or "" in fields:
        named = ", ".join(map(repr, twice)) or "one without a name"
        raise Refused(f"{path}:1: there is a column too many: {named}. Each field has one column.")
    if len(fields) > COLUMNS_MAX:
        raise Refused(f"{path}:1: there are {len(fields)} columns; {COLUMNS_MAX} at most.")
    return Table(fields, _csv_rows(file, fields, _delimiter(start)), texts=True)


def _csv_rows(file: TextIO, fields: tuple[str, ...], delimiter: str) -> Iterator[Row]:
    before = csv.field_size_limit(CELL_LENGTH_MAX)
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    try:
        line = 1
        for cells in reader:
            began, line = line, reader.line_num + 1
            if began > 1 and any(cell.strip() for cell in cells):
                yield _csv_row(began, cells, fields)
    except csv.Error as error:
        yield Row(reader.line_num, {}, f"this is no CSV from here on: {error}")
    except UnicodeDecodeError:
        yield Row(reader.line_num + 1, {}, f"from about here on the file {NOT_UTF8}")
    finally:
        csv.field_size_limit(before)


def _csv_row(line: int, cells: list[str], fields: tuple[str, ...]) -> Row:
    extra = [cell for cell in cells[len(fields) :] if cell.strip()]
    if extra:
        said = f"there are more cells than columns, which are {len(fields)}; quote what has commas"
        return Row(line, {}, said)
    named = zip(fields, cells, strict=False)
    return Row(line, {field: cell for field, cell in named if cell.strip()})


def _delimiter(start: str) -> str:
    """What separates columns: what the heading, which is one line, has most of."""
    head = _QUOTED.sub("", start.partition("\n")[0])
    return max(DELIMITERS, key=head.count)


def _json_rows(path: Path, file: TextIO) -> Iterator[Row]:
    """The objects of an array, each with its line."""
    if path.stat().st_size > JSON_BYTES_MAX:
        raise Refused(
            f"{path} is over {JSON_BYTES_MAX >> 20} MiB, too much to read at once; split it, or "
            "write it as CSV."
        )
    try:
        text = file.read()
    except UnicodeDecodeError:
        raise Refused(f"{path} {NOT_UTF8}.") from None
    decoder = json.JSONDecoder()
    at, counted, line = _opened(text), 0, 1
    while text[at : at + 1] not in {"]", ""}:
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError) as error:
            yield Row(line, {}, f"this is no JSON from here on: {error}")
            return
        yield _json_row(line, value)
        at = _skipped(text, at)
        if text[at : at + 1] not in {",", "]", ""}:
            yield Row(line, {}, "after this one there is neither a comma nor the array's end")
            return
        at = _skipped(text, at + 1) if text[at : at + 1] == "," else at


def _opened(text: str) -> int:
    """Where the first row begins: in an array, or as the only object there is."""
    at = _skipped(text, 0)
    return at if text[at] == "{" else _skipped(text, at + 1)


def _json_row(line: int, value: Any) -> Row:
    if not isinstance(value, dict):
        return Row(line, {}, "this is no object; each row is one, like {…}")
    return Row(line, cast("dict[str, Any]", value))


def _skipped(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at
