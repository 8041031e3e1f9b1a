"""A day's figures follow from what it left behind, and from nothing else."""

import ast
import json
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from drills.day.chart import chart
from drills.day.faults import FAULTS
from drills.day.page import page
from drills.day.project import names, write_project, write_release
from drills.day.report import report
from drills.day.run import Size, planned
from drills.recording import WIDE, Line, picture, wrapped
from drills.tests.test_load import write_log

SIZE = Size(deployments=4, services=2, faulty=2)


def row(
    number: int, service: str, fault: str = "", state: str = "settled", begun: float = 0.0
) -> dict:
    kind = next((one.kind for one in FAULTS if one.name == fault), "")
    return {
        "number": number, "name": f"d{number}", "service": service, "release": 2, "base": 1, "fault": fault,
        "class": kind, "state": state, "says": "", "begun": begun, "ended": begun + 60.0,
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A day in which one good release failed for somebody and another was taken back."""
    rows = [
        row(0, "s00", "all fail", "gone back"),
        row(1, "s01"),
        row(2, "s00", "tail 1.5", "settled", 100.0),
        row(3, "s01", "", "gone back", 100.0),
    ]
    lines = [
        *(f"{second}.0 s00 ok 4000" for second in range(200)),
        "10.5 s00 internal 4000", "11.5 s00 ConnectionResetError 4000", "12.0 s00 busy 4000",
        "20.0 s01 internal 4000",
    ]  # fmt: skip
    write_log(tmp_path / "requests.log", [f"{line}\n" for line in lines])
    (tmp_path / "deployments.json").write_text(json.dumps(rows))
    day = {"size": SIZE._asdict(), "begun": 0.0, "ended": 200.0, "control_seconds": 3.0}
    (tmp_path / "day.json").write_text(json.dumps(day))
    return tmp_path


def test_figures_are_recomputed_from_the_log(folder: Path) -> None:
    found = report(folder)

    assert (found["deployments"], found["requests"], found["faults"]) == (4, 204, 2)
    assert found["failed_by_deploying"] == 1, "s01 had no fault when it failed"
    assert [one["harm"] for one in found["rows"]] == [2, 0, 0, 0]
    assert (found["harm_median"], found["base_failures"]) == (1.0, 1)
    assert (found["faults_rolled_back"], found["false_rollbacks"]) == (1, 1)
    assert found["control_plane_cpu"] == 3.0 / 200.0
    assert found["classes"]["gross"]["rolled_back"] == 1
    assert found["classes"]["edge"]["rolled_back"] == 0


def test_a_goal_that_is_missed_is_said_so(folder: Path) -> None:
    found = report(folder)

    assert found["met"] == {
        "failed_by_deploying": False, "harm_median": True, "false_rollbacks": True, "control_plane_cpu": True,
    }  # fmt: skip
    assert "| requests failed by deploying | 1 | at most 0 | **missed** |" in page(found)
    assert chart(found).count("<title>") == 4


def test_a_plan_is_the_same_for_a_seed_and_has_each_fault_in_turn() -> None:
    plan = planned(Size(deployments=200, seed=7))

    assert plan == planned(Size(deployments=200, seed=7))
    assert plan != planned(Size(deployments=200, seed=8))
    assert Counter(one.name for one in plan if one) == {one.name: 2 for one in FAULTS}


def test_faults_are_of_three_classes() -> None:
    assert Counter(one.kind for one in FAULTS) == {"edge": 3, "middling": 3, "gross": 4}


def test_each_release_is_code_and_no_other(tmp_path: Path) -> None:
    write_project(tmp_path, names(2), 5.0)
    texts = set()
    for fault in (None, *FAULTS):
        write_release(tmp_path, "s00", 2, fault)
        texts.add((tmp_path / "s00/service.py").read_text())
        ast.parse((tmp_path / "s00/service.py").read_text())
    assert len(texts) == len(FAULTS) + 1


def test_a_recording_shows_each_line_from_its_moment_on() -> None:
    shown = picture(
        [Line(0.0, "$ hanse deploy"), Line(8.0, "  Bad: 3 < 4"), Line(10.0, "gone back")]
    )

    assert shown.count("<animate") == 3
    assert "Bad: 3 &lt; 4" in shown
    assert ElementTree.fromstring(shown).tag.endswith("svg")


def test_long_lines_of_a_recording_go_on_below() -> None:
    lines = wrapped("word " * 60)

    assert max(map(len, lines)) <= WIDE
    assert " ".join(" ".join(lines).split()) == ("word " * 60).strip()
