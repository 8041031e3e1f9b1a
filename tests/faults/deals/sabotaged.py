"""Builds that are broken on purpose, each in a way that kills have to show: `python -m tests.faults.deals.sabotaged --note`."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.faults import report

ROOT = Path(__file__).parents[3]
SEEDS = 200
FIRST = 1
SECONDS = 3600
"""For all seeds of one build; a run in which something is stuck takes a minute, and is the last."""

CRIMES = ("lost", "invented", "twice", "by halves", "out of order", "stuck", "left behind")
"""What a verdict accuses of; a run that fails for another reason has noticed nothing."""

RUNTIME = "src/hanse/runtime/"
WORKFLOWS = RUNTIME + "workflows/"
SUBSCRIPTIONS = RUNTIME + "subscriptions/"
RELAY = RUNTIME + "events/relay/"
STEP_KEY = '    call = step_call(instance.call, Keyed(f"{instance.id}.{place}"), work.timeout)\n'


class Build(NamedTuple):
    """One of them.

    Attributes:
        broken: What it does that it must not.
        file: Where.
        old: What stands there once.
        new: And then.
        more: Other texts, and what stands there then wherever they do: for what is kept twice over.
    """

    broken: str
    file: str
    old: str
    new: str
    more: tuple[tuple[str, str], ...] = ()


BUILDS = (
    Build("what is acknowledged before the disk has it", RUNTIME + "data/transaction.py",
          "' read only' if self.read_only else ''}", "'; set local synchronous_commit to off'}"),
    Build("a sequence cursor in the relay", RELAY + "relay.py",
          "                due = await waiting.next(told, last)\n                told = []\n",
          "                self.seen = max([getattr(self, 'seen', 0), *told])\n"
          "                due = [one for one in await waiting.next(told, last) if one[0] > self.seen]\n"
          "                told = []\n"),
    Build("no inbox row", SUBSCRIPTIONS + "handling/handler_unit.py",
          "begin_with(command, self._opening)",
          'begin_with(command, "select"); said = self._wanted'),
    Build("a lease without a fence", WORKFLOWS + "journal/statements.py",
          "  where j.failed is null\nreturning place", "returning place",
          tuple((f"w.epoch = {one}", f"w.epoch >= {one}") for one in ("g.epoch", "m.epoch", "$2"))),
    Build("a journal outside of the transaction", WORKFLOWS + "engine/work.py",
          "            if not await store.keep(instance.id, instance.epoch, done):\n"
          "                raise NotKept\n            await reached(",
          "        if not await store.keep(instance.id, instance.epoch, done):\n"
          "            raise NotKept\n        await reached("),
    Build("a position ahead of what is handled", SUBSCRIPTIONS + "feeding/progress.py",
          "next(iter(self._open)) - 1 if self._open else self._seen", "self._seen"),
    Build("an event that is forgotten before the broker has it", RELAY + "relay.py",
          '                    await reached("relay.taken")\n',
          "                    await waiting.next([seq for seq, _ in due], last)\n"
          '                    await reached("relay.taken")\n'),
    Build("an event outside of the transaction", RUNTIME + "events/events.py",
          "await self._database.execute(_WRITE, *written.row)",
          "await self._database._access.run(_WRITE, written.row)"),
    Build("a start outside of the transaction", WORKFLOWS + "workflows.py",
          "        if transaction_here(self._database) is None:\n            await self._engine.start(start)",
          "        if True:\n            await self._engine.start(start)"),
    Build("a step that has another key each time", WORKFLOWS + "engine/work.py",
          STEP_KEY, STEP_KEY.replace("{place}", "{place}.{instance.epoch}")),
    Build("a delivery that has another key each time", SUBSCRIPTIONS + "handling/handler.py",
          'return f"{self.subscription.name}{again}/{one.envelope.id}"',
          'return f"{self.subscription.name}{again}/{one.envelope.id}/{one.epoch}"'),
    Build("what a dead host ran is left to it", WORKFLOWS + "engine/engine.py",
          "await self.store.free(FREE_MAX) or ", ""),
    Build("a signal that comes while it goes to rest is slept through", WORKFLOWS + "journal/statements.py",
          "    and w.signals = coalesce(m.seen, w.signals)\n", ""),
)  # fmt: skip


def copied(folder: Path) -> None:
    """What runs need of the project, and nothing that is compiled."""
    ignored = shutil.ignore_patterns("__pycache__", "static", "node_modules")
    for part in ("src", "tests/faults"):
        shutil.copytree(ROOT / part, folder / part, ignore=ignored)


def broken(build: Build) -> str:
    """Its file as it is there."""
    source = (ROOT / build.file).read_text()
    assert source.count(build.old) == 1, f"{build.file} has moved on: find {build.old!r} anew"
    source = source.replace(build.old, build.new)
    for old, new in build.more:
        assert old in source, f"{build.file} has moved on: find {old!r} anew"
        source = source.replace(old, new)
    return source


def noticed(build: Build, folder: Path, seeds: int = SEEDS) -> int:
    """How many seeds it took.

    Args:
        build: What is broken.
        folder: A copy of the project.
        seeds: After how many it counts as not noticed.

    Raises:
        AssertionError: It was not noticed, or for no reason that a verdict gives.
    """
    file = folder / build.file
    file.write_text(broken(build))
    try:
        said = _hunted(folder, seeds)
    finally:
        shutil.copy2(ROOT / build.file, file)
    seed = re.search(r"HANSE_TEST_SEED=(\d+)", said)
    crime = re.search(rf"AssertionError: ((?:{'|'.join(CRIMES)}): .*)", said)
    assert seed, f"{seeds} seeds show nothing of {build.broken}: {said[-1000:]}"
    assert crime, f"no verdict speaks of {build.broken}: {said[-1000:]}"
    print(f"{build.broken}: seed {seed[1]}, {crime[1]}", flush=True)
    return int(seed[1]) - FIRST + 1


def _hunted(folder: Path, seeds: int) -> str:
    command = ("-m", "tests.faults.deals.hunt", "--first", str(FIRST), "--runs", str(seeds))
    variables = {"PYTHONPATH": f"{folder / 'src'}", "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        (sys.executable, *command),
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return ran.stderr


def main() -> None:
    """Breaks one after another, and says when each was noticed."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--note", action="store_true")
    given.add_argument("--only", default="")
    asked = given.parse_args()
    needed: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="hanse-builds-") as name:
        copied(Path(name))
        for build in BUILDS:
            if asked.only in build.broken:
                needed[build.broken] = noticed(build, Path(name))
    if asked.note:
        report.note_sabotaged(needed)


if __name__ == "__main__":
    main()
