"""What the client sent and what it was told, on its disk before it goes on: the truth a host is held to."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """Something a client asks for.

    Attributes:
        number: Of this client's, in its order.
        client: Whose.
        kind: create, change, stale, transfer, delete, file or look.
        name: Of the row.
        table: Which kind of row.
        other: The purse of a transfer.
        amount: What is moved.
        note: What is written.
        digest: Of a file's bytes.
        key: Under which it happens once; empty for none.
    """

    number: int
    client: int
    kind: str
    name: str
    table: str = "accounts"
    other: str = ""
    amount: int = 0
    note: str = ""
    digest: str = ""
    key: str = ""


class Entry(msgspec.Struct, frozen=True):
    """What became of it.

    Attributes:
        errand: What was asked for.
        word: `sent` before it is; then `done`, `refused` or `unknown`. `again` of what was asked
            a second time under its key, after the restart.
        status: Of the answer; 0 where none came.
        answer: Its body.
    """

    errand: Errand
    word: str
    status: int = 0
    answer: Any = None


class Ledger:
    """A file of entries.

    Args:
        path: Where; it goes on with what is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("ab", buffering=0)

    def write(self, entry: Entry) -> None:
        """Returns when it is on the disk."""
        self._file.write(msgspec.json.encode(entry) + b"\n")
        os.fsync(self._file.fileno())

    def read(self) -> list[Entry]:
        """All of it, from the file."""
        lines = self._path.read_bytes().splitlines()
        return [msgspec.convert(json.loads(line), Entry) for line in lines]

    def close(self) -> None:
        self._file.close()
