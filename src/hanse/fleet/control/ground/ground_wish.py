"""How what every fleet stands on should be, and where that is kept for the next control process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.backup.report import Order, order_of
from hanse.fleet.state import write_whole
from hanse.kit.environment import variables

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.fleet.state import StateFolder
    from hanse.runtime.project.project import Project


class GroundWish(msgspec.Struct, frozen=True):
    """How it should be.

    Attributes:
        project: The project's name.
        environment: Which one of `hanse.toml` applies.
        database_elsewhere: The project names one of its own, so none is started here.
        backup: What is to be backed up, and where to; None for nothing.
    """

    project: str = ""
    environment: str = ""
    database_elsewhere: bool = False
    backup: Order | None = None


def kept_wish(state: StateFolder) -> GroundWish:
    """How what runs was begun; as where nothing was, if nothing was."""
    try:
        return msgspec.json.decode(_file(state).read_bytes(), type=GroundWish)
    except (FileNotFoundError, msgspec.MsgspecError):
        return GroundWish()


def keep_wish(wish: GroundWish, state: StateFolder) -> None:
    """Writes it down.

    Raises:
        StateError: It cannot be written.
    """
    write_whole(_file(state), msgspec.json.encode(wish))


def ground_wish(project: Project, environment: str, state: StateFolder) -> GroundWish:
    """What a project stands on.

    Raises:
        ConfigurationError: What it says of its database or backups cannot be used.
    """
    given = variables()
    elsewhere = project.database_url(given) is not None
    order = order_of(project, state, given)
    return GroundWish(project.name, environment, elsewhere, order)


def _file(state: StateFolder) -> Path:
    return state.root / "ground.json"
