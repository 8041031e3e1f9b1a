"""What lies on the shelf is what its name says, or it is refused."""

from __future__ import annotations

import os
import shutil
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


def harm(shelf: Shelf, tree: Tree, how: str) -> None:
    folder = shelf.folder_of(tree.digest)
    if how == "added":
        (folder / "a/sitecustomize.py").write_text("import this")
    elif how == "gone":
        shutil.rmtree(folder)
    elif how == "elsewhere":
        folder.rename(folder.with_name("elsewhere"))
        folder.symlink_to("elsewhere")
    else:
        (folder / "shop").unlink()
    if how == "changed":
        (folder / "shop").write_text("3")
    if how == "link":
        (folder / "shop").symlink_to(shelf.path_of(tree.files[0].digest))
    if how == "pipe":
        os.mkfifo(folder / "shop")


@pytest.mark.parametrize(
    "how", ["changed", "missing", "added", "link", "pipe", "gone", "elsewhere"]
)
def test_what_was_laid_down_is_looked_at_again_and_is_made_anew(shelf: Shelf, how: str) -> None:
    tree = kept(shelf, shop="1", a_b="2")
    folder = shelf.lay(tree)
    shelf.check(tree)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/shop.pyc").write_text("Python's own")
    shelf.check(tree)
    harm(shelf, tree, how)
    with pytest.raises(
        NoRelease, match="(changed|missing|laid into .*)\\. Build it anew: hanse build"
    ):
        shelf.check(tree)
    shelf.lay(tree)
    shelf.check(tree)


def flip(path: Path, at: int) -> None:
    """One bit, as a disk might."""
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    mode = path.stat().st_mode
    path.chmod(0o600)
    path.write_bytes(raw)
    path.chmod(mode)


def test_bytes_that_have_changed_are_kept_anew(shelf: Shelf) -> None:
    tree = kept(shelf, shop="1")
    shelf.lay(tree)
    flip(shelf.path_of(tree.files[0].digest), 0)  # and so what is laid down, which is the same file
    with pytest.raises(NoRelease, match="shop of .* was changed"):
        shelf.check(tree)
    with pytest.raises(NoRelease, match="shop: .* was changed where it lies"):
        shelf.lay(tree)
    assert kept(shelf, shop="1") == tree
    shelf.lay(tree)
    shelf.check(tree)


def test_what_is_told_of_a_release_is_what_was_put(shelf: Shelf) -> None:
    """No digest in its name covers that."""
    made = release(kept(shelf, shop="1"))
    shelf.put(made)
    path = shelf.releases / f"{made.digest}.json"
    flip(path, path.read_bytes().index(b"shop.v1.Shop"))
    with pytest.raises(NoRelease, match="was changed where it lies. Build it anew: hanse build"):
        shelf.get(made.digest)
    shelf.put(made)
    assert shelf.get(made.digest) == made


def write(shelf: Shelf, digest: str, written: Release) -> None:
    """As whoever has the folder may do."""
    raw = msgspec.json.encode(written)
    text = msgspec.json.encode({"sum": digest_of(raw), "release": msgspec.Raw(raw)})
    (shelf.releases / f"{digest}.json").write_bytes(text)


def test_a_release_that_is_another_one_is_refused(shelf: Shelf) -> None:
    made, other = release(kept(shelf, shop="1")), release(kept(shelf, shop="2"))
    write(shelf, made.digest, other)
    with pytest.raises(NoRelease, match="not what its name says"):
        shelf.get(made.digest)
    assert list(shelf.all()) == []


@pytest.mark.parametrize("path", ["../../../../etc/cron.d/x", "/etc/passwd", "a/../../x"])
def test_a_release_whose_paths_lead_out_is_refused(shelf: Shelf, path: str) -> None:
    content = b"harm"
    code = Tree((FileEntry(path, shelf.keep(content), len(content)),))
    hostile = release(code)
    write(shelf, hostile.digest, hostile)
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
