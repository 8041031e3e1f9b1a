"""`hanse person export`: all that is of one person, as one JSON document, with files as a zip."""

from __future__ import annotations

import os
import sys
import zipfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import mkstemp
from typing import IO, TYPE_CHECKING

import click
import msgspec

from hanse.cli.data.persons import in_database, note_places
from hanse.runtime.data.files.file_rows import FileRows, uuid_of
from hanse.runtime.data.files.name import cleaned
from hanse.runtime.data.people.exporting import Exporting
from hanse.runtime.data.people.person import person_of

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from hanse.cli.data.persons import Reached

ZIP = ".zip"


class Wish(msgspec.Struct, frozen=True):
    """Whose, and where to."""

    person: str
    site: str = ""
    out: Path | None = None
    environment: str = ""
    dev: bool = False
    as_json: bool = False


def export(wish: Wish) -> None:
    """Writes the document; of a folder's file it is there whole or not at all.

    Raises:
        Refused: There is no project, or its database does not answer.
    """
    out = wish.out.absolute() if wish.out is not None else None
    in_database(wish.environment, partial(_export, wish, out), dev=wish.dev)


async def _export(wish: Wish, out: Path | None, found: Reached) -> None:
    await note_places(found)
    site = wish.site or found.project.file.host.site
    person = person_of(found.database.keys.ring, site, wish.person)
    exporting = Exporting(found.database, person)
    missing: list[str] = []
    if out is None:
        await _write(exporting, sys.stdout.buffer)
    else:
        with _whole(out) as file:
            if out.suffix == ZIP:
                missing = await _write_zip(exporting, file, found, site)
            else:
                await _write(exporting, file)
    _tell(exporting, out, missing, as_json=wish.as_json)


async def _write(exporting: Exporting, file: IO[bytes]) -> None:
    async for piece in exporting.pieces():
        file.write(piece)
    file.flush()


async def _write_zip(exporting: Exporting, file: IO[bytes], found: Reached, site: str) -> list[str]:
    """Writes the document and its files; the names of those whose content is nowhere."""
    rows, missing = FileRows(found.database), list[str]()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("person.json", "w", force_zip64=True) as inner:
            await _write(exporting, inner)
        for one in exporting.files:
            uuid = uuid_of(one.id)
            if not await rows.is_true(site, one):
                continue
            pieces = await found.files.read(site, uuid, 0, one.size)
            if pieces is None:
                missing.append(one.name)
                continue
            name = f"files/{one.id}-{cleaned(one.name)}"
            with archive.open(name, "w", force_zip64=True) as inner:
                async for piece in pieces:
                    inner.write(piece)
    return missing


def _tell(exporting: Exporting, out: Path | None, missing: Sequence[str], *, as_json: bool) -> None:
    files = len(exporting.files)
    if out is not None and as_json:
        said = {"file": str(out), "files": files, "files_missing": len(missing)}
        click.echo(msgspec.json.encode(said))
    elif out is not None:
        click.echo(f"Written to {out}.", err=True)
    if missing:
        said = f"Not in it, for its content is nowhere (deleted, or lost): {', '.join(missing)}."
        click.secho(said, fg="red", err=True)
    if files and (out is None or out.suffix != ZIP):
        click.echo(f"{files} files stand in it; to have them as well: --out person.zip", err=True)


@contextmanager
def _whole(path: Path) -> Generator[IO[bytes]]:
    """A file of mode 0600 that is there when the block has ended well."""
    handle, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)  # nobody made it before
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
