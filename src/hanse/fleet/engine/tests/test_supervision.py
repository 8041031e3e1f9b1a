"""One program is kept running: started or adopted, restarted with backoff, ended or left."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from hanse.fleet.engine.care import Care
from hanse.fleet.engine.process import Process
from hanse.fleet.engine.silence import Patience
from hanse.fleet.engine.supervision import UNUSED_GRACE_SECONDS, Supervision
from hanse.fleet.engine.tests.test_process import lives as is_there
from hanse.fleet.engine.tests.test_process import shell
from hanse.fleet.engine.tests.waiting import until
from hanse.fleet.state import StateFolder
from hanse.fleet.tests.test_state import as_root, small_disk
from hanse.kit.backoff import Backoff


def quick(**more) -> Care:
    return Care(backoff=Backoff(first=0.01, most=0.05), **more)


def touch(name: str) -> None:
    Path(name).touch()


async def answers() -> bool:
    return os.access("ready", os.F_OK)


async def within(work, seconds: float = 20.0):
    return await asyncio.wait_for(work, seconds)


async def test_it_is_ready_when_it_answers_and_not_before(state: StateFolder):
    stages: list[str] = []
    kept = Supervision(
        shell("echo up; exec sleep 600"),
        state,
        quick(probe=answers, changed=lambda one: stages.append(one.stage)),
    )
    kept.start()
    await until(lambda: state.log("one").exists() and state.log("one").read_text())
    assert stages == ["starting"]
    touch("ready")
    await within(kept.until("ready"))
    pid = kept.pid
    await within(kept.stop())
    assert stages == ["starting", "ready", "stopping", "ended"]
    assert not is_there(pid)
    assert kept.pid is None


async def test_the_moment_it_is_killed_it_is_out_and_then_comes_back(state: StateFolder):
    stages: list[str] = []
    kept = Supervision(
        shell("exec sleep 600"), state, quick(changed=lambda one: stages.append(one.stage))
    )
    kept.start()
    for round_ in range(20):
        await within(kept.until("ready"))
        pid = kept.pid
        os.kill(pid, signal.SIGKILL)
        await within(kept.until("backing off"))
        assert kept.exit_code == -signal.SIGKILL
        assert kept.restarts == kept.crashes == round_ + 1
    await within(kept.until("ready"))
    assert stages == ["starting", "ready", "backing off"] * 20 + ["starting", "ready"]
    await within(kept.stop())


async def test_a_crash_loop_waits_longer_each_time_and_keeps_the_last_words(state: StateFolder):
    waits: list[float] = []

    class Noted(Backoff):
        def next(self) -> float:
            waits.append(super().next())
            return waits[-1] / 100

    care = Care(backoff=Noted(chance=lambda: 0.0))
    kept = Supervision(shell("echo all is lost; echo no such port >&2; exit 4"), state, care)
    kept.start()
    await until(lambda: kept.crashes >= 9)
    await within(kept.stop())
    assert [round(each, 2) for each in waits[:9]] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    assert kept.last_words == ("all is lost", "no such port")
    assert kept.exit_code == 4


async def test_a_while_of_health_forgets_crashes(state: StateFolder):
    kept = Supervision(shell("exec sleep 600"), state, quick(patience=Patience(healthy=0.1)))
    kept.start()
    await within(kept.until("ready"))
    os.kill(kept.pid, signal.SIGKILL)
    await within(kept.until("backing off"))
    assert kept.crashes == 1
    await until(lambda: kept.crashes == 0)
    assert kept.restarts == 1
    await within(kept.stop())


async def test_what_never_gets_ready_is_killed_and_tried_again(state: StateFolder):
    care = quick(probe=answers, patience=Patience(start=0.1))
    kept = Supervision(shell("exec sleep 600"), state, care)
    kept.start()
    await until(lambda: kept.crashes >= 2)
    touch("ready")
    await within(kept.until("ready"))
    await within(kept.stop())


async def test_what_was_never_ready_is_not_waited_for(state: StateFolder):
    kept = Supervision(
        shell("trap : TERM; echo up; while :; do sleep 1; done", grace=600.0),
        state,
        quick(probe=answers),
    )
    kept.start()
    await until(lambda: state.log("one").exists() and state.log("one").read_text())
    pid = kept.pid
    await within(kept.stop())
    assert not is_there(pid)


async def test_what_was_adopted_has_all_of_its_time_though_it_does_not_answer(state: StateFolder):
    seconds = UNUSED_GRACE_SECONDS + 0.5
    program = shell(
        f"trap 'sleep {seconds}; echo finished; exit' TERM; echo up; while :; do sleep 0.1; done",
        grace=600.0,
    )
    old = Process.spawn(program, state)
    await until(lambda: state.log("one").exists() and state.log("one").read_text())
    kept = Supervision(program, state, quick(probe=answers))
    kept.start()
    await until(lambda: kept.adopted)
    await within(kept.stop())
    assert state.log("one").read_text().split() == ["up", "finished"]
    await old.ended()


async def test_what_says_that_it_is_on_its_way_is_given_time(state: StateFolder):
    asked: list[int] = []

    async def lives() -> bool:
        asked.append(1)
        return True

    care = quick(probe=answers, lives=lives, patience=Patience(start=0.01))
    kept = Supervision(shell("exec sleep 600"), state, care)
    kept.start()
    await until(lambda: len(asked) >= 3)
    touch("ready")
    await within(kept.until("ready", "backing off"))
    assert (kept.stage, kept.crashes) == ("ready", 0)
    await within(kept.stop())


async def test_what_says_nothing_for_long_is_killed_and_started_again(state: StateFolder):
    said = asyncio.Event()

    async def lives() -> bool:
        if not said.is_set():
            raise ConnectionRefusedError
        return True

    said.set()
    care = quick(lives=lives, patience=Patience(silent=0.05))
    kept = Supervision(shell("exec sleep 600"), state, care)
    kept.start()
    await within(kept.until("ready"))
    pid = kept.pid
    os.kill(pid, signal.SIGSTOP)  # no polite signal ends it now
    said.clear()
    await within(kept.until("backing off"))
    assert not is_there(pid)
    assert (kept.crashes, kept.exit_code) == (1, -signal.SIGKILL)
    assert kept.silence.lasted >= 0.05
    said.set()
    await within(kept.until("ready"))
    assert kept.silence.since is None
    await within(kept.stop())


async def test_a_question_or_two_in_vain_end_nothing(state: StateFolder):
    asked: list[int] = []

    async def lives() -> bool:
        asked.append(1)
        return len(asked) % 3 == 0  # two in vain, then an answer

    kept = Supervision(
        shell("exec sleep 600"), state, quick(lives=lives, patience=Patience(silent=0.001))
    )
    kept.start()
    await until(lambda: len(asked) >= 12)
    assert (kept.stage, kept.crashes, kept.silence.killed_at) == ("ready", 0, None)
    await within(kept.stop())


async def test_a_probe_that_fails_or_hangs_means_not_yet(state: StateFolder):
    asked: list[int] = []

    async def probe() -> bool:
        asked.append(1)
        if len(asked) == 1:
            raise ConnectionRefusedError
        if len(asked) == 2:
            await asyncio.Event().wait()
        return True

    kept = Supervision(shell("exec sleep 600"), state, quick(probe=probe))
    kept.start()
    await within(kept.until("ready"))
    assert (len(asked), kept.crashes) == (3, 0)
    await within(kept.stop())


async def test_what_was_left_is_adopted_by_the_next_and_not_started_anew(state: StateFolder):
    first = Supervision(shell("exec sleep 600"), state, quick())
    first.start()
    await within(first.until("ready"))
    pid = first.pid
    await within(first.leave())
    assert is_there(pid)
    second = Supervision(shell("exec sleep 600"), state, quick())
    second.start()
    await within(second.until("ready"))
    assert (second.pid, second.adopted) == (pid, True)
    os.kill(pid, signal.SIGKILL)
    await within(second.until("backing off"))
    await within(second.until("ready"))
    assert not second.adopted
    await within(second.stop())


async def test_what_runs_another_program_is_ended_and_replaced(state: StateFolder):
    old = Process.spawn(shell("exec sleep 600"), state)
    kept = Supervision(shell("exec sleep 601"), state, quick())
    kept.start()
    await within(kept.until("ready"))
    assert not is_there(old.pid)
    assert not kept.adopted
    await old.ended()
    await within(kept.stop())


async def test_a_restart_is_no_crash_and_waits_for_nothing(state: StateFolder):
    kept = Supervision(shell("exec sleep 600"), state, Care(backoff=Backoff(first=600, most=600)))
    kept.start()
    await within(kept.until("ready"))
    pid = kept.pid
    kept.program = shell("exec sleep 601")
    await within(kept.restart())
    await within(kept.until("ready"))
    assert kept.pid != pid
    assert (kept.crashes, kept.restarts) == (0, 0)
    assert state.record("one").read_bytes().count(kept.program.fingerprint().encode()) == 1
    await within(kept.stop())


async def test_waiting_can_be_cut_short(state: StateFolder):
    kept = Supervision(
        shell("test -e mended && exec sleep 600"), state, Care(backoff=Backoff(first=600, most=600))
    )
    kept.start()
    await within(kept.until("backing off"))
    touch("mended")
    kept.retry()
    await within(kept.until("ready"))
    await within(kept.stop())


async def test_what_cannot_be_prepared_is_tried_again_and_says_why(state: StateFolder):
    tries: list[int] = []

    async def prepare() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("no room for a database")

    kept = Supervision(shell("exec sleep 600"), state, quick(prepare=prepare))
    kept.start()
    await within(kept.until("backing off"))
    assert kept.last_words == ("no room for a database",)
    await within(kept.until("ready"))
    assert len(tries) == 3
    await within(kept.stop())


async def test_it_can_be_stopped_while_it_waits_or_starts(state: StateFolder):
    for care in (Care(backoff=Backoff(first=600, most=600)), quick(probe=answers)):
        kept = Supervision(shell("test -e 1 && exec sleep 600; touch 1; exit 1"), state, care)
        kept.start()
        await within(kept.until("backing off", "starting"))
        await within(kept.stop())
        assert kept.stage == "ended"
        assert not state.record("one").exists()


@as_root
async def test_on_a_full_disk_what_runs_goes_on_and_what_waits_says_why(
    tmp_path: Path, monkeypatch
):
    with small_disk(tmp_path / "disk", "256k") as disk:
        state = StateFolder(disk)
        state.prepare(space=0)
        runs = Supervision(shell("while :; do echo more; sleep 0.01; done", "runs"), state, quick())
        runs.start()
        await within(runs.until("ready"))
        fill(disk / "filler")
        waits = Supervision(shell("exec sleep 600", "waits"), state, quick())
        waits.start()
        await within(waits.until("backing off"))
        assert "The disk is full: " in waits.last_words[0]
        assert (runs.stage, runs.crashes) == ("ready", 0)
        remove(disk / "filler")
        await within(waits.until("ready"))
        await within(waits.stop())
        await within(runs.stop())


def remove(path: Path) -> None:
    path.unlink()


def fill(path: Path) -> None:
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(b"x" * 512):
            pass
