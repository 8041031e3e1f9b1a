"""Runs every check of the house, named and timed, and goes on past the ones that fail."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTHON = sys.executable


@dataclass(frozen=True)
class Step:
    """One named check: what it asks and the command that answers by its exit code."""

    name: str
    asks: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    step: Step
    ok: bool
    seconds: float
    output: str


# The slowest first, because they run side by side.
STEPS = (
    Step("types", "pyright strict on what ships", (PYTHON, "-m", "pyright")),
    Step("tidy", "the house rules", (PYTHON, "-m", "pytest", "-q", "tests/test_tidy.py")),
    Step("borders", "who may import whom", (str(BIN / "lint-imports"), "--no-logo")),
    Step("lint", "ruff, nearly all rules", (str(BIN / "ruff"), "check", ".")),
    Step("format", "ruff's formatter", (str(BIN / "ruff"), "format", "--check", ".")),
    Step("lock", "pyproject and lock in step", (PYTHON, "scripts/lock.py", "--check")),
)

# Both programs of the type check come from the lock; nothing is fetched, nothing global is used.
PINNED = {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
UNPINNED = ("PYRIGHT_PYTHON_FORCE_VERSION", "PYRIGHT_PYTHON_PYLANCE_VERSION")


# Domains are distributions of their own, which the clone does not install.
DOMAINS = os.pathsep.join(str(found.parent) for found in ROOT.glob("domains/*/pyproject.toml"))


def run(step: Step) -> Outcome:
    surroundings = {name: value for name, value in os.environ.items() if name not in UNPINNED}
    surroundings["PYTHONPATH"] = DOMAINS
    started = time.monotonic()
    answer = subprocess.run(
        step.command,
        cwd=ROOT,
        env=surroundings | PINNED,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - started
    return Outcome(step, answer.returncode == 0, seconds, answer.stdout)


def report(outcome: Outcome) -> None:
    verdict = "ok" if outcome.ok else "failed"
    step = outcome.step
    print(f"{step.name:8} {step.asks:30} {outcome.seconds:6.1f} s  {verdict}", flush=True)
    if not outcome.ok:
        print("".join(f"    {line}\n" for line in outcome.output.splitlines()), flush=True)


def main(arguments: list[str], steps: Sequence[Step] = STEPS) -> int:
    if arguments:
        names = ", ".join(step.name for step in steps)
        print(f"./hanse check takes no arguments; it runs all of: {names}", file=sys.stderr)
        return 2
    started = time.monotonic()
    failed: list[str] = []
    with ThreadPoolExecutor(max_workers=2) as workers:
        for future in as_completed([workers.submit(run, step) for step in steps]):
            outcome = future.result()
            report(outcome)
            if not outcome.ok:
                failed.append(outcome.step.name)
    seconds = time.monotonic() - started
    verdict = f"failed: {', '.join(sorted(failed))}" if failed else "all ok"
    print(f"check: {len(steps)} steps in {seconds:.1f} s, {verdict}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
