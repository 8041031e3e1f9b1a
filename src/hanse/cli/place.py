"""Where a command works: the project's folder, its state folder, and the environment asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.cli.refusal import Refused

if TYPE_CHECKING:
    from hanse.runtime.project.project import Project

STATE = ".hanse"
TRACES = "traces"
_COPY_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def project_folder() -> Path:
    """The nearest folder with a `hanse.toml`, from here upwards.

    Raises:
        Refused: There is none.
    """
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / "hanse.toml").is_file():
            return folder
    raise Refused(f"There is no hanse.toml in {here} or above. Begin a project: hanse new NAME")


def open_project(environment: str = "") -> Project:
    """The project here, as an environment has it.

    Raises:
        Refused: There is none.
        ProjectError: Its file is wrong.
    """
    folder = project_folder()
    from hanse.runtime.project.project import read_project

    return read_project(folder, environment)


def state_folder(folder: Path, name: str) -> Path:
    """Where a copy in development keeps its key and traces; each `--name` has a folder of its own.

    Raises:
        Refused: The name is none for a folder, or the one that all copies keep traces in.
    """
    if not name:
        return folder / STATE
    if not _COPY_NAME.fullmatch(name) or name == TRACES:
        raise Refused(
            f"{name!r} cannot name a copy: use up to 40 lower-case letters, digits, - and _, "
            f"and not {TRACES!r}."
        )
    return folder / STATE / name
