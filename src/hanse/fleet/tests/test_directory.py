"""The directory's file: whole or not at all, and a revision that only grows with a change."""

import json
from pathlib import Path

from hanse.fleet.directory import DirectoryWriter

CART = {"cart.v1.Carts": ("unix:.hanse/up/hosts/shop-1.sock",)}


def test_a_change_counts_up_and_no_change_does_not(tmp_path: Path) -> None:
    file = DirectoryWriter(tmp_path / "directory.json")

    revisions = [file.write(CART), file.write(CART), file.write({}), file.write(CART)]

    assert revisions == [1, 1, 2, 3]
    assert json.loads((tmp_path / "directory.json").read_text())["services"] == {
        "cart.v1.Carts": list(*CART.values())
    }


def test_another_process_goes_on_counting_where_one_stopped(tmp_path: Path) -> None:
    DirectoryWriter(tmp_path / "directory.json").write(CART)

    assert DirectoryWriter(tmp_path / "directory.json").write({}) == 2


def test_what_cannot_be_read_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "directory.json").write_text('{"revision": "x"')

    assert DirectoryWriter(tmp_path / "directory.json").write(CART) == 1
