"""`hanse describe`: what the services of this project are, to others and to their next release."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from hanse.cli.data.listing import echo_rows
from hanse.cli.place import open_project
from hanse.cli.refusal import Refused
from hanse.runtime.description.describe_service import describe_project
from hanse.runtime.description.service_description import write_description
from hanse.runtime.project.strict import like

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hanse.runtime.description.service_description import (
        DocumentDescription,
        ProjectDescription,
        ServiceDescription,
    )

TITLES = ("service", "methods", "calls", "tells", "takes", "keeps", "workflows")


class Wish(NamedTuple):
    """What is asked for; see `hanse describe --help`."""

    service: str
    out: Path | None
    environment: str
    as_json: bool


def show(wish: Wish) -> None:
    """Prints or writes what is asked for.

    Raises:
        Refused: There is no such service.
        ConfigurationError: The services cannot be imported, or not described.
    """
    found = chosen(describe_project(open_project(wish.environment)), wish.service)
    if wish.out is not None or wish.as_json:
        text = msgspec.json.format(write_description(found), indent=1).decode() + "\n"
        _put(text, wish.out)
    elif wish.service:
        _show_one(found.services[0])
    else:
        echo_rows(TITLES, map(_row, found.services), TITLES[1:])


def chosen(project: ProjectDescription, name: str) -> ProjectDescription:
    """A description with one of its services, or with all where no name is given.

    Raises:
        Refused: There is none of that name, or there are several.
    """
    if not name:
        return project
    known = {one.name: one for one in project.services}
    found = [one for one in known.values() if name in {one.name, one.contract.name}]
    if len(found) > 1:
        raise Refused(f"{name} may be {' or '.join(one.name for one in found)}; say which.")
    if not found:
        raise Refused(f"There is no service {name} in this project{like(name, known)}.")
    return msgspec.structs.replace(project, services=tuple(found))


def _put(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    click.echo(f"wrote {out}", err=True)


def _row(one: ServiceDescription) -> tuple[str, ...]:
    parts = (one.contract.methods, one.needs, one.tells, one.takes, one.documents, one.workflows)
    return (one.name, *(str(len(part)) if part else "" for part in parts))


def _show_one(service: ServiceDescription) -> None:
    first = service.contract.doc.partition("\n")[0]
    click.echo(f"{service.name}: {first}" if first else service.name)
    for title, lines in _sections(service):
        if lines:
            click.echo(f"\n{click.style(title, dim=True)}")
            for line in lines:
                click.echo(f"  {line}")


def _sections(service: ServiceDescription) -> Iterator[tuple[str, Sequence[str]]]:
    methods = service.contract.methods
    yield "serves", [f"{one.name}  {one.verb or 'internal'} {one.path or ''}" for one in methods]
    yield (
        "calls",
        [
            f"{one.contract.full_name}: "
            + (", ".join(m.name for m in one.contract.methods) if not one.whole else "any method")
            for one in service.needs
        ],
    )
    yield "tells", [one.full_name for one in service.tells]
    yield "takes", [f"{one.name}: {', '.join(one.events)}" for one in service.takes]
    yield "keeps", [f"{one.table}: {one.name}{_shape(one)}" for one in service.documents]
    yield "workflows", [f"{one.name} {one.version}" for one in service.workflows]
    if service.settings is not None:
        names = [one.name for one in service.settings.fields]
        yield "settings", [f"[settings.{service.settings.section}] {', '.join(names)}"]


def _shape(document: DocumentDescription) -> str:
    return f", shape {document.shape}" if document.shape > 1 else ""
