"""The directory's file: whole or not at all, and a revision that only grows with a change."""

import json
from pathlib import Path

from hanse.fleet.directory.files import DirectoryWriter
from hanse.runtime.placement.shares import Part

CART = {"cart.v1.Carts": ("unix:.hanse/up/hosts/shop-1.sock",)}


HALF = {"cart.v1.Carts": (Part(("unix:.hanse/up/hosts/shop-2.sock",), 0.5),)}


def writer(folder: Path) -> DirectoryWriter:
    return DirectoryWriter(folder / "directory.json", folder / "shares.json")


def test_a_change_counts_up_and_no_change_does_not(tmp_path: Path) -> None:
    file = writer(tmp_path)

    revisions = [file.write(CART), file.write(CART), file.write({}), file.write(CART)]

    assert revisions == [1, 1, 2, 3]
    assert json.loads((tmp_path / "directory.json").read_text())["services"] == {
        "cart.v1.Carts": list(*CART.values())
    }


def test_what_is_served_in_other_regions_is_a_change_like_any(tmp_path: Path) -> None:
    file, far = writer(tmp_path), {"cart.v1.Carts": ("https://127.0.0.1:7001",)}

    revisions = [file.write(CART), file.write(CART, far), file.write(CART, far), file.write(CART)]

    assert revisions == [1, 2, 2, 3]
    file.write({}, far)
    said = json.loads((tmp_path / "directory.json").read_text())
    assert (said["services"], said["elsewhere"]) == ({}, {"cart.v1.Carts": list(*far.values())})


def test_another_process_goes_on_counting_where_one_stopped(tmp_path: Path) -> None:
    writer(tmp_path).write(CART)

    assert writer(tmp_path).write({}) == 2


def test_what_cannot_be_read_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "directory.json").write_text('{"revision": "x"')

    assert writer(tmp_path).write(CART) == 1


def test_shares_are_given_anew_each_time_and_no_shares_once(tmp_path: Path) -> None:
    file = writer(tmp_path)

    revisions = [
        file.give({}, {}, 10.0),
        file.give({}, {}, 10.0),
        file.give(HALF, {"shop-2": 0.5}, 10.0),
        file.give(HALF, {"shop-2": 0.5}, 10.0),
        file.give({}, {"shop-2": 0.0}, 10.0),
        file.give({}, {"shop-2": 0.0}, 10.0),
        writer(tmp_path).give({}, {}, 10.0),
    ]

    assert revisions == [1, 1, 2, 3, 4, 4, 5]
