"""What runs, what one may go back to and what is new stays; all else goes, and nothing lacks a part."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from hanse.fleet.releases.clearing import KEPT_SECONDS, RELEASES_KEPT, clear
from hanse.fleet.releases.release import Facts, Release
from hanse.fleet.releases.shelf import NoRelease, Shelf
from hanse.fleet.releases.sources.lock import Lock
from hanse.fleet.releases.tree import FileEntry, tree_of
from hanse.fleet.releases.wish import Wish, keep_wish, read_wish
from hanse.fleet.releases.work import building
from hanse.fleet.survey import ServiceSurvey
from hanse.runtime.contract.description import ContractDescription
from hanse.runtime.description.service_description import ServiceDescription

if TYPE_CHECKING:
    from pathlib import Path

NOW = 2_000_000_000.0
SURVEY = ServiceSurvey("shop:Shop", "shop.v1.Shop", ("shop",), pages=False)
DESCRIPTION = ServiceDescription("shop:Shop", ContractDescription("Shop", "shop.v1", "", ()))
FACTS = Facts(survey=SURVEY, description=DESCRIPTION)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(tmp_path / "releases")
    shelf.prepare()
    return shelf


def built(shelf: Shelf, number: int, age: float) -> Wish:
    """A release of a service and what a host of it runs from, built so many seconds ago."""
    text = b"release %d" % number
    code = tree_of([FileEntry("shop.py", shelf.keep(text), len(text))])
    release = Release(service="shop:Shop", facts=FACTS, code=code, lock=Lock())
    shelf.put(release)
    shelf.lay(code)
    wish = Wish(
        releases={"shop:Shop": release.digest},
        code=code.digest,
        lock=Lock().digest,
        files={},
        settings=shelf.keep(b"settings"),
        runtime=f"runtime-{number}",
        python="python",
    )
    (shelf.runtimes / wish.runtime).mkdir()
    keep_wish(wish, shelf)
    for path in (shelf.releases / f"{release.digest}.json", shelf.wishes / f"{wish.digest}.json"):
        os.utime(path, (NOW - age, NOW - age))
    return wish


def is_whole(shelf: Shelf, wish: Wish) -> bool:
    found = read_wish(wish.digest, shelf)
    release = shelf.get(found.releases["shop:Shop"])
    shelf.check(release.code)
    return shelf.read(found.settings) == b"settings" and (shelf.runtimes / found.runtime).is_dir()


def is_gone(shelf: Shelf, wish: Wish) -> bool:
    with pytest.raises(NoRelease):
        read_wish(wish.digest, shelf)
    return not shelf.folder_of(wish.code).exists() and not (shelf.runtimes / wish.runtime).exists()


def test_what_runs_stays_however_old_it_is(shelf: Shelf) -> None:
    old = [built(shelf, number, 2 * KEPT_SECONDS + number) for number in range(3)]
    clear(shelf, {old[1].digest}, NOW)
    assert is_whole(shelf, old[1])
    assert is_gone(shelf, old[0])


def test_all_of_the_last_days_stays(shelf: Shelf) -> None:
    new = [built(shelf, number, KEPT_SECONDS - 60 - number) for number in range(RELEASES_KEPT + 3)]
    clear(shelf, (), NOW)
    assert all(is_whole(shelf, one) for one in new)


def test_of_each_service_the_newest_releases_stay_to_go_back_to(shelf: Shelf) -> None:
    ages = {number: 2 * KEPT_SECONDS + number for number in range(RELEASES_KEPT + 3)}
    wishes = {number: built(shelf, number, age) for number, age in ages.items()}
    clear(shelf, (), NOW)
    kept = {one.digest for one in shelf.all()}
    newest = [wishes[number].releases["shop:Shop"] for number in range(RELEASES_KEPT)]
    assert kept == set(newest)
    for digest in newest:  # laid down again from what is kept of it
        release = shelf.get(digest)
        shelf.lay(release.code)
        shelf.check(release.code)
    assert sum(len(list(one.iterdir())) for one in shelf.blobs.iterdir()) <= 2 * RELEASES_KEPT + 1


def test_while_somebody_builds_nothing_goes(shelf: Shelf) -> None:
    old = built(shelf, 1, 2 * KEPT_SECONDS)
    with building(shelf):
        draft = shelf.trees / ".draft.1"
        draft.mkdir()
        clear(shelf, (), NOW)
        with building(shelf):  # two at once are beside each other
            assert draft.is_dir()
        assert is_whole(shelf, old)
    clear(shelf, (), NOW)
    assert not draft.exists()
    assert is_gone(shelf, old)


def test_what_was_downloaded_goes_with_an_environment(shelf: Shelf) -> None:
    cache, environment = shelf.environments / ".cache", shelf.environments / ("0" * 64)
    for folder in (cache, environment):
        folder.mkdir()
    with building(shelf):
        assert cache.is_dir()
    clear(shelf, (), NOW)
    assert list(shelf.environments.iterdir()) == []
    cache.mkdir()
    clear(shelf, (), NOW)
    assert cache.is_dir()
