"""Takes from the shelf what nothing runs from, nobody will go back to, and is not new any more."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from hanse.fleet.releases.shelf import NoRelease
from hanse.fleet.releases.wish import read_wish
from hanse.fleet.releases.work import CACHE, clearing, sweep

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from hanse.fleet.releases.release import Release
    from hanse.fleet.releases.shelf import Shelf
    from hanse.fleet.releases.wish import Wish

RELEASES_KEPT = 10
"""Of each service, the newest."""

KEPT_SECONDS = 7 * 86_400.0
"""However many there are: who looks into what went wrong a week ago finds it."""


def clear(shelf: Shelf, running: Collection[str], now: float) -> None:
    """Keeps what runs, the newest ten releases of each service, and all of the last seven days.

    What goes is taken away from the top down: a wish before the releases it names, those before
    their bytes. So whenever this is broken off, nothing is there that lacks a part. While somebody
    builds, all stays until the next time.

    Args:
        shelf: Where it lies.
        running: Digests of the wishes that hosts run from.
        now: Unix seconds, by the clock that files are dated by.
    """
    with clearing(shelf) as alone:
        if alone:
            sweep(shelf)
            _clear(shelf, running, now)


def _clear(shelf: Shelf, running: Collection[str], now: float) -> None:
    wishes = dict(_wishes(shelf, running, now))
    named = {digest for wish in wishes.values() for digest in wish.releases.values()}
    releases = list(_releases(shelf, named, now))
    _keep_only(shelf.wishes, wishes, ".json")
    _keep_only(shelf.releases, {one.digest for one in releases}, ".json")
    trees = {digest for wish in wishes.values() for digest in (wish.code, *wish.files.values())}
    _keep_only(shelf.trees, trees)
    _keep_only(shelf.runtimes, {wish.runtime for wish in wishes.values()})
    locks = {wish.lock for wish in wishes.values()} | {one.lock.digest for one in releases}
    there = {one.name for one in shelf.environments.iterdir()} - {CACHE}
    _keep_only(shelf.environments, locks if there - locks else locks | {CACHE})
    blobs = {file.digest for one in releases for file in one.code.files}
    blobs |= {wish.settings for wish in wishes.values()} | trees
    for digest in trees:
        with suppress(NoRelease):
            blobs |= {file.digest for file in shelf.tree(digest).files}
    for folder in shelf.blobs.iterdir():
        _keep_only(folder, blobs)


def _wishes(shelf: Shelf, running: Collection[str], now: float) -> Iterator[tuple[str, Wish]]:
    for path in shelf.wishes.glob("*.json"):
        if path.stem in running or _is_new(path, now):
            with suppress(NoRelease):
                yield path.stem, read_wish(path.stem, shelf)


def _releases(shelf: Shelf, named: Collection[str], now: float) -> Iterator[Release]:
    seen: Counter[str] = Counter()
    for one in shelf.all():
        seen[one.service] += 1
        path = shelf.releases / f"{one.digest}.json"
        if one.digest in named or seen[one.service] <= RELEASES_KEPT or _is_new(path, now):
            yield one


def _is_new(path: Path, now: float) -> bool:
    with suppress(FileNotFoundError):
        return now - path.stat().st_mtime < KEPT_SECONDS
    return False


def _keep_only(folder: Path, names: Collection[str], suffix: str = "") -> None:
    for path in folder.iterdir():
        if path.name.removesuffix(suffix) in names:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
