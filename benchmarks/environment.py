"""Makes `.venvs/bench`: the peers at their locked versions, and this clone of Hanse."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOME = ROOT / ".venvs" / "bench"
PYTHON = HOME / "bin" / "python"
LOCK = Path(__file__).parent / "requirements.lock"


class NotReadyError(Exception):
    """Something the benchmarks need is missing; the message says how to get it."""


def prepare() -> None:
    """Make the environment if it is missing or older than the lock file, and find wrk.

    Raises:
        NotReadyError: A tool or a package could not be had.
    """
    if sys.platform != "linux" or (os.cpu_count() or 1) < 2:
        raise NotReadyError("The benchmarks need Linux with two cores: server on one, load on one.")
    find_program(
        "wrk",
        package="wrk",
        elsewhere="Elsewhere: build https://github.com/wg/wrk and put it on the PATH.",
    )
    stamp = HOME / "made-from"
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("making .venvs/bench with the peers of benchmarks/requirements.lock (about a minute) …")
    _install()
    stamp.write_text(wanted)


def versions() -> dict[str, str]:
    """Installed version of every top-level name in peers.txt, and of Hanse."""
    names = [
        line.partition("==")[0].partition("[")[0].strip()
        for line in (Path(__file__).parent / "peers.txt").read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    ask = "import sys, importlib.metadata as m; print(*[m.version(n) for n in sys.argv[1:]])"
    answer = subprocess.run(
        [str(PYTHON), "-c", ask, *names], check=True, capture_output=True, text=True
    )
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return {"hanse": ours, **dict(zip(names, answer.stdout.split(), strict=True))}


def say(text: str) -> None:
    """Progress, on stderr, so that `--json` stays clean."""
    print(text, file=sys.stderr, flush=True)


def _install() -> None:
    uv = shutil.which("uv")
    if uv:
        _run([uv, "venv", "--clear", "--python", sys.executable, str(HOME)])
        install = [uv, "pip", "install", "--python", str(PYTHON)]
    else:
        _run([sys.executable, "-m", "venv", "--clear", str(HOME)])
        install = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    _run([*install, "--require-hashes", "-r", str(LOCK)])
    # A path file instead of an editable install: nothing is built, so nothing unpinned is fetched.
    packages = next((HOME / "lib").glob("python*/site-packages"))
    (packages / "hanse.pth").write_text(f"{ROOT / 'src'}\n")


def find_program(name: str, *, package: str, elsewhere: str = "") -> None:
    """Get a program of Debian's where it is missing and that is possible.

    Raises:
        NotReadyError: It could not be had.
    """
    if shutil.which(name):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"installing {name} with apt-get …")
        _run(["apt-get", "install", "--yes", package])
        return
    raise NotReadyError(
        f"{name} is missing. Debian, Ubuntu: sudo apt-get install {package}. {elsewhere}".strip()
    )


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, stdout=sys.stderr)
    if done.returncode != 0:
        raise NotReadyError(f"This failed, its own words stand above: {' '.join(command)}")
