"""`hanse build`: makes releases of a project's services, and starts nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click
import msgspec

from hanse.cli.fleet.connection import enter_project
from hanse.cli.place import open_project
from hanse.cli.refusal import Refused
from hanse.fleet.engine.privileges import lay_down
from hanse.fleet.engine.program import surroundings
from hanse.fleet.releases.built import Built
from hanse.fleet.releases.oci.image import write_images
from hanse.fleet.releases.oci.interpreter import NoInterpreter
from hanse.fleet.releases.oci.layout import LayoutError
from hanse.fleet.releases.shelf import Shelf
from hanse.fleet.releases.wish import read_wish
from hanse.kit.environment import variables

if TYPE_CHECKING:
    from hanse.fleet.releases.release import Release
    from hanse.fleet.state import StateFolder
    from hanse.runtime.project.project import Project

WORDS_SHOWN = 8
COMMIT_SHOWN = 7


def build(environment: str, oci: str, ground: str, *, as_json: bool) -> None:
    """Builds what was not built before, and shows all of it.

    Args:
        environment: Which one of `hanse.toml` applies.
        oci: Where images of it are written; empty for none.
        ground: An image that these stand on; empty for this machine's Python.
        as_json: As JSON.

    Raises:
        Refused: Something is missing, broken, too large, or cannot share a process.
    """
    if ground and not oci:
        raise Refused("--base is for images, and none is asked for: say where, --oci FOLDER")
    begun, started = monotonic(), Path.cwd()
    project = open_project(environment)
    state = enter_project()
    shelf = Shelf(state.releases)
    before = {one.digest for one in shelf.all()}
    built = _built(state, environment)
    releases = releases_of(built, shelf)
    images: dict[str, str] = {}
    if oci:
        images = _images(project, built, shelf, started / oci, started / ground if ground else None)
    if as_json:
        shown = [row_of(one) | {"new": one.digest not in before} for one in releases]
        notes = {"releases": shown, "notes": built.notes, "images": images}
        click.echo(msgspec.json.format(msgspec.json.encode(notes), indent=2).decode())
        return
    show(releases, before)
    new = sum(one.digest not in before for one in releases)
    click.echo(f"\n{len(releases)} releases, {new} of them new, in {monotonic() - begun:.1f} s.")
    for name, digest in images.items():
        click.echo(f"{name}  {digest}")
    for note in built.notes:
        click.secho(note, fg="yellow")


def _images(
    project: Project, built: Built, shelf: Shelf, into: Path, ground: Path | None
) -> dict[str, str]:
    try:
        return write_images(project, built, shelf, into, ground)
    except (LayoutError, NoInterpreter) as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(f"{into} cannot be written: {error.strerror}.") from None


def releases_of(built: Built, shelf: Shelf) -> list[Release]:
    """The releases of a build, in the order the project lists its services."""
    found: dict[str, str] = {}
    for bundle in built.bundles:
        found |= read_wish(bundle.wish, shelf).releases
    return [shelf.get(found[one.name]) for one in built.services]


def row_of(release: Release) -> dict[str, Any]:
    """A release as `--json` shows it."""
    return {
        "service": release.service,
        "contract": release.name,
        "release": release.digest,
        "files": len(release.code.files),
        "bytes": release.code.size,
        "packages": len(release.lock.pins),
        "lock": release.lock.digest,
        "origin": release.origin,
    }


def show(releases: list[Release], before: set[str]) -> None:
    """The releases as a table; those that are not of before are marked.

    It fits eighty columns. A commit is marked that has other files than the release.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    origin = ("commit",) if any(one.origin.commit for one in releases) else ()
    for name in ("service", "release", "files", "size", *origin, ""):
        numbers = name in {"files", "size"}
        table.add_column(name, justify="right" if numbers else "left", no_wrap=True)
    for one in releases:
        commit = f"{one.origin.commit[:COMMIT_SHOWN]}{'+' if one.origin.changed else ''}"
        table.add_row(
            *(one.name, one.shown, str(len(one.code.files)), f"{one.code.size / 1e3:.1f} kB"),
            *([commit] if origin else ()),
            "" if one.digest in before else "new",
        )
    Console().print(table)


def _built(state: StateFolder, environment: str) -> Built:
    """Builds in a process of its own, as whoever the fleet runs as: its folder is theirs."""
    given = variables()
    done = subprocess.run(  # noqa: S603 - a module of ours
        [
            *lay_down(state, given),
            *(sys.executable, "-P", "-m", "hanse.fleet.releases.built", str(Path.cwd())),
            environment,
        ],
        env=surroundings(given),
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-WORDS_SHOWN:]
        raise Refused("The services cannot be built.", *said)
    built = msgspec.json.decode(done.stdout, type=Built)
    if built.problems:
        raise Refused(*built.problems)
    return built
