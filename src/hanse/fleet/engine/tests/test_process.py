"""Processes outlive their starter, are found again by who they are, and end with all they began."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

from hanse.fleet.engine.log_file import last_lines, trim_log
from hanse.fleet.engine.process import Process, Record, read_record
from hanse.fleet.engine.process_table import start_of
from hanse.fleet.engine.program import Program, surroundings
from hanse.fleet.engine.tests.waiting import until
from hanse.fleet.state import StateError, StateFolder

SHELL = {"PATH": "/usr/bin:/bin"}


def shell(script: str, name: str = "one", **more) -> Program:
    return Program(name=name, command=("/bin/sh", "-c", script), environment=SHELL, **more)


def begin(command: list[str]) -> subprocess.Popen:
    return subprocess.Popen(command, start_new_session=True)


def read(path: str) -> str:
    return Path(path).read_text()


def lives(pid: int) -> bool:
    return start_of(pid) is not None


async def test_it_runs_apart_from_its_starter_and_says_how_it_ended(state: StateFolder):
    process = Process.spawn(
        shell("echo out; echo err >&2; umask; ls -l /proc/self/fd | wc -l; env; exit 3"), state
    )
    assert os.getsid(process.pid) == process.pid != os.getsid(0)
    assert await process.ended() == 3
    log = state.log("one").read_text().splitlines()
    assert log[:3] == ["out", "err", "0077"]
    assert int(log[3]) == 5  # a headline, in, out, err, and the folder that is listed
    assert {each.partition("=")[0] for each in log[4:]} <= {"PATH", "PWD", "SHLVL", "_", "OLDPWD"}
    assert state.log("one").stat().st_mode & 0o777 == 0o600
    assert not state.record("one").exists()


async def test_descriptors_of_the_starter_stay_with_it(state: StateFolder, tmp_path: Path):
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        process = Process.spawn(shell("ls -l /proc/self/fd"), state)
        await process.ended()
    assert "secret" not in state.log("one").read_text()


async def test_it_outlives_a_starter_that_is_killed_and_is_adopted(state: StateFolder):
    program = shell("exec sleep 600")
    starter = begin(starting(program, "StateFolder"))
    await until(lambda: state.record("one").exists())
    starter.kill()
    starter.wait()
    process = Process.adopt("one", state)
    assert process is not None
    assert process.adopted
    assert process.runs(program)
    assert not process.runs(shell("exec sleep 601"))
    assert await process.terminate(5.0) is None
    assert not lives(process.pid)
    assert not state.record("one").exists()


STARTS = """
import asyncio, os, signal, sys
from pathlib import Path
import msgspec
from hanse.fleet.engine.process import Process
from hanse.fleet.engine.program import Program
from hanse.fleet.state import StateFolder

class DiesBeforeItsRecord(StateFolder):
    def record(self, process):
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    program = msgspec.json.decode(sys.argv[2], type=Program)
    Process.spawn(program, globals()[sys.argv[1]](Path()))
    await asyncio.Event().wait()
