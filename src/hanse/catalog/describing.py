"""Describes the services of a folder in a process of its own, which imports that and nothing else.

Two releases have modules of the same names, so one process can hold but one of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from hanse.runtime.description.describe_service import describe_project
from hanse.runtime.description.service_description import ProjectDescription
from hanse.runtime.project.failure import explain
from hanse.runtime.project.project import read_project


class Described(msgspec.Struct, frozen=True):
    """What is said of a folder.

    Attributes:
        description: Of its services; None where there are problems.
        problems: Why there is none; sentences for people.
    """

    description: ProjectDescription | None = None
    problems: tuple[str, ...] = ()


def describe_folder(folder: Path, environment: str) -> Described:
    """Imports the services of a folder and describes them; what is wrong is an answer too."""
    try:
        return Described(describe_project(read_project(folder, environment)))
    except Exception as error:  # noqa: BLE001 - whatever a project raises, its developer is told
        return Described(problems=tuple(explain(error, folder)))


def main() -> None:
    """Writes what is said of the folder and environment named on the command line, as JSON."""
    found = describe_folder(Path(sys.argv[1]), sys.argv[2])
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
