"""`hanse import`: a file's rows into a collection, each by the key that others know it by."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from hanse.cli.fleet.called import CALLED_FROM, called
from hanse.cli.fleet.connection import (
    NothingRuns,
    connected,
    enter_project,
    run,
)
from hanse.cli.imports.importing import Importer
from hanse.cli.imports.report import Report
from hanse.cli.imports.rows import read_table
from hanse.cli.imports.target import Target, find_target, minted
from hanse.cli.place import open_project, state_folder
from hanse.cli.refusal import Refused
from hanse.fleet.state import StateFolder
from hanse.kit.environment import variables
from hanse.runtime.client import Client
from hanse.runtime.credentials.development import DevelopmentIssuer
from hanse.runtime.errors import HanseError, PermissionDenied, Unauthenticated, Unavailable
from hanse.runtime.project.project import Project


class Wish(msgspec.Struct, frozen=True):
    """What to import, and where to.

    Attributes:
        collection: Its name, like `jobs` or `hiring.jobs`.
        file: With the rows.
        key: The field they are known by; empty for the one that is unique.
        url: Of the server; empty for the one that runs here.
        token: To show there; empty for one of development, and at a `url` for none.
        site: Whose rows they are; empty for the default one.
        environment: Which `[environments.NAME]` applies.
        dry_run: Whether to write nothing.
        as_json: Whether to say it as JSON.
    """

    collection: str
    file: Path
    key: str = ""
    url: str = ""
    token: str = ""
    site: str = ""
    environment: str = ""
    dry_run: bool = False
    as_json: bool = False


def import_rows(wish: Wish) -> None:
    """Imports, says what became of each row, and ends with 1 if one was refused.

    Raises:
        Refused: The file, the collection or the server is not as it has to be.
    """
    here = Path(variables().get(CALLED_FROM, ""))
    wish = msgspec.structs.replace(wish, file=(here / wish.file).resolve())
    state = enter_project()
    project = open_project(wish.environment)
    target = find_target(project, wish.collection, wish.key)
    report = Report(target.table, as_json=wish.as_json, dry_run=wish.dry_run)
    run(_import(wish, target, report, Server(project, state, wish)))
    if report.counts["refused"]:
        raise click.exceptions.Exit(1)


class Server:
    """Who takes the rows: the one that was named, else the fleet or `hanse dev` of this project."""

    def __init__(self, project: Project, state: StateFolder, wish: Wish) -> None:
        self._project = project
        self._state = state
        self._wish = wish

    async def url(self) -> str:
        """Where it is."""
        if self._wish.url:
            return self._wish.url.rstrip("/")
        try:
            async with connected(self._state) as control:
                return (await control.status()).url
        except NothingRuns:
            host = self._project.file.host
            return f"http://{host.address}:{host.open_port}"

    def token(self, target: Target) -> Callable[[], str] | None:
        """What to show there; another server than that of this project believes none of ours."""
        if self._wish.token or self._wish.url:
            return (lambda: self._wish.token) if self._wish.token else None
        issuer = DevelopmentIssuer(state_folder(self._project.folder, ""), time.time)
        return minted(issuer, target, self._wish.site)


async def _import(wish: Wish, target: Target, report: Report, server: Server) -> None:
    url = await server.url()
    with wish.file.open(encoding="utf-8-sig", newline="") as file:
        table = read_table(wish.file, file)
        try:
            async with Client(url, token=server.token(target)) as client:
                resource = client.get(target.resource)
                importer = Importer(resource, target.entity, target.key, dry_run=wish.dry_run)
                async for change in importer.run(table):
                    report.tell(change)
        except Unavailable as error:
            raise Refused(
                f"Nothing takes rows at {url}: {error}",
                f"Start it: {called('up')} or {called('dev')}; or say where: --url.",
            ) from error
        except (Unauthenticated, PermissionDenied) as error:
            raise Refused(
                f"{url} does not let this import write {target.table}: {error}",
                "Show a token or an API key that may: --token, or variable HANSE_TOKEN.",
            ) from error
        except HanseError as error:
            raise Refused(f"{url} refused the import after {report.rows} rows: {error}") from error
    report.end()
