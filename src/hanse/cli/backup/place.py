"""Where the backups of the project are that one stands in."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.cli.place import open_project
from hanse.cli.refusal import Refused
from hanse.fleet.backup.report import order_of
from hanse.fleet.control.ground.backup_desk import ELSEWHERE, NOWHERE
from hanse.fleet.engine.privileges import account_for
from hanse.fleet.state import StateFolder
from hanse.kit.environment import variables

if TYPE_CHECKING:
    from hanse.fleet.backup.report import Order


def backup_order(environment: str) -> Order:
    """What `[backup]` says.

    Raises:
        Refused: It says nothing, or the database is none of Hanse's.
        ConfigurationError: It says something wrong.
    """
    project = open_project(environment)
    os.chdir(project.folder)
    if project.database_url(variables()) is not None:
        raise Refused(ELSEWHERE)
    order = order_of(project, StateFolder(Path()), variables())
    if order is None:
        raise Refused(NOWHERE)
    return order


def give_folder(name: str | None, state: StateFolder) -> None:
    """Makes a folder for whoever a fleet runs as that root begins, and cannot make it itself.

    Only in a folder of root's: in anybody else's root makes nothing.

    Args:
        name: As `hanse.toml` has it; None where it names none.
        state: The project's state folder, as seen from its folder.
    """
    if name is None or os.geteuid() != 0:
        return
    folder = state.project / name
    with suppress(OSError):  # whoever cannot write there says so by itself
        if folder.parent.lstat().st_uid == 0:
            account = account_for(state, variables())
            folder.mkdir(mode=0o700)
            os.chown(folder, account.user, account.group, follow_symlinks=False)
