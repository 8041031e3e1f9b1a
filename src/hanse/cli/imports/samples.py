"""Rows to begin with: a new project in development has something to look at, and knows that."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hanse.cli.imports.importing import Importer
from hanse.cli.imports.rows import read_table
from hanse.cli.imports.target import Target, find_target, minted
from hanse.cli.place import state_folder
from hanse.cli.refusal import Refused
from hanse.runtime.client import Client
from hanse.runtime.credentials.development import DevelopmentIssuer
from hanse.runtime.errors import HanseError

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.runtime.project.project import Project


async def bring_samples(project: Project, url: str) -> dict[str, int]:
    """Fills the collections that `[samples]` names and that are empty; how many rows each got.

    What somebody changed or deleted stays so: a collection that has anything is left alone.

    Raises:
        Refused: A file, a collection or the server is not as it has to be.
    """
    brought: dict[str, int] = {}
    issuer = DevelopmentIssuer(state_folder(project.folder, ""), time.time)
    for name, file in project.file.samples.items():
        target = find_target(project, name)
        try:
            async with Client(url, token=minted(issuer, target, "")) as client:
                resource = client.get(target.resource)
                if (await resource.count(bound=1)).count == 0:
                    brought[name] = await _bring(target, resource, project.folder / file)
        except HanseError as error:
            raise Refused(f"The sample rows of {name} could not be brought: {error}") from error
    return brought


async def _bring(target: Target, resource: object, path: Path) -> int:
    """How many rows were created."""
    importer = Importer(resource, target.entity, target.key, dry_run=False)
    with path.open(encoding="utf-8-sig", newline="") as file:
        made = [one async for one in importer.run(read_table(path, file))]
    wrong = [one for one in made if one.verdict == "refused"]
    if wrong:
        said = "; ".join(each.message for each in wrong[0].violations)
        raise Refused(f"{path}:{wrong[0].line}: {said}")
    return len(made)
