"""Control groups: where they can be made, and what is written into them.

The kernel's files are laid out in a folder here; where this machine gives us groups, a process is
put into a real one.
"""

import os
from pathlib import Path

import pytest

from hanse.fleet.engine.limits import cgroup
from hanse.fleet.engine.limits.cgroup import Cgroup, home_above, home_of_ours
from hanse.fleet.engine.process import Process
from hanse.fleet.engine.tests.test_process import shell
from hanse.fleet.state import StateFolder
from hanse.runtime.placement.host_limits import HostLimits


def group(folder: Path, passed_on: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cgroup.procs").touch()
    (folder / "cgroup.subtree_control").write_text(passed_on)
    return folder


@pytest.mark.parametrize(
    ("slice_", "top", "home"),
    [
        ("cpu memory pids", "cpu memory", "slice"),
        ("memory pids", "cpu memory", ""),
        ("memory pids", "", "slice"),
        ("pids", "", None),
    ],
)
def test_groups_are_made_below_the_nearest_one_that_passes_controllers_on(
    tmp_path: Path, slice_: str, top: str, home: str | None
) -> None:
    group(tmp_path, top)
    group(tmp_path / "slice", slice_)
    own = group(tmp_path / "slice/terminal")

    assert home_above(own, tmp_path) == (None if home is None else tmp_path / home)


def test_what_is_anothers_is_left_alone(tmp_path: Path) -> None:
    own = group(tmp_path / "slice", "memory")
    (own / "cgroup.procs").unlink()

    assert home_above(own, tmp_path) is None


def test_limits_are_written_and_a_kill_for_memory_is_known(tmp_path: Path) -> None:
    made = Cgroup(tmp_path / "hanse-x-shop-1")
    (tmp_path / "hanse-x-shop-1").mkdir()
    for name in ("memory.max", "memory.swap.max", "memory.oom.group", "cpu.max"):
        (tmp_path / "hanse-x-shop-1" / name).touch()
    # when
    made.enclose(os.getpid(), HostLimits(memory_bytes=100_000_000, cpu=1.5))
    # then
    assert {one.name: one.read_text() for one in (tmp_path / "hanse-x-shop-1").iterdir()} == {
        "memory.max": "150000000", "memory.swap.max": "0", "memory.oom.group": "1",
        "cpu.max": "150000 100000", "cgroup.procs": str(os.getpid()),
    }  # fmt: skip
    assert not made.overran()
    (tmp_path / "hanse-x-shop-1/memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert made.overran()


def test_where_our_groups_are_is_read_as_the_kernel_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount = group(tmp_path / "mount", "cpu memory")
    group(mount / "slice/terminal")
    (tmp_path / "cgroup").write_text("4:memory:/old\n0::/user/slice/terminal\n")
    (tmp_path / "mountinfo").write_text(
        f"29 23 0:26 / /sys/fs/other rw - cgroup cgroup rw,memory\n"
        f"30 23 0:27 /user {mount} rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"
    )
    monkeypatch.setattr(cgroup, "_PROC", tmp_path)
    home_of_ours.cache_clear()
    try:
        assert home_of_ours() == mount
        assert cgroup.limits_cpu()
        one, other = Cgroup.of(tmp_path / "a/shop-1.json"), Cgroup.of(tmp_path / "b/shop-1.json")
        assert one is not None and other is not None
        assert vars(one) != vars(other), "two fleets of one user share no group"
    finally:
        home_of_ours.cache_clear()


async def test_a_process_with_limits_runs_where_there_are_no_groups_too(state: StateFolder) -> None:
    limits = HostLimits(memory_bytes=64_000_000, cpu=0.5)
    process = Process.spawn(shell("cat /proc/self/cgroup; exit 3", limits=limits), state)

    assert await process.ended() == 3
    assert not process.overran
    is_enclosed = "-one" in state.log("one").read_text()
    assert is_enclosed == (home_of_ours() is not None)
