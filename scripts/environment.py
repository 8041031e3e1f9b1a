"""Makes or mends .venv from a lock file; run by ./hanse with any Python, stdlib only."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

PROGRESS_SECONDS = 5.0
"""A step that takes longer than this says how far it is; on a terminal, in one line, far sooner."""

TERMINAL_SECONDS = 0.5

LOCKS = {"run": "requirements-run.lock", "full": "requirements.lock"}
"""What is installed at each level; the second is a superset of the first, pin by pin."""

FETCHED_MEGABYTES = {"run": 125, "full": 300}
"""What making an environment costs at most, said before it begins; a test holds the first."""

# pip: "  Downloading name-1.0-py3-none-any.whl (1.5 MB)"; uv: "Downloading name (1.4MiB)".
DOWNLOAD = re.compile(r"^ *Downloading (\S+) \(([\d.]+) ?([kKMG])i?B\)", re.MULTILINE)
ARRIVED = re.compile(r"^ Downloaded (\S+)", re.MULTILINE)  # only uv says so
UNPACKING = re.compile(r"^(Installing collected packages|Prepared \d+ packages)", re.MULTILINE)
MEGABYTES = {"k": 1e-3, "K": 1e-3, "M": 1.0, "G": 1e3}

LOG_LINES_SHOWN = 15


@dataclass(frozen=True)
class Order:
    """What ./hanse found out: where, with which Python, by which installer, from what state."""

    root: Path
    python: Path
    uv: str
    asked_python: str
    level: str
    state: str

    @property
    def environment(self) -> Path:
        return self.root / ".venv"

    @property
    def environment_python(self) -> Path:
        return self.environment / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.environment / "hanse-stamp"

    def stamp_text(self, level: str) -> str:
        return f"{self.asked_python}\n{level}\n{self.state}\n"

    @property
    def lock_file(self) -> Path:
        return self.root / LOCKS[self.level]

    @property
    def notes(self) -> Path:
        """The folder for what outlives a removed .venv: lock, log, and the half-made mark."""
        return self.root / ".hanse"

    @property
    def half_made(self) -> Path:
        return self.notes / "environment.half-made"


def say(text: str) -> None:
    print(f"hanse: {text}", file=sys.stderr, flush=True)


@contextmanager
def one_at_a_time(order: Order) -> Generator[int, None, None]:
    """Hold the clone's lock, yielding its descriptor.

    The kernel drops it with the last process that has it open, so no crash leaves it behind.
    """
    order.notes.mkdir(exist_ok=True)
    with (order.notes / "environment.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another ./hanse is making the environment; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def is_ready(order: Order) -> bool:
    """Ask again what ./hanse asked, now that the lock is held: another run may have been first."""
    programs = (order.environment_python, order.environment_python.with_name("hanse"))
    if not all(program.exists() for program in programs):
        return False
    return made_for(order, order.level) or made_for(order, "full")


def made_for(order: Order, level: str) -> bool:
    """Tell whether the stamp says that .venv was made from this very state, for this level."""
    return order.stamp.is_file() and order.stamp.read_text() == order.stamp_text(level)


def is_reusable(order: Order) -> bool:
    """Tell whether .venv can be mended in place: whole, a Python that fits, and an installer."""
    if order.half_made.exists() or not order.environment_python.exists():
        return False
    probe = (
        "import sys; assert (3, 11) <= sys.version_info[:2] <= (3, 14); "
        "print(sys._base_executable)" + ("" if order.uv else "; import pip")
    )
    answer = subprocess.run(
        [order.environment_python, "-I", "-c", probe], capture_output=True, text=True, check=False
    )
    its_python = Path(answer.stdout.strip()).resolve()
    same_python = not order.asked_python or its_python == order.python.resolve()
    return answer.returncode == 0 and same_python


def remove_environment(order: Order) -> None:
    if order.environment.is_symlink():
        order.environment.unlink()
    elif order.environment.exists():
        shutil.rmtree(order.environment)


def creation_command(order: Order) -> list[str]:
    if order.uv:
        return [order.uv, "venv", "--python", str(order.python), str(order.environment)]
    return [str(order.python), "-I", "-m", "venv", str(order.environment)]


def install_command(order: Order, *arguments: str) -> list[str]:
    python = str(order.environment_python)
    if order.uv:
        return [order.uv, "pip", "install", "--python", python, *arguments]
    quiet = ["--disable-pip-version-check", "--no-input"]
    return [python, "-I", "-m", "pip", "install", *quiet, *arguments]


def lock_command(order: Order) -> list[str]:
    """Wheels only: a source build would fetch build tools that no lock pins."""
    hashes = ["--require-hashes", "--only-binary", ":all:"]
    # pip compiles by itself. Who runs hosts as somebody else cannot write beside the sources, and
    # where Python is told to write nothing, each of the suite's many processes compiled anew.
    compiled = ["--compile-bytecode"] if order.uv else []
    return install_command(order, *hashes, *compiled, "-r", str(order.lock_file))


def project_command(order: Order) -> list[str]:
    """The build backend is in the lock, so nothing is fetched here."""
    pinned = ["--no-deps", "--no-build-isolation"]
    return install_command(order, *pinned, "-e", str(order.root))


def compile_command(order: Order) -> list[str]:
    """Compile what lies beside the sources, which hosts that run as somebody else cannot do."""
    python, source = str(order.environment_python), str(order.root / "src" / "hanse")
    unused = rf"{re.escape(source)}/.*(tests|templates)/"
    return [python, "-I", "-m", "compileall", "-q", "-x", unused, source]


def locked_packages(order: Order) -> int:
    lines = order.lock_file.read_text().splitlines()
    return sum("==" in line and not line.startswith((" ", "#")) for line in lines)


def progress(log: Path, *, total: int) -> str:
    """Say how far the installer is by its log; the other steps are short and do not count."""
    text = log.read_text(errors="replace")
    if UNPACKING.search(text):
        return f"unpacking {total} packages"
    sizes = {name: float(size) * MEGABYTES[unit] for name, size, unit in DOWNLOAD.findall(text)}
    arrived = ARRIVED.findall(text)
    if arrived:
        here = sum(sizes.get(name, 0.0) for name in arrived)
        return f"{here:.0f} of {sum(sizes.values()):.0f} MB"
    count = sum(line.startswith("Collecting ") for line in text.splitlines())
    return f"{count} of {total} packages, {sum(sizes.values()):.0f} MB" if count else "at it"


def run_step(order: Order, title: str, command: list[str], *, held_lock: int) -> None:
    """Run one command with its output in the log; leave with a sentence if it fails."""
    log = order.notes / "environment.log"
    started = time.monotonic()
    say(f"{title} …")
    with log.open("w") as output:
        # The child keeps the lock open, so an orphan of a killed ./hanse is still waited for,
        # and has a group of its own, so that what it started ends with it.
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=order.root,
            pass_fds=[held_lock],
            process_group=0,
        )
        try:
            watch(child, lambda: progress(log, total=locked_packages(order)))
        finally:
            end(child)
    seconds = time.monotonic() - started
    if child.returncode != 0:
        last = log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        print("\n".join(last), file=sys.stderr)
        say(f"{title} failed after {seconds:.1f} s; mend what the lines above name (whole log:")
        say(f"{log}) and run ./hanse again, it starts over by itself")
        sys.exit(1)
    say(f"{title}: done in {seconds:.1f} s")


def end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGTERM)
        child.wait()


def watch(child: subprocess.Popen[bytes], state: Callable[[], str]) -> None:
    """Wait for the child, saying now and then that it lives."""
    in_place = sys.stderr.isatty()
    while True:
        try:
            child.wait(timeout=TERMINAL_SECONDS if in_place else PROGRESS_SECONDS)
        except subprocess.TimeoutExpired:
            if in_place:
                print(f"\r\033[Khanse:   … {state()}", end="", file=sys.stderr, flush=True)
            else:
                say(f"  … {state()}")
        else:
            break
    if in_place:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def make(order: Order, *, held_lock: int) -> None:
    """Bring .venv to the asked level.

    From run to full packages are only added, so what runs out of it meanwhile is not disturbed:
    the stamp stays until there is a new one, and the clone is not installed again.
    """
    reusable = is_reusable(order)
    widened = reusable and made_for(order, "run")
    if not widened:
        order.stamp.unlink(missing_ok=True)
    order.half_made.touch()
    if not reusable:
        remove_environment(order)
        say(f"making .venv, once: about {FETCHED_MEGABYTES[order.level]} MB to fetch at most")
        title = f"making it with {order.python} by {'uv' if order.uv else 'venv'}"
        run_step(order, title, creation_command(order), held_lock=held_lock)
    title = f"installing {locked_packages(order)} packages from {order.lock_file.name}"
    run_step(order, title, lock_command(order), held_lock=held_lock)
    if not widened:
        run_step(order, "installing this clone", project_command(order), held_lock=held_lock)
        run_step(order, "compiling it", compile_command(order), held_lock=held_lock)
    stamp(order)
    order.half_made.unlink()


def stamp(order: Order) -> None:
    """Replace the stamp in one go, for another ./hanse may be reading it."""
    fresh = order.stamp.with_suffix(".new")
    fresh.write_text(order.stamp_text(order.level))
    fresh.replace(order.stamp)


def leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def main(arguments: list[str]) -> int:
    root, python, *found_out = arguments
    order = Order(Path(root), Path(python), *found_out)
    signal.signal(signal.SIGTERM, leave)
    try:
        with one_at_a_time(order) as held_lock:
            if not is_ready(order):
                make(order, held_lock=held_lock)
    except KeyboardInterrupt:
        say("stopped half-way; the next ./hanse starts over")
        return 130
    except OSError as error:
        say(f"could not make .venv: {error}; mend that and run ./hanse again")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
