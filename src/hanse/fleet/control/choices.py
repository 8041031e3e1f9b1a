"""What a fleet decided once and keeps to, whoever controls it: ports, and services that moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.state import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.fleet.control.ports import Ports


class Moved(msgspec.Struct, frozen=True):
    """A unit of services that lives in hosts of its own, because it blocked its neighbours.

    Attributes:
        unit: Its name.
        service: Full name of the contract whose code blocked.
        seconds: For how long, at once.
    """

    unit: str
    service: str
    seconds: float

    @property
    def says(self) -> str:
        """What people are told of it."""
        return (
            f"{self.service} blocked its host for {self.seconds:.1f} s and runs in a host of its "
            "own until its code changes; make the method a plain def, or offload() the work."
        )


class Kept(msgspec.Struct, frozen=True):
    """What the file holds.

    Attributes:
        ports: By what they are for.
        moved: Units that moved.
    """

    ports: dict[str, int] = {}
    moved: tuple[Moved, ...] = ()


class Choices:
    """Reads what was decided, and writes down what is decided next.

    Args:
        path: Of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = _read(path)

    @property
    def moved(self) -> tuple[Moved, ...]:
        return self._kept.moved

    def move(self, moved: Moved) -> None:
        """Remembers that a unit lives alone."""
        others = tuple(one for one in self._kept.moved if one.unit != moved.unit)
        self._keep(msgspec.structs.replace(self._kept, moved=(*others, moved)))

    def bring_home(self) -> None:
        """Forgets all moves, because code that is new may be better."""
        self._keep(msgspec.structs.replace(self._kept, moved=()))

    def port(self, purpose: str, ports: Ports, *, first: int = 0, but: object = None) -> int:
        """A free port, and the same one next time unless somebody else has it then.

        Args:
            purpose: What it is for.
            ports: Those there are.
            first: The one to take if nothing was chosen yet and it is free.
            but: One that is not to be taken.

        Raises:
            ConfigurationError: There is none.
            StateError: What was chosen cannot be kept.
        """
        tried = (self._kept.ports.get(purpose, 0), first)
        free = (one for one in tried if one and one != but and ports.can_have(one))
        port = next(free, 0) or _other_than(but, ports)
        kept = {**self._kept.ports, purpose: port}
        self._keep(msgspec.structs.replace(self._kept, ports=kept))
        return port

    def _keep(self, kept: Kept) -> None:
        if kept != self._kept:
            write_whole(self._path, msgspec.json.encode(kept))
            self._kept = kept


def _read(path: Path) -> Kept:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    except (FileNotFoundError, msgspec.MsgspecError):
        return Kept()


def _other_than(port: object, ports: Ports) -> int:
    found = ports.any_free()
    return found if found != port else ports.any_free()
