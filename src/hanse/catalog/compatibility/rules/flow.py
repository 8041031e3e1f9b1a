"""Values on their way from who writes them to who reads them, one of which is the older."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from hanse.runtime.contract.description import TypeDescription

Kind: TypeAlias = Literal["request", "answer", "error", "event", "document", "workflow", "setting"]
Types: TypeAlias = Mapping[str, TypeDescription]


class Flow(NamedTuple):
    """One way of values between two releases.

    Whatever may be written has to be read, and has to mean the same then.

    Attributes:
        kind: What they are.
        written: Structs by name, as who writes them knows them.
        read: As who reads them does.
        old_writes: Whether it is the older release that writes, or whom it was for.
        sparse: Whether what has a default may be lacking: where anybody writes it, or wrote it
            before there was such a field.
    """

    kind: Kind
    written: Types
    read: Types
    old_writes: bool
    sparse: bool = False

    @property
    def writer(self) -> str:
        """Who writes, in a sentence."""
        if not self.old_writes:
            return "the newer release"
        return _OLD_WRITERS.get(self.kind, "the older release")

    @property
    def reader(self) -> str:
        """Who reads, in a sentence."""
        if self.old_writes:
            return "the newer release"
        return "an older caller" if self.kind in ("answer", "error") else "the older release"


_OLD_WRITERS = {"request": "an older caller", "setting": "a deployment"}


def by_name(types: Sequence[TypeDescription]) -> Types:
    """Structs by their names."""
    return {one.name: one for one in types}
