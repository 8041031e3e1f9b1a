"""A row of the table: what is taken out of the code, and which test has to notice."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Sabotage:
    """A promise that is broken on purpose.

    Attributes:
        promise: What the text keeps.
        file: Where it stands; paths are the repository's, or those of `below`.
        old: The text. It stands there once: if it does not, the table has to follow the source.
        new: What stands there instead.
        test: The one that fails then.
    """

    promise: str
    file: str
    old: str
    new: str
    test: str


def below(folder: str, *rows: Sabotage) -> list[Sabotage]:
    """Rows whose files and tests are below a folder of the repository."""
    return [replace(row, file=f"{folder}/{row.file}", test=f"{folder}/{row.test}") for row in rows]
