"""A start that takes long is ended, left alone by whoever waited, or goes on after control has died."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.end_to_end.fleet import Fleet, fleet, until
from tests.end_to_end.terminal import HANSE, Terminal, clean_environment, edit, hanse

CTRL_C = "\x03"
BEFORE_IT_ANSWERS = """class Echo(Service):
    \"\"\"Says what it is told.\"\"\"

    async def __aenter__(self):
        import asyncio
        import pathlib

        while not pathlib.Path("go").exists():
            await asyncio.sleep(0.05)
        return self

    async def __aexit__(self, *_):
        pass
"""


@pytest.fixture
def slow(tmp_path: Path):
    """A project whose service answers once there is a file `go`, and hears of nothing before."""
    with fleet(tmp_path) as made:
        old = 'class Echo(Service):\n    """Says what it is told."""\n'
        edit(made.folder / "echo/service.py", old, BEFORE_IT_ANSWERS)
        yield made


def test_down_ends_a_start_that_takes_long_and_up_is_told(slow: Fleet) -> None:
    with Terminal("up", folder=slow.folder) as up:
        _starts(slow)
        assert slow.hanse("down") == {"stopped": True}
        assert up.end() == 1
        assert "It was ended meanwhile by hanse down. Begin again: hanse up" in up.shown
    assert slow.running() == []
    assert _waited_for(slow) == []


def test_down_ends_a_change_that_takes_long_with_all_that_runs(slow: Fleet) -> None:
    slow.write("go", "")
    slow.up()
    (slow.folder / "go").unlink()
    restart = _begin(slow, "restart")
    until(lambda: slow.processes("host").keys() > {"shop-1"}, "a new host starts")
    assert slow.hanse("down") == {"stopped": True}

    said = restart.communicate(timeout=60)[1].decode()
    assert restart.returncode == 1
    assert "ended meanwhile" in said
    assert slow.running() == []
    assert _waited_for(slow) == []


def test_a_second_down_only_waits_for_the_first(slow: Fleet) -> None:
    up = _begin(slow, "up")
    _starts(slow)
    downs = [_begin(slow, "down"), _begin(slow, "down")]
    for down in downs:
        said = down.communicate(timeout=60)
        assert down.returncode == 0, said
    up.communicate(timeout=60)
    assert slow.running() == []


def test_ctrl_c_leaves_the_start_alone_and_says_so(slow: Fleet) -> None:
    with Terminal("up", folder=slow.folder) as up:
        _starts(slow)
        up.press(CTRL_C)
        assert up.end() == 130
        assert "goes on in the background. How far it is: hanse status" in up.shown
        assert "hanse down" in up.shown
        assert "Aborted" not in up.shown
        assert "Traceback" not in up.shown
    assert slow.status()["changing"] == "starting"

    slow.write("go", "")
    until(lambda: not slow.status()["changing"], "it has started")
    slow.url = slow.status()["url"]
    assert slow.get("/relay/v1/numbers/3") == 3


def test_a_start_goes_on_after_its_control_has_died(slow: Fleet) -> None:
    up = _begin(slow, "up")
    _starts(slow)
    control = slow.status()["pid"]
    os.kill(control, signal.SIGKILL)
    until(lambda: _control(slow) not in {0, control}, "control is back")
    slow.write("go", "")

    said = up.communicate(timeout=60)
    assert up.returncode == 0, said
    slow.url = slow.status()["url"]
    assert slow.get("/relay/v1/numbers/4") == 4


@pytest.mark.parametrize(
    "end", [pytest.param(signal.SIGTERM, marks=pytest.mark.long), signal.SIGKILL]
)
def test_a_change_that_control_left_behind_is_brought_to_its_end(slow: Fleet, end: int) -> None:
    """Else its next one would keep the old hosts and the new ones, for good."""
    slow.write("go", "")
    slow.up()
    (slow.folder / "go").unlink()
    restart = _begin(slow, "restart")
    until(lambda: len(slow.processes("host")) == 2, "a new host starts beside the old one")
    control = slow.status()["pid"]
    os.kill(control, end)
    until(lambda: _control(slow) not in {0, control}, "control is back")
    slow.write("go", "")
    restart.communicate(timeout=60)

    until(lambda: not slow.status()["changing"], "the change has ended")
    (host,) = slow.processes("host").values()
    assert host["state"] == "ready"
    slow.url = slow.status()["url"]
    assert slow.get("/relay/v1/numbers/5") == 5


def _waited_for(made: Fleet) -> list[str]:
    """What control says where it waits a minute for a start, or half of one for an end."""
    log = (made.folder / ".hanse/up/logs/control.log").read_text()
    return [words for words in ("does not get ready", "does not end within 3") if words in log]


def _starts(made: Fleet) -> None:
    """Waits until its host runs, and is not ready."""

    def starting() -> bool:
        with suppress(AssertionError, KeyError):
            return made.processes()["shop-1"]["pid"] > 0
        return False

    until(starting, "its process runs")


def _control(made: Fleet) -> int:
    """The control process; 0 while none answers."""
    done = hanse("status", "--json", folder=made.folder)
    return made.status()["pid"] if done.returncode == 0 else 0


def _begin(made: Fleet, verb: str) -> subprocess.Popen[bytes]:
    """A command that is not waited for."""
    return subprocess.Popen(
        (*HANSE, verb, "--json"),
        cwd=made.folder,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
