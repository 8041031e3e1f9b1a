"""What a release is like, told by importing its code: its description, its migrations."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.releases.release import Facts
from hanse.fleet.survey import survey_of
from hanse.runtime.data.rows.arrival import migrations_of
from hanse.runtime.description.describe_service import describe_service
from hanse.runtime.project.failure import explain
from hanse.runtime.project.services import Broken, ServiceImports, Unlisted
from hanse.runtime.wiring import kept_in_database, mails

if TYPE_CHECKING:
    from hanse.runtime.contract.service import Service


class Question(msgspec.Struct, frozen=True):
    """Whom to describe.

    Attributes:
        code: Folder with the files of all of them.
        services: As the project lists them.
        known: Folders of the project, to say which module was meant where one is missing.
    """

    code: str
    services: tuple[str, ...]
    known: tuple[str, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """What each is like, by its name; or what is wrong, in sentences."""

    facts: dict[str, Facts] = {}
    problems: tuple[str, ...] = ()


def facts_of(question: Question) -> Answer:
    """Imports the services and describes them; what is wrong with them is an answer too."""
    folder = Path(question.code)
    imports = ServiceImports(folder, known=[Path(one) for one in question.known])
    facts: dict[str, Facts] = {}
    problems: list[str] = []
    for name in question.services:
        try:
            facts[name] = _describe(name, imports.load(name))
        except Unlisted as error:
            problems.append(f"hanse.toml: {error}{'' if str(error).endswith('?') else '.'}")
        except Broken as error:
            problems += error.sentences
        except Exception as error:  # noqa: BLE001 - whatever code raises, its developer is told
            problems += explain(error, folder)
    return Answer(facts, tuple(problems))


def _describe(name: str, service: type[Service]) -> Facts:
    migrations = migrations_of(kept_in_database((service,)))
    return Facts(
        survey=survey_of(name, service),
        description=describe_service(name, service),
        post=any(file.phase == "post" for file in migrations),
        mails=mails((service,)),
    )


def main() -> None:
    """Answers a question on the standard input, in a process that has the packages of a lock."""
    question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
    sys.stdout.buffer.write(msgspec.json.encode(facts_of(question)))


if __name__ == "__main__":
    main()
