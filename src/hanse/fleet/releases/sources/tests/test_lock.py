"""A lock says one version of each package; services that share a process share theirs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from hanse.fleet.releases.sources.lock import (
    Lock,
    LockError,
    Pin,
    installed_lock,
    joined,
    read_lock,
)

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


def lock(**versions: str) -> Lock:
    return Lock(tuple(Pin(name, version, "", (ONE,)) for name, version in versions.items()))


def test_a_lock_is_read_as_pip_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "requirements.lock"
    file.write_text(
        "# made by pip-compile\n"
        f"Msg_Spec==0.20.0 \\\n    --hash={TWO} \\\n    --hash={ONE}\n    # via shop\n"
        f"tzdata==2026.1 ; sys_platform == 'win32' --hash={ONE}\n"
    )
    found = read_lock(file)
    assert found.pins == (
        Pin("msg-spec", "0.20.0", "", (ONE, TWO)),
        Pin("tzdata", "2026.1", 'sys_platform == "win32"', (ONE,)),
    )
    again = tmp_path / "again.lock"
    again.write_text(found.text())
    assert read_lock(again) == found


@pytest.mark.parametrize(
    "line",
    [
        "msgspec",
        "msgspec>=1",
        f"msgspec==1.* --hash={ONE}",
        "msgspec==1.0",
        f"msgspec @ https://x.example/a.whl --hash={ONE}",
        "-e .",
        "--index-url https://x.example",
        "!!",
    ],
)
def test_what_is_no_package_in_one_version_is_refused_with_its_line(
    tmp_path: Path, line: str
) -> None:
    file = tmp_path / "requirements.lock"
    file.write_text(f"# first\n{line}\n")
    with pytest.raises(LockError, match=f"{re.escape(str(file))}:2: .*generate-hashes"):
        read_lock(file)


def test_locks_of_one_version_each_are_one(tmp_path: Path) -> None:
    both = joined({"a": lock(x="1", y="2"), "b": lock(y="2", z="3")})
    assert [(pin.name, pin.version) for pin in both.pins] == [("x", "1"), ("y", "2"), ("z", "3")]


def test_two_versions_are_refused_with_both_and_who_wants_them() -> None:
    with pytest.raises(LockError) as caught:
        joined(
            {
                "cart.v1.Cart": lock(x="1", y="2"),
                "shop.v1.Shop": lock(x="2"),
                "ad.v1.Ads": lock(x="1"),
            }
        )
    assert caught.value.problems == (
        "x is wanted in 2 versions: 1 for ad.v1.Ads and cart.v1.Cart, 2 for shop.v1.Shop.",
    )


def test_versions_for_other_machines_do_not_clash_and_those_for_this_one_do() -> None:
    """One asks for it everywhere, the other under a condition that holds here."""
    here, elsewhere = "python_version >= '3'", "python_version < '3'"
    plain, other = Lock((Pin("x", "1"),)), Lock((Pin("x", "2", here), Pin("x", "3", elsewhere)))
    with pytest.raises(LockError, match=r"x is wanted in 2 versions: 1 for a, 2 for b\."):
        joined({"a": plain, "b": other})
    assert joined({"a": plain, "b": Lock((Pin("x", "3", elsewhere),))}).pins[0].version == "1"


def test_without_a_lock_it_is_what_is_installed_and_nothing_is_to_be() -> None:
    found = installed_lock()
    assert {"msgspec", "uvloop"} <= {pin.name for pin in found.pins}
    assert "hanse" not in {pin.name for pin in found.pins}
    assert found.text() == ""
