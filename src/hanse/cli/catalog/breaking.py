"""`hanse breaking`: what the project here breaks for who calls it, reads it or runs beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from hanse.catalog.compatibility.exceptions import FILE, read_exceptions, without_allowed
from hanse.catalog.compatibility.gate import Around, breaking
from hanse.cli.catalog.git_tree import Repository
from hanse.cli.place import open_project
from hanse.runtime.description.describe_service import describe_project
from hanse.runtime.description.service_description import read_description

if TYPE_CHECKING:
    from hanse.catalog.compatibility.finding import Finding
    from hanse.runtime.description.service_description import ProjectDescription

RUNNING = "running"


class Wish(NamedTuple):
    """What is asked for; see `hanse breaking --help`."""

    against: str
    environment: str
    as_json: bool


class Compared(NamedTuple):
    """What the project here is compared with.

    Attributes:
        name: What it is called.
        before: What it is.
        around: What else is known of where that runs.
    """

    name: str
    before: ProjectDescription
    around: Around


class Verdict(msgspec.Struct, frozen=True):
    """What is told.

    Attributes:
        against: What the project here was compared with.
        findings: What it breaks.
        allowed: What it breaks with a reason that is written down.
    """

    against: str
    findings: tuple[Finding, ...]
    allowed: tuple[Finding, ...]


def check(wish: Wish) -> None:
    """Shows what is broken, and ends with 1 if something is.

    Raises:
        Refused: What is to be compared with is not there, or cannot be read.
        ConfigurationError: The services or the exceptions cannot be read.
    """
    compared = _compared(wish)
    if compared is None:
        click.echo("There is no release before this one: it is the first commit.", err=True)
        return
    project = open_project(wish.environment)
    file = project.folder / FILE
    exceptions = read_exceptions(file.read_text(encoding="utf-8")) if file.exists() else ()
    found = breaking(compared.before, describe_project(project), compared.around)
    findings, allowed = without_allowed(found, exceptions, datetime.now(UTC).date())
    verdict = Verdict(compared.name, findings, allowed)
    if wish.as_json:
        click.echo(msgspec.json.encode(verdict))
    else:
        _show(verdict)
    if findings:
        raise click.exceptions.Exit(1)


def _compared(wish: Wish) -> Compared | None:
    """What to compare with: what runs, a file, or a state of the sources; None if there is none."""
    if wish.against == RUNNING:
        from hanse.cli.catalog.running import what_runs

        return Compared("what runs", *what_runs(wish.environment))
    file = Path(wish.against)
    if wish.against and file.is_file():
        before = read_description(file.read_bytes(), wish.against)
        return Compared(wish.against, before, Around())
    repository = Repository(open_project(wish.environment).folder)
    name = wish.against or repository.release_before()
    if not name:
        return None
    return Compared(name, repository.described(name, wish.environment), Around())


def _show(verdict: Verdict) -> None:
    for one in verdict.findings:
        click.echo(f"{click.style(one.rule, fg='red')}  {one.place}")
        click.echo(f"  {one.says} Breaks {', '.join(one.breaks)}.")
        click.echo(click.style(f"  → {one.remedy}", dim=True))
    for one in verdict.allowed:
        click.echo(click.style(f"{one.rule}  {one.place}: allowed in {FILE}", dim=True))
    number = len(verdict.findings)
    against = f"Compared with {verdict.against}:"
    if not number:
        click.echo(f"{against} nothing breaks.", err=True)
    else:
        changes = "1 change breaks" if number == 1 else f"{number} changes break"
        click.echo(f"{against} {changes} somebody. With a reason: {FILE}", err=True)
