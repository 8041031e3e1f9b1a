"""`hanse restore` and `hanse backup verify`: what is done by a process without root's rights."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from hanse.cli.backup.place import backup_order
from hanse.cli.fleet.called import called
from hanse.cli.fleet.charge import in_charge
from hanse.cli.fleet.connection import enter_project, run
from hanse.cli.refusal import Refused
from hanse.fleet.engine.privileges import lay_down
from hanse.fleet.engine.program import surroundings
from hanse.fleet.restore.main import Asked, Said
from hanse.fleet.restore.restore import Restored, Wish
from hanse.fleet.restore.site_restore import SiteWish
from hanse.kit.clock import SystemClock
from hanse.kit.environment import variables

if TYPE_CHECKING:
    from hanse.fleet.state import StateFolder


class Restoring(NamedTuple):
    """What was asked for on the command line."""

    to: str
    database: str
    replace: bool
    site: str
    dry_run: bool
    environment: str
    as_json: bool


def run_restore(asked: Restoring) -> None:
    """Brings back all, or one site.

    Raises:
        Refused: What is asked for does not go together, or cannot be done.
    """
    if not asked.site:
        if asked.dry_run:
            raise Refused("--dry-run is about --site; of all there is hanse backup verify.")
        wish = wished(
            asked.environment, asked.to, asked.database, replace=asked.replace, verify=False
        )
        restore(wish, as_json=asked.as_json)
        return
    if asked.replace or asked.database:
        raise Refused("--site brings rows into the database that runs; it replaces none.")
    at = moment(asked.to)
    if at is None:
        raise Refused("--site needs --to: as the fleet runs, as late as possible is now.")
    order = backup_order(asked.environment)
    site_wish = SiteWish(order=order, at=at, site=asked.site, dry_run=asked.dry_run)
    restore_site(site_wish, as_json=asked.as_json)


def restore(wish: Wish, *, as_json: bool) -> None:
    """Brings the database back, where nothing runs.

    Raises:
        Refused: A fleet runs, a database is there, or it cannot be done.
    """
    state = enter_project()
    if run(in_charge(state)) is not None:
        raise Refused(f"The fleet runs. End it before: {called('down')}")
    restored = _whole(state, wish, quiet=as_json)
    if as_json:
        _print(restored)
        return
    click.echo(f"The database is as it was {_at(restored)}; all {restored.rows} rows can be read.")
    _say_figures(restored)
    if restored.erased:
        click.echo(f"{restored.erased} persons it still knew had been erased, and are again.")
    if restored.note:
        click.secho(restored.note, fg="yellow")
    if restored.aside:
        click.echo(f"What was there before lies in {restored.aside}.")
    if restored.files_aside:
        click.echo(f"Files that it does not know lie in {restored.files_aside} now.")
    click.echo(f"Go on with it: {called('up')}")


def verify(wish: Wish, *, as_json: bool) -> None:
    """Restores beside, and reads all of it.

    Raises:
        Refused: It cannot be done, or nobody could open the keys in it: there is no backup to
            rely on.
    """
    restored = _whole(enter_project(), wish, quiet=as_json)
    if as_json:
        _print(restored)
        return
    click.echo(
        f"It can be restored as it was {_at(restored)}: {restored.tables} tables with "
        f"{restored.rows} rows, all read. Of the keys of persons {restored.keys} were tried, and "
        "all open."
    )
    _say_figures(restored)


def moment(text: str) -> datetime | None:
    """A moment as one types it; without a time zone it is UTC, as everywhere in Hanse.

    Raises:
        Refused: It is none, or not yet.
    """
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            f"{text!r} is no moment: write it like 2026-11-29T14:05:00Z, or 2026-11-29 14:05:00."
        ) from None
    read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    if read > SystemClock().now():
        raise Refused(f"{read.isoformat()} is not yet; without --to it is as late as possible.")
    return read


def wished(environment: str, to: str, database: str, *, replace: bool, verify: bool) -> Wish:
    """What to ask for.

    Raises:
        Refused: The project says of no place for backups, or the moment is none.
    """
    order, at = backup_order(environment), moment(to)
    return Wish(order=order, at=at, database=database, replace=replace, verify=verify)


def restore_site(wish: SiteWish, *, as_json: bool) -> None:
    """Brings one site back, while the fleet runs.

    Raises:
        Refused: No fleet runs, or it cannot be done; nothing is changed then.
    """
    done = _done(enter_project(), Asked(site=wish), quiet=as_json).site_restored
    assert done is not None, "a site was asked for"
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(done), indent=2).decode())
        return
    for one in done.tables:
        click.echo(f"  {one.name}: {one.added} added, {one.changed} changed, {one.removed} removed")
    if not done.tables:
        click.echo(f"{done.site} is as it was at {done.at.isoformat()}.")
    elif done.dry_run:
        click.echo("Nothing was written; without --dry-run it is.")
    else:
        click.echo(
            f"{done.site} is as it was at {done.at.isoformat()} again, in {done.seconds:.1f} s."
        )
    if done.erased:
        click.echo(f"{done.erased} persons it still knew had been erased, and are again.")
    if done.files_missing:
        said = f"{done.files_missing} files that it needs are nowhere: deleted since, or lost."
        click.secho(said, fg="red")


def _whole(state: StateFolder, wish: Wish, *, quiet: bool) -> Restored:
    restored = _done(state, Asked(all=wish), quiet=quiet).restored
    assert restored is not None, "a whole database was asked for"
    return restored


def _done(state: StateFolder, asked: Asked, *, quiet: bool) -> Said:
    given = surroundings(variables())
    command = (*lay_down(state, given), sys.executable, "-P", "-m", "hanse.fleet.restore.main")
    # A module of ours, that does as whoever the fleet runs as.
    with subprocess.Popen(  # noqa: S603  put together here
        command, env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(msgspec.json.encode(asked))
        child.stdin.close()
        for line in child.stdout:
            said = msgspec.json.decode(line, type=Said)
            if said.refused:
                raise Refused(*said.refused)
            if not said.step:
                return said
            if not quiet:
                click.echo(f"  {said.step} …")
    raise Refused("It was ended in the middle. Nothing is changed; run it again.")


def _print(restored: Restored) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(restored), indent=2).decode())


def _at(restored: Restored) -> str:
    if restored.at is not None:
        return f"at {restored.at.isoformat()}"
    return f"at {restored.last.isoformat()}" if restored.last else "when its base was taken"


def _say_figures(restored: Restored) -> None:
    if restored.last is not None:
        until = restored.at or restored.complete or restored.last
        lost = max(0.0, (until - restored.last).total_seconds())
        click.echo(
            f"RPO: the last write in it is of {restored.last.isoformat()}, {lost:.1f} s before."
        )
    if restored.at is None and restored.complete is not None:
        click.echo(
            f"All that was acknowledged until {restored.complete.isoformat()} was in the backup."
        )
    if restored.files or restored.files_missing:
        click.echo(f"Files: {restored.files} are in the backup.")
    if restored.files_missing:
        said = f"{restored.files_missing} files that it needs are nowhere: deleted since, or lost."
        click.secho(said, fg="red")
    if restored.broken:
        click.secho(
            "A part of the log is missing: what was written behind it is not there.", fg="red"
        )
    click.echo(f"RTO: {restored.seconds:.1f} s.")
