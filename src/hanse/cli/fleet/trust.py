"""`hanse trust`: lets this machine and its browsers believe development certificates, or not."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from hanse.cli.fleet.called import as_called
from hanse.cli.place import project_folder
from hanse.cli.refusal import Refused
from hanse.fleet.certificates.development import public_file
from hanse.fleet.certificates.trust_plan import Machine, Plan, Step, plan
from hanse.fleet.certificates.trust_store import Subject, read_subject
from hanse.fleet.state import StateFolder

if TYPE_CHECKING:
    from hanse.fleet.certificates.trust_store import Command

SYSTEM_PROGRAMS = "/usr/sbin:/sbin"
"""Where Debian keeps what changes the system, and looks for it as root alone."""

SECONDS_MAX = 120.0


class Outcome(NamedTuple):
    """What became of a plan: what was done, and what was left to somebody who may."""

    done: tuple[Step, ...]
    left: tuple[Step, ...]


def trust(*, uninstall: bool, as_json: bool) -> None:
    """Adds the authority of the project here to all lists of trusted ones, or takes it away.

    Raises:
        Refused: There is no authority here, or a list could not be changed.
        SystemExit: With 1, something is left to be done by root.
    """
    machine = _machine()
    subject = _subject()
    found = plan(machine, subject, uninstall=uninstall)
    if not as_json:
        _announce(subject, found, uninstall=uninstall)
    outcome = _carry_out(machine, found.steps)
    if as_json:
        _show_json(subject, found, outcome, uninstall=uninstall)
    else:
        _show(found, outcome, uninstall=uninstall)
    if outcome.left:
        sys.exit(1)


def _machine() -> Machine:
    is_root = os.geteuid() == 0
    return Machine(
        root=Path("/"),
        home=Path.home(),
        is_root=is_root,
        for_whom=os.environ.get("SUDO_USER", "") if is_root else "",
        is_mac=sys.platform == "darwin",
        which=_which,
        ask=_ask,
    )


def _which(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:{SYSTEM_PROGRAMS}")


def _ask(command: Command) -> str | None:
    answer = _run(command)
    return answer.stdout if answer.returncode == 0 else None


def _subject() -> Subject:
    file = public_file(StateFolder(project_folder()).certificates)
    try:
        return read_subject(file)
    except FileNotFoundError:
        raise Refused(
            f"There is no development authority yet: {file} is not there. hanse up makes it, "
            'unless hanse.toml has [gateway] tls_port = "off" or a certificate of its own.'
        ) from None
    except ValueError:
        raise Refused(
            f"{file} is no certificate of a development authority. Delete it; hanse up writes it "
            "anew."
        ) from None


def _carry_out(machine: Machine, steps: tuple[Step, ...]) -> Outcome:
    left = tuple(step for step in steps if step.needs_root and not machine.is_root)
    done = tuple(step for step in steps if step not in left)
    for step in done:
        for command in step.commands:
            _must(command)
    return Outcome(done, left)


def _must(command: Command) -> None:
    answer = _run(command)
    if answer.returncode != 0:
        said = (answer.stderr.strip() or answer.stdout.strip()).splitlines()
        raise Refused(
            f"This failed: {shlex.join(command)}",
            *said[-3:],
            "Mend what it names and run hanse trust again: it goes on where it stopped.",
        )


def _run(command: Command) -> subprocess.CompletedProcess[str]:
    """Never lets a program ask for a password: it has no terminal to ask on."""
    return subprocess.run(  # noqa: S603 - our own words, and paths as they are
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        start_new_session=True,
        timeout=SECONDS_MAX,
    )


def _announce(subject: Subject, found: Plan, *, uninstall: bool) -> None:
    verb = "No longer trust" if uninstall else "Trust"
    click.secho(f"{verb} {subject.title}", bold=True)
    click.echo(f"  {subject.file}")
    if not uninstall:
        click.echo("  It can sign for localhost, *.localhost and *.test, and for nothing else.")
    for purpose in found.already:
        click.echo(f"  as it should be: {purpose}")
    for step in found.steps:
        click.echo(f"  to change: {step.purpose}")
        for command in step.commands:
            click.echo(f"      {_as_typed(step, command)}")


def _show(found: Plan, outcome: Outcome, *, uninstall: bool) -> None:
    for step in outcome.done:
        click.secho(f"Done: {step.purpose}", fg="green")
    if outcome.left:
        click.echo("\nThis needs root. Run it yourself:\n")
        for step in outcome.left:
            for command in step.commands:
                click.echo(f"    {_as_typed(step, command)}")
        click.echo("")
    for note in found.notes:
        click.echo(as_called(note))
    if outcome.done and not uninstall:
        click.echo(as_called("Start browsers anew to see it. To undo: hanse trust --uninstall"))


def _show_json(subject: Subject, found: Plan, outcome: Outcome, *, uninstall: bool) -> None:
    told = {
        "authority": str(subject.file),
        "name": subject.title,
        "fingerprint": subject.fingerprint,
        "uninstalled": uninstall,
        "already": found.already,
        "done": [_told(step) for step in outcome.done],
        "left": [_told(step) for step in outcome.left],
        "notes": found.notes,
    }
    click.echo(msgspec.json.format(msgspec.json.encode(told), indent=2))


def _told(step: Step) -> dict[str, object]:
    return {
        "purpose": step.purpose,
        "commands": [_as_typed(step, command) for command in step.commands],
    }


def _as_typed(step: Step, command: Command) -> str:
    """A command as a person runs it."""
    sudo = ("sudo",) if step.needs_root and os.geteuid() != 0 else ()
    return shlex.join((*sudo, *command))
