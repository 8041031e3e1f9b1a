"""A row, as statements give it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Record(Protocol):
    """One row: its values by column name or position, in the order of the statement."""

    def __getitem__(self, column: str | int, /) -> Any: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Any]:
        """Over the values."""
        ...

    def keys(self) -> Iterator[str]:
        """The names of the columns."""
        ...

    def values(self) -> Iterator[Any]:
        """The values."""
        ...

    def items(self) -> Iterator[tuple[str, Any]]:
        """Names and values."""
        ...

    def get(self, column: str, default: Any = None, /) -> Any:
        """The value of a column; the default if there is none of that name."""
        ...
