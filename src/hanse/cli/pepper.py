"""The pepper of development: made once for a project, used where a deployment gives none."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from hanse.cli.place import state_folder
from hanse.kit.environment import variables
from hanse.runtime.config.settings import Sources
from hanse.runtime.credentials.development import DevelopmentIssuer
from hanse.runtime.project.api_keys import read_pepper

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.runtime.config.secret import Secret
    from hanse.runtime.project.project import Project

SECTION = "development"
"""Not that of a deployment, so that `hanse run` finds it nowhere, whatever folder it is told."""


def pepper_for_development(project: Project) -> Secret | None:
    """The pepper a host in development takes: the given one, else its own; None without keys.

    Raises:
        ConfigurationError: It is there and cannot be used.
    """
    if not project.file.api_keys:
        return None
    return project.pepper(variables()) or development_pepper(project.folder)


def development_pepper(folder: Path) -> Secret:
    """The pepper of a project's state folder, which `hanse run` does not know.

    Raises:
        ConfigurationError: The state folder or the pepper in it is open to others.
    """
    state = state_folder(folder, "")
    DevelopmentIssuer(state, time.time)  # makes the folder, and refuses one that others may use
    path = state / f"{SECTION}.pepper"
    if not path.exists():
        _make_once(path)
    pepper = read_pepper(Sources(mounted=state), SECTION)
    assert pepper is not None, "it was made"
    return pepper


def _make_once(path: Path) -> None:
    """Makes the file whole or not at all; whoever comes second keeps what is there."""
    with NamedTemporaryFile("w", dir=path.parent, prefix=".") as draft:  # of mode 0600
        draft.write(secrets.token_urlsafe(32))
        draft.flush()
        with suppress(FileExistsError):
            path.hardlink_to(draft.name)
