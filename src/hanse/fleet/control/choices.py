"""What a fleet decided once and keeps to, whoever controls it: ports, and services that moved."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.state import write_whole

if TYPE_CHECKING:
    from pathlib import Path


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

    def port(self, purpose: str, wanted: int, address: str) -> int:
        """The port that is wanted; where any will do, a free one, and the same one next time."""
        if wanted:
            return wanted
        if purpose not in self._kept.ports:
            ports = {**self._kept.ports, purpose: _free_port(address)}
            self._keep(msgspec.structs.replace(self._kept, ports=ports))
        return self._kept.ports[purpose]

    def _keep(self, kept: Kept) -> None:
        if kept != self._kept:
            write_whole(self._path, msgspec.json.encode(kept))
            self._kept = kept


def _read(path: Path) -> Kept:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    except (FileNotFoundError, msgspec.MsgspecError):
        return Kept()


def _free_port(address: str) -> int:
    family, *_, where = socket.getaddrinfo(address, 0, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind(where)
        return probe.getsockname()[1]
