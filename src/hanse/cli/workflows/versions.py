"""`hanse workflows versions`: which versions live, and which of them the project here drops."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click
import msgspec

from hanse.cli.data.listing import echo_rows
from hanse.cli.data.persons import in_database
from hanse.cli.refusal import Refused
from hanse.runtime.workflows.versions import Living, dropped, living

if TYPE_CHECKING:
    from hanse.cli.data.persons import Reached


def show_versions(environment: str, *, dev: bool, check: bool, as_json: bool) -> None:
    """Shows them.

    Args:
        environment: Which `[environments.NAME]` applies.
        dev: Of `hanse dev`.
        check: Refuse a release that drops some.
        as_json: For programs.

    Raises:
        Refused: The database does not answer, or some are dropped and that is to be checked.
    """
    found, lost = in_database(environment, partial(_versions), dev=dev)
    if as_json:
        for one in found:
            told = msgspec.structs.asdict(one) | {"in_release": one not in lost}
            click.echo(msgspec.json.encode(told))
    elif not found:
        click.echo("No workflow is under way.")
    else:
        titles = ("workflow", "version", "under way", "hosts", "in this release")
        echo_rows(titles, (_row(one, lost) for one in found), titles[1:4])
    if check and lost:
        named = ", ".join(f"{one.workflow} {one.version} ({one.instances})" for one in lost)
        raise Refused(
            f"This release has no code for what is under way: {named}.",
            "Keep the methods of those versions, @workflow(version=…), until hanse workflows "
            "versions shows none; or cancel the instances first.",
        )


async def _versions(found: Reached) -> tuple[list[Living], list[Living]]:
    services = found.project.services()
    return await living(found.database), await dropped(found.database, services)


def _row(one: Living, lost: list[Living]) -> tuple[str, ...]:
    kept = "no" if one in lost else "yes"
    return one.workflow, str(one.version), str(one.instances), str(one.hosts), kept