asyncio.run(main())
"""


def starting(program: Program, state: str) -> list[str]:
    return [sys.executable, "-c", STARTS, state, msgspec.json.encode(program).decode()]


async def test_a_starter_killed_before_the_record_is_written_leaves_no_orphan(
    state: StateFolder, tmp_path: Path
):
    program = shell("echo ran; exec sleep 600")
    assert begin(starting(program, "DiesBeforeItsRecord")).wait(30) == -signal.SIGKILL
    assert state.log("one").exists()  # it came as far as to begin

    def runs_here() -> bool:
        return any(
            _cwd(each) == tmp_path and each.pid != os.getpid() for each in psutil.process_iter()
        )

    await until(lambda: not runs_here())
    assert state.log("one").read_text() == ""
    assert Process.adopt("one", state) is None


def _cwd(process: psutil.Process) -> Path | None:
    try:
        return Path(process.cwd()) if process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.Error, OSError):
        return None


async def test_a_number_that_was_given_to_another_is_never_touched(state: StateFolder):
    stranger = begin(["/bin/sleep", "600"])
    boot, _, ticks = (start_of(stranger.pid) or "").partition(":")
    earlier = Record("one", stranger.pid, f"{boot}:{int(ticks) - 1}", "")
    state.record("one").write_bytes(msgspec.json.encode(earlier))
    assert Process.adopt("one", state) is None
    assert not state.record("one").exists()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


async def test_a_record_of_another_boot_is_nobodys(state: StateFolder):
    process = Process.spawn(shell("exec sleep 600"), state)
    boot = read("/proc/sys/kernel/random/boot_id").strip()
    before = process.record.start.replace(boot, "00000000-0000-0000-0000-000000000000")
    other = msgspec.structs.replace(process.record, start=before)
    state.record("one").write_bytes(msgspec.json.encode(other))
    assert Process.adopt("one", state) is None
    process.kill()
    assert await process.ended() == -signal.SIGKILL


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"name":1}'])
async def test_a_damaged_record_is_no_record(state: StateFolder, damage: bytes):
    state.record("one").write_bytes(damage)
    assert Process.adopt("one", state) is None


async def test_an_adopted_one_that_dies_is_noticed(state: StateFolder):
    process = Process.spawn(shell("exec sleep 600"), state)
    again = Process.adopt("one", state)
    assert again is not None
    os.kill(process.pid, signal.SIGKILL)
    assert await asyncio.wait_for(again.ended(), 5) is None
    assert await process.ended() == -signal.SIGKILL


async def test_what_it_began_ends_with_it(state: StateFolder):
    process = Process.spawn(shell("sleep 600 & echo $!; exec sleep 600"), state)
    await until(lambda: state.log("one").read_text())
    child = int(state.log("one").read_text())
    os.kill(process.pid, signal.SIGKILL)
    await process.ended()
    await until(lambda: not lives(child))


async def test_one_that_will_not_end_is_killed_with_its_children(state: StateFolder):
    script = "trap '' TERM; sleep 600 & echo $!; while :; do sleep 600; done"
    process = Process.spawn(shell(script), state)
    await until(lambda: state.log("one").read_text())
    child = int(state.log("one").read_text())
    assert await process.terminate(0.2) == -signal.SIGKILL
    await until(lambda: not lives(child))


async def test_it_ends_by_itself_within_its_grace(state: StateFolder):
    process = Process.spawn(
        shell("trap 'exit 7' TERM; echo up; while :; do sleep 0.05; done"), state
    )
    await until(lambda: state.log("one").read_text())
    assert await process.terminate(10.0) == 7


async def test_where_the_kernel_has_no_descriptor_of_processes_it_looks(
    state: StateFolder, monkeypatch
):
    monkeypatch.delattr(os, "pidfd_open")
    process = Process.spawn(shell("exec sleep 600"), state)
    again = Process.adopt("one", state)
    assert again is not None
    assert await process.terminate(5.0) == -signal.SIGTERM
    assert await again.ended() is None


async def test_a_program_that_is_not_there_ends_at_once_and_its_log_says_why(state: StateFolder):
    process = Process.spawn(Program(name="one", command=("/not/there",)), state)
    assert await process.ended() == 127
    assert "/not/there" in last_lines(state.log("one"), 1)[0]


async def test_a_log_that_cannot_be_written_runs_nothing(state: StateFolder):
    state.log("one").mkdir()
    with pytest.raises(StateError, match="one.log cannot be used: Is a directory"):
        Process.spawn(shell("exec sleep 600"), state)
    assert read_record(state.record("one")) is None


async def test_a_record_that_cannot_be_written_runs_nothing(state: StateFolder, tmp_path: Path):
    state.record("one").mkdir()
    with pytest.raises(StateError):
        Process.spawn(shell("echo ran; exec sleep 600"), state)
    assert state.log("one").read_text() == ""


def test_a_log_is_kept_within_its_bound(state: StateFolder):
    path = state.log("one")
    path.write_text("".join(f"line {number}\n" for number in range(1000)))
    trim_log(path, most=100)
    assert path.read_text() == ""
    kept = path.with_name("one.log.1")
    assert kept.read_text().endswith("line 998\nline 999\n")
    assert kept.stat().st_size == 100
    assert kept.stat().st_mode & 0o777 == 0o600


def test_the_last_lines_are_only_of_this_life(state: StateFolder):
    path = state.log("one")
    path.write_text("old\n")
    since = path.stat().st_size
    with path.open("a") as log:
        log.write("new 1\nnew 2\nnew 3\n")
    assert last_lines(path, 2, since) == ("new 2", "new 3")
    assert last_lines(path, 9, since) == ("new 1", "new 2", "new 3")
    assert last_lines(state.log("none"), 9) == ()


def test_only_what_is_needed_is_passed_on():
    given = {"PATH": "/bin", "HANSE_SHOP__KEY": "k", "AWS_SECRET": "s", "LD_PRELOAD": "x"}
    assert surroundings(given, HOME="/h") == {"PATH": "/bin", "HANSE_SHOP__KEY": "k", "HOME": "/h"}
