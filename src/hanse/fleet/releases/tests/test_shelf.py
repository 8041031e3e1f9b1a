"""What lies on the shelf is what its name says, or it is refused."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import msgspec
import pytest

from hanse.fleet.releases.release import Facts, Release
from hanse.fleet.releases.shelf import NoRelease, Shelf
from hanse.fleet.releases.sources.lock import Lock
from hanse.fleet.releases.sources.origin import Origin
from hanse.fleet.releases.tree import FileEntry, Tree, TreeError, digest_of, tree_of
from hanse.fleet.survey import ServiceSurvey
from hanse.runtime.contract.description import ContractDescription
from hanse.runtime.description.service_description import ServiceDescription

if TYPE_CHECKING:
    from pathlib import Path

DESCRIPTION = ServiceDescription("shop:Shop", ContractDescription("Shop", "shop.v1", "", ()))
FACTS = Facts(
    survey=ServiceSurvey("shop:Shop", "shop.v1.Shop", ("shop",), pages=False),
    description=DESCRIPTION,
)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(tmp_path / "releases")
    shelf.prepare()
    return shelf


def kept(shelf: Shelf, **contents: str) -> Tree:
    named = {name.replace("_", "/"): text.encode() for name, text in contents.items()}
    return tree_of(FileEntry(path, shelf.keep(text), len(text)) for path, text in named.items())


def release(code: Tree, origin: Origin = Origin()) -> Release:
    return Release(service="shop:Shop", facts=FACTS, code=code, lock=Lock(), origin=origin)


def test_a_release_comes_back_as_it_was_put(shelf: Shelf) -> None:
    made = release(kept(shelf, shop="1"), Origin("abc"))
    shelf.put(made)
    assert shelf.get(made.digest) == made
    assert list(shelf.all()) == [made]


def test_the_same_tree_is_the_same_release_whatever_the_commit(shelf: Shelf) -> None:
    code = kept(shelf, shop="1")
    assert release(code, Origin("abc")).digest == release(code, Origin("def", changed=True)).digest
    assert release(code).digest != release(kept(shelf, shop="2")).digest


def test_files_of_a_tree_are_laid_down_once_each(shelf: Shelf) -> None:
    one, two = kept(shelf, a_b="same", c="1"), kept(shelf, a_b="same", c="2")
    folders = [shelf.lay(one), shelf.lay(two)]
    assert [(folder / "a/b").read_text() for folder in folders] == ["same", "same"]
    assert [(folder / "c").read_text() for folder in folders] == ["1", "2"]
    assert (folders[0] / "a/b").stat().st_ino == (folders[1] / "a/b").stat().st_ino
    assert stat.S_IMODE((folders[0] / "c").stat().st_mode) == 0o444


def test_where_a_file_can_have_no_second_name_it_is_copied(shelf: Shelf, monkeypatch) -> None:
    def refused(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refused)
    assert (shelf.lay(kept(shelf, a="text")) / "a").read_text() == "text"


def test_what_was_changed_where_it_lies_is_not_laid_down(shelf: Shelf) -> None:
    tree = kept(shelf, shop="1")
    path = shelf.path_of(tree.files[0].digest)
    path.chmod(0o600)
    path.write_text("2")
    with pytest.raises(NoRelease, match="was changed where it lies"):
        shelf.lay(tree)
    assert [one.name for one in shelf.trees.iterdir()] == []


@pytest.mark.parametrize("harm", ["changed", "missing", "added", "link"])
def test_what_was_laid_down_is_looked_at_again(shelf: Shelf, harm: str) -> None:
    tree = kept(shelf, shop="1", a_b="2")
    folder = shelf.lay(tree)
    shelf.check(tree)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/shop.pyc").write_text("Python's own")
    shelf.check(tree)
    if harm == "added":
        (folder / "a/sitecustomize.py").write_text("import this")
    else:
        (folder / "shop").unlink()
    if harm == "changed":
        (folder / "shop").write_text("3")
    if harm == "link":
        (folder / "shop").symlink_to(shelf.path_of(tree.files[0].digest))
    with pytest.raises(NoRelease, match="changed|missing|laid into"):
        shelf.check(tree)


def test_a_release_that_is_another_one_is_refused(shelf: Shelf) -> None:
    made, other = release(kept(shelf, shop="1")), release(kept(shelf, shop="2"))
    (shelf.releases / f"{made.digest}.json").write_bytes(msgspec.json.encode(other))
    with pytest.raises(NoRelease, match="not what its name says"):
        shelf.get(made.digest)
    assert list(shelf.all()) == []


@pytest.mark.parametrize("path", ["../../../../etc/cron.d/x", "/etc/passwd", "a/../../x"])
def test_a_release_whose_paths_lead_out_is_refused(shelf: Shelf, path: str) -> None:
    content = b"harm"
    code = Tree((FileEntry(path, shelf.keep(content), len(content)),))
    hostile = release(code)
    (shelf.releases / f"{hostile.digest}.json").write_bytes(msgspec.json.encode(hostile))
    with pytest.raises(NoRelease, match="no path below the root"):
        shelf.get(hostile.digest)
    with pytest.raises(TreeError):
        shelf.lay(code)


@pytest.mark.parametrize("digest", ["../secret", "", "x" * 64, digest_of(b"")])
def test_a_name_that_is_none_finds_nothing(shelf: Shelf, digest: str) -> None:
    for look in (shelf.get, shelf.read):
        with pytest.raises(NoRelease):
            look(digest)


def test_a_file_that_is_no_release_is_passed_over(shelf: Shelf) -> None:
    made = release(kept(shelf, shop="1"))
    shelf.put(made)
    (shelf.releases / f"{digest_of(b'x')}.json").write_text("{half")
    assert list(shelf.all()) == [made]
