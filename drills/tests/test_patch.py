"""A patch's figures follow from what it left behind, and from nothing else."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from drills.patch import PATCH
from drills.patch.run import HANSE, PATCHED, Size
from drills.tests.test_load import write_log

SIZE = Size(services=4, hosts=2)


def part(group: str, state: str, settled: str | None) -> dict[str, str | None]:
    begun = "2026-11-30T12:00:00Z"
    return {"group": group, "state": state, "says": "", "begun": begun, "settled": settled}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One in which a group was patched, another went back, and a request failed."""
    noon = 1796040000.0
    lines = [f"{noon - 10 + second:.3f} s0000 ok {4000 + 10 * second}\n" for second in range(100)]
    lines[50] = lines[50].replace("ok", "unavailable")
    write_log(tmp_path / "requests.log", lines)
    told = {
        "size": SIZE._asdict(), "begun": noon, "ended": noon + 60.0, "state": "failed",
        "says": "1 of 2 are through, 1 went back.", "control_seconds": 2.0,
        "parts": [part("g00", "settled", "2026-11-30T12:00:30Z"), part("g01", "gone back", None)],
    }  # fmt: skip
    (tmp_path / "patch.json").write_text(json.dumps(told))
    return tmp_path


def test_figures_are_recomputed_from_the_log(folder: Path) -> None:
    found = PATCH.report(folder)

    assert (found["requests"], found["failed"], found["groups_not_patched"]) == (100, 1, 1)
    assert (found["minutes"], found["minutes_a_group"]) == (1.0, 0.5)
    assert found["met"] == {"failed": False, "groups_not_patched": False}
    assert found["answers"] == {"ok": 99, "unavailable": 1}
    assert found["p99_before"] < found["p99_meanwhile"]


def test_a_goal_that_is_missed_is_said_so_and_each_group_is_drawn(folder: Path) -> None:
    found = PATCH.report(folder)

    said = PATCH.page(found)
    assert "| requests failed | 1 | at most 0 | **missed** |" in said
    assert "All of it took **1.0 minutes**" in said
    drawn = PATCH.chart(found)
    assert drawn.count("<title>") == 2
    assert ElementTree.fromstring(drawn).tag.endswith("svg")


def test_what_is_patched_is_there() -> None:
    assert (HANSE / PATCHED).is_file()


@pytest.mark.long
def test_a_tiny_one_is_done(tmp_path: Path) -> None:
    """Two groups, of two services each."""
    command = [
        sys.executable, "-c",
        "import sys; from pathlib import Path; from drills.patch import PATCH; "
        "PATCH.run(Path(sys.argv[1]), PATCH.size._replace(services=4, hosts=2, rate=20.0))",
        str(tmp_path),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=500, cwd=HANSE.parents[1])

    found = PATCH.report(tmp_path)

    assert (found["failed"], found["groups_not_patched"]) == (0, 0), found
    assert found["requests"] > 100
