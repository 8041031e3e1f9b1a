"""`hanse migrate`: applies the migrations of a project's stores, and shows which there are."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal, NamedTuple

import click
import msgspec
from rich.console import Console
from rich.table import Table

from hanse.cli.data.place import database_config
from hanse.cli.fleet.called import called
from hanse.cli.fleet.connection import enter_project, run
from hanse.cli.place import open_project
from hanse.cli.refusal import Refused
from hanse.runtime.data.arrival import described
from hanse.runtime.data.database import Database
from hanse.runtime.data.migrations.drift import drift_in, is_noted
from hanse.runtime.data.migrations.migration import MigrationError
from hanse.runtime.data.migrations.run import Migrations
from hanse.runtime.data.rows.arrival import migrations_of
from hanse.runtime.errors import HanseError
from hanse.runtime.wiring import kept_in_database

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.data.migrations.agenda import Agenda
    from hanse.runtime.data.migrations.migration import Migration, Phase

State = Literal["applied", "applied now", "to apply", "waiting"]
_COLOURS = {"applied": "dim", "applied now": "green", "to apply": "yellow", "waiting": "yellow"}


class Wish(NamedTuple):
    """Which to apply, whether at all, where, and how to say it."""

    post: bool
    dry_run: bool
    environment: str
    as_json: bool
    dev: bool


class Shown(msgspec.Struct, frozen=True):
    """One file, and what became of it; "to apply" is that of a dry run."""

    schema: str
    number: int
    name: str
    phase: Phase
    state: State


def migrate(wish: Wish) -> None:
    """Applies what there is to apply, and shows all.

    Raises:
        Refused: There is no project or no database, or it does not answer.
        ConfigurationError: The services cannot be imported; a file is wrong or fails.
    """
    state = enter_project()
    project = open_project(wish.environment)
    files = migrations_of(kept_in_database(project.services()))
    if files:
        with database_config(project, state, dev=wish.dev) as config:
            agenda, drift = run(_migrate(wish, config, files))
        shown = _shown(files, agenda, "to apply" if wish.dry_run else "applied now")
    else:
        shown, drift = [], ()
    if wish.as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(shown), indent=2).decode())
    else:
        _show(shown, dry_run=wish.dry_run)
    for each in drift:
        click.secho(f"Changed by hand: {each}", fg="yellow", err=wish.as_json)


async def _migrate(
    wish: Wish, config: DatabaseConfig, files: Sequence[Migration]
) -> tuple[Agenda, Sequence[str]]:
    """What is to be done or was, and how the tables were otherwise before that."""
    logging.getLogger("hanse.database").setLevel(logging.CRITICAL)  # speaks of hosts; we say it
    told = None if wish.as_json else _tell
    migrations = Migrations(files, config, told=told)
    try:
        drift = await _drift(config, files)
        if not wish.dry_run:
            return await migrations.apply(post=wish.post), drift
        agenda = await migrations.agenda(post=wish.post)
    except HanseError as error:
        where = described(config.url)
        raise Refused(f"{where} does not answer: {error.__cause__ or error}") from error
    if agenda.problems:
        raise MigrationError(*agenda.problems)
    return agenda, drift


async def _drift(config: DatabaseConfig, files: Sequence[Migration]) -> Sequence[str]:
    """Nothing where no host ever noted how tables were: then there is nothing to compare with."""
    async with Database(config) as database:
        if not await is_noted(database):
            return ()
        schemas = dict.fromkeys(file.schema for file in files)
        return [each for schema in schemas for each in await drift_in(database, schema)]


def _tell(step: str) -> None:
    click.echo(f"Applying {step} …")


def _shown(files: Sequence[Migration], agenda: Agenda, done: State) -> list[Shown]:
    states: dict[Migration, State] = dict.fromkeys(agenda.steps, done)
    states.update(dict.fromkeys(agenda.waiting, "waiting"))
    return [
        Shown(file.schema, file.number, file.name, file.phase, states.get(file, "applied"))
        for file in files
    ]


def _show(shown: Sequence[Shown], *, dry_run: bool) -> None:
    if not shown:
        click.echo("There is nothing to migrate: no service asks for a store with migrations.")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in Shown.__struct_fields__:
        table.add_column(title, justify="right" if title == "number" else "left")
    for one in shown:
        style = _COLOURS[one.state]
        state = f"[{style}]{one.state}[/]"
        table.add_row(one.schema, f"{one.number:04}", one.name, one.phase, state)
    Console().print(table)
    done = sum(one.state in {"applied now", "to apply"} for one in shown)
    waiting = sum(one.state == "waiting" for one in shown)
    click.echo(_said(done, dry_run=dry_run))
    if waiting:
        click.echo(
            f"{waiting} waiting until no host of the release before runs. When that is so: "
            f"{called('migrate --post')}"
        )


def _said(done: int, *, dry_run: bool) -> str:
    if not done:
        return "Nothing was left to apply."
    return f"{done} would be applied; nothing was written." if dry_run else f"{done} applied."
