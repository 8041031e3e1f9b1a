"""What a release is like, told by importing its code: its description, its migrations."""

from __future__ import annotations

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
    from collections.abc import Sequence

    from hanse.fleet.releases.trial.question import Part
    from hanse.runtime.contract.service import Service


class Answer(msgspec.Struct, frozen=True):
    """What each service is like, by its name; and what is wrong with others, in sentences."""

    facts: dict[str, Facts] = {}
    problems: tuple[str, ...] = ()


def facts_of(part: Part, known: Sequence[Path]) -> Answer:
    """Imports a module and describes its services; what is wrong with them is an answer too.

    It must be the only one in its process: which events a package has, for one, is known by the
    classes there are, and what is a neighbour's is no part of a release.

    Args:
        part: What to describe.
        known: Folders of the project, to say which module was meant where one is missing.
    """
    code = Path(part.code)
    imports = ServiceImports(code, known=known)
    facts: dict[str, Facts] = {}
    problems: list[str] = []
    for name in part.services:
        try:
            facts[name] = _describe(name, imports.load(name))
        except Unlisted as error:
            said = str(error)
            problems.append(f"hanse.toml: {said}{'' if said.endswith('?') else '.'}")
        except Broken as error:
            problems += [f"{part.named} cannot be imported:", *error.sentences] * bool(
                error.sentences
            )
        except BaseException as error:  # noqa: BLE001 - whatever code raises, its developer is told
            problems += [f"{name} cannot be described:", *explain(error, code)]
    return Answer(facts, tuple(problems))


def _describe(name: str, service: type[Service]) -> Facts:
    migrations = migrations_of(kept_in_database((service,)))
    return Facts(
        survey=survey_of(name, service),
        description=describe_service(name, service),
        post=any(file.phase == "post" for file in migrations),
        mails=mails((service,)),
    )
