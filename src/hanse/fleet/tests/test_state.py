"""The state folder: private, of one version, worked in by one at a time, and clear when it cannot be."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import absent
from hanse.fleet.state import StateError, StateFolder, write_whole

NOBODY = 65534
as_root = pytest.mark.root("needs root to mount or to give away")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def small_disk(folder: Path, size: str):
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)])
    if mounted.returncode:
        absent("the right to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path)


def test_everything_in_it_is_private_and_nothing_outside_is_touched(
    state: StateFolder, tmp_path: Path
):
    tmp_path.chmod(0o755)
    state.hanse.mkdir(mode=0o750)
    state.hanse.chmod(0o750)
    state.prepare()
    assert mode(state.folder) == 0o700
    assert {mode(each) for each in state.folder.iterdir() if each.is_dir()} == {0o700}
    assert (mode(tmp_path), mode(state.hanse)) == (0o755, 0o750)
    assert mode(state.version) == 0o600


def test_a_folder_left_open_is_closed_again(state: StateFolder):
    state.prepare()
    state.folder.chmod(0o777)
    state.prepare()
    assert mode(state.folder) == 0o700


def test_paths_are_short_for_who_works_in_the_project():
    assert str(StateFolder(Path()).gate("shop-1")) == ".hanse/up/hosts/shop-1.gate"


@pytest.mark.parametrize("written", ["4", "99", "one", "", "1.5"])
def test_a_newer_or_unknown_version_is_refused_and_left_alone(state: StateFolder, written: str):
    state.prepare()
    state.version.write_text(written)
    with pytest.raises(StateError, match=r"newer or an unknown Hanse.*mv .*up\.old"):
        state.prepare()
    assert state.version.read_text() == written


def test_an_older_version_is_refused_with_the_way_out(state: StateFolder):
    state.prepare()
    state.version.write_text("0\n")
    with pytest.raises(StateError, match="older Hanse.*hanse down first"):
        state.prepare()


def test_too_little_space_says_how_much(state: StateFolder):
    with pytest.raises(StateError, match=r"Only \d+ MB are free .*1048576000 MB are needed"):
        state.prepare(space=1048576000 * 1024**2)


def test_a_link_that_leads_outside_is_refused(state: StateFolder, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    outside.chmod(0o755)
    state.hanse.mkdir()
    state.folder.symlink_to(outside)
    with pytest.raises(StateError, match="is no folder"):
        state.prepare()
    assert mode(outside) == 0o755
    assert list(outside.iterdir()) == []


@as_root
def test_the_folder_of_somebody_else_is_refused():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        state = StateFolder(Path(folder))
        state.prepare()
        os.chown(state.hanse, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        try:
            with pytest.raises(StateError, match=f"belongs to user root.*sudo chown -R {NOBODY} "):
                state.prepare()
        finally:
            os.seteuid(0)


@as_root
def test_a_full_disk_is_one_clear_sentence(tmp_path: Path):
    with small_disk(tmp_path / "disk", "64k") as disk:
        state = StateFolder(disk)
        state.prepare(space=0)
        write_whole(state.directory, b"before")
        (disk / "filler").write_bytes(b"x" * (os.statvfs(disk).f_bavail * 4096))
        with pytest.raises(StateError, match="The disk is full: .*directory.json"):
            write_whole(state.directory, b"x" * 9000)
        assert state.directory.read_bytes() == b"before"
        assert [each.name for each in state.folder.iterdir() if each.name.startswith(".")] == []
        with state.lock():  # ending what runs must go on
            pass


@as_root
def test_where_nothing_may_be_written_it_says_so(tmp_path: Path):
    with small_disk(tmp_path / "disk", "64k") as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(StateError, match="cannot be written: Read-only file system"):
            StateFolder(disk).prepare(space=0)


HOLDS = """
import sys
from pathlib import Path
from hanse.fleet.state import StateFolder
with StateFolder(Path(sys.argv[1])).lock("hanse restart"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_is_told_who_is_at_work_and_a_killed_one_leaves_no_lock(state: StateFolder):
    state.prepare()
    command = [sys.executable, "-c", HOLDS, str(state.project)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(StateError, match=rf"hanse restart \(process {holder.pid}\)"),
            state.lock(),
        ):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with state.lock():
            pass


def test_a_child_does_not_inherit_the_lock(state: StateFolder):
    state.prepare()
    with state.lock():
        command = ["/bin/sh", "-c", "echo up; exec sleep 60"]
        child = subprocess.Popen(command, close_fds=False, stdout=subprocess.PIPE, text=True)
        assert child.stdout.readline() == "up\n"
    try:
        with state.lock():
            pass
    finally:
        child.kill()
        child.communicate()


def test_the_lock_is_free_again_after_the_block(state: StateFolder):
    state.prepare()
    with state.lock():
        pass
    with state.lock():
        pass


def test_a_region_has_what_is_its_own_in_its_folder_and_the_rest_where_all_have_it(
    state: StateFolder,
):
    state.prepare()
    region = state.of("r2")
    region.prepare()
    assert (region.folder, region.root) == (state.root / "regions" / "r2", state.root)
    for name in ("control_socket", "directory", "roster", "processes", "hosts", "logs", "nats"):
        assert getattr(region, name).is_relative_to(region.folder), name
        assert not getattr(state, name).is_relative_to(region.folder), name
    for name in ("postgres", "connections", "keys", "releases", "issuer", "certificates"):
        assert getattr(region, name) == getattr(state, name), name
    assert {mode(each) for each in region.folder.iterdir() if each.is_dir()} == {0o700}
