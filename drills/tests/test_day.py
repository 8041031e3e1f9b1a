"""A day's figures follow from what it left behind, and from nothing else."""

import ast
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from drills.command import CONTROL, ControlTime
from drills.day.chart import chart
from drills.day.faults import CLASSES, FAULTS
from drills.day.operators import UNDER_WAY, Size, is_own, planned, stages
from drills.day.page import page
from drills.day.project import MIGRATION, TABLE, names, write_project, write_release
from drills.day.report import report
from drills.day.run import divided, gateways_of
from drills.recording import WIDE, Line, picture, wrapped
from drills.requests_log import BrokenLogError
from drills.tests.test_load import write_log
from hanse.runtime.data.migrations.migration import MigrationError, read_migrations

SIZE = Size(deployments=4, services=2, regions=2, faulty=2)
REFUSED = "s01/migrations/0002_pre_cents.sql: `alter table` renames something."


def row(
    number: int, service: str, fault: str = "", state: str = "settled", begun: float = 0.0
) -> dict:
    kind = next((one.kind for one in FAULTS if one.name == fault), "")
    return {
        "number": number, "name": f"d{number}", "service": service, "release": 2, "base": 1, "fault": fault,
        "class": kind, "state": state, "says": REFUSED, "again": number, "begun": begun, "ended": begun + 60.0,
        "stages": {"canary": 30.0, "group": 20.0},
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A day in which one good release failed for somebody and another was taken back."""
    rows = [
        row(0, "s00", "all fail", "gone back"),
        row(1, "s01"),
        row(2, "s00", "tail 1.5", "settled", 100.0) | {"gone": 180.0},
        row(3, "s01", "", "gone back", 100.0),
    ]
    r1 = [
        *(f"{second}.0 s00 ok 4000" for second in range(200)),
        "10.5 s00 internal 4000", "12.0 s00 busy 4000", "20.0 s01 internal 4000",
    ]  # fmt: skip
    write_users(tmp_path, "r1", r1)
    write_users(tmp_path, "r2", ["11.5 s00 ConnectionResetError 4000", "194.0 s00 internal 4000"])
    (tmp_path / "deployments.json").write_text(json.dumps(rows))
    write_day(tmp_path)
    return tmp_path


def write_users(folder: Path, gateway: str, lines: list[str]) -> Path:
    (folder / "users" / gateway).mkdir(parents=True, exist_ok=True)
    log = folder / "users" / gateway / "requests.log"
    write_log(log, [f"{line}\n" for line in lines])
    return log


def write_day(folder: Path, **changed: object) -> None:
    day = {
        "size": SIZE._asdict(), "gateways": ["r1", "r2"], "begun": 0.0, "ended": 200.0, "control_seconds": 3.0,
        "idle_cpu": 0.01, "busy_seconds": 100.0, "cores": 2, "whole": True,
    }  # fmt: skip
    (folder / "day.json").write_text(json.dumps(day | changed))


def test_a_fault_that_was_only_in_the_way_of_another_change_is_not_taken_back(folder: Path) -> None:
    rows = json.loads((folder / "deployments.json").read_text())
    rows[0] |= {"state": "failed", "says": "s00 was changed meanwhile. Deploy again."}
    (folder / "deployments.json").write_text(json.dumps(rows))

    found = report(folder)

    assert (found["faults_rolled_back"], found["faults_missed"]) == (0, 1)


def test_figures_are_recomputed_from_the_logs_of_all_gateways(folder: Path) -> None:
    found = report(folder)

    assert (found["deployments"], found["requests"], found["faults"]) == (4, 205, 2)
    assert found["failed_by_deploying"] == 1, "s01 had no fault when it failed"
    assert [one["harm"] for one in found["rows"]] == [2, 0, 1, 0], "s00 failed in both regions"
    assert (found["harm_median"], found["base_failures"], found["deployed_again"]) == (1.5, 1, 6)
    assert (found["faults_rolled_back"], found["false_rollbacks"]) == (1, 1)
    assert found["control_plane_cpu"] == 3.0 / 200.0
    assert found["control_seconds"] == 1.0 / 4, "two of three seconds it uses all the time"
    assert found["control_plane_cpu_24h"] == 0.01 + 0.25 * 600 / 86_400
    assert found["machine_busy"] == 100.0 / 200.0 / 2
    assert found["classes"]["gross"]["rolled_back"] == 1
    assert found["classes"]["edge"]["rolled_back"] == 0
    assert found["stages"] == {"canary": 30.0, "group": 20.0}


def test_a_goal_that_is_missed_is_said_so(folder: Path) -> None:
    found = report(folder)

    assert found["met"] == {
        "failed_by_deploying": False, "harm_median": True, "faults_missed": True, "false_rollbacks": True,
        "control_plane_cpu": True,
    }  # fmt: skip
    assert "| requests failed by deploying | 1 | at most 0 | **missed** |" in page(found)
    assert "| control plane meanwhile, of a core | 0.015 | below 0.02 | met |" in page(found)
    assert "in 2 regions on one machine" in page(found)
    assert chart(found).count("<title>") == 4


@pytest.mark.parametrize(
    ("lines", "failed"),
    [
        (["10.5 s01 internal 4000"], 1),  # while another service is faulty
        (["98.0 s00 internal 4000"], 1),  # long after the fault was taken back
        (["74.0 s00 internal 4000"], 0),  # as shares last for ten seconds
        (["10.5 s00 wrong 4000", "10.6 s00 TimeoutError 4000"], 0),
        (["10.5 s01 busy 4000"], 0),
    ],
)
def test_a_failure_that_no_fault_explains_is_one_of_deploying(
    folder: Path, lines: list[str], failed: int
) -> None:
    write_users(folder, "r1", [])
    write_users(folder, "r2", lines)

    assert report(folder)["failed_by_deploying"] == failed


def test_plain_faults_that_stay_miss_a_goal_and_what_is_refused_is_taken_back(folder: Path) -> None:
    rows = [
        row(0, "s00", "errors 3 %"),
        row(1, "s01", "migration", "refused"),
        row(2, "s00", "errors 0.5 %"),
    ]
    (folder / "deployments.json").write_text(json.dumps(rows))

    found = report(folder)

    assert (found["faults_missed"], found["faults_rolled_back"]) == (1, 1)
    assert not found["met"]["faults_missed"]
    assert f"*{REFUSED}*" in page(found)


def test_a_day_that_was_broken_off_is_reported_as_that(folder: Path) -> None:
    log = folder / "users/r2/requests.log"
    log.write_text("11.5 s00 ConnectionResetError 4000\n30.0 s01 internal 4000\n31.0 s0")
    rows = [row(0, "s00", "all fail", "gone back"), row(1, "s01", "all fail", UNDER_WAY)]
    (folder / "deployments.json").write_text(json.dumps(rows))
    with pytest.raises(BrokenLogError, match="no end"):
        report(folder)
    write_day(folder, whole=False)

    found = report(folder)

    assert (found["deployments"], found["faults"], found["requests"]) == (1, 1, 205)
    assert found["failed_by_deploying"] == 0, "what was under way was faulty"
    assert "**Broken off** after 1 of 4 deployments" in page(found)
    assert chart(found).count("<title>") == 1


def test_a_log_with_an_end_is_checked_even_then(folder: Path) -> None:
    log = folder / "users/r2/requests.log"
    log.write_text(log.read_text().replace("internal", "ok"))
    write_day(folder, whole=False)

    with pytest.raises(BrokenLogError):
        report(folder)


def test_a_plan_is_the_same_for_a_seed_and_has_a_third_of_each_class() -> None:
    plan = planned(Size(deployments=600, seed=7))

    assert plan == planned(Size(deployments=600, seed=7))
    assert plan != planned(Size(deployments=600, seed=8))
    assert Counter(one.kind for one in plan if one) == dict.fromkeys(CLASSES, 20)
    counted = Counter(one.name for one in plan if one)
    assert counted.keys() == {one.name for one in FAULTS}
    assert all(counted[one.name] in {2, 3} for one in FAULTS if one.kind == "gross")


def test_where_there_is_one_region_nothing_is_wrong_in_another() -> None:
    plan = planned(Size(deployments=600, regions=1))

    assert not [one for one in plan if one and one.elsewhere]


def test_the_load_is_what_was_asked_for_in_sum() -> None:
    alone = gateways_of(Path(), {"url": "http://localhost:8080"}, Size(regions=1))

    assert alone == {"gateway": ("http://localhost:8080", 1.0)}
    assert sum(divided(3, 0.6)) == pytest.approx(1.0)
    assert divided(3, 0.6) == pytest.approx([0.6, 0.2, 0.2])


@pytest.mark.parametrize(
    ("said", "own"),
    [
        ("hanse deploy s01: s01/migrations/0002_pre_cents.sql: …", True),
        ("hanse deploy s01: s00/migrations/0002_pre_cents.sql: …", False),
        ("hanse deploy s01: s01 is being deployed: abc", False),
    ],
)
def test_what_is_refused_for_the_sake_of_others_is_deployed_again(said: str, own: bool) -> None:
    assert is_own("s01", said) == own


def test_stages_take_what_lies_between_their_moments() -> None:
    told = [("gate", 0.0), ("staging", 1.5), ("canary", 4.0), ("canary", 9.0), ("over", 9.5)]
    moments = [{"stage": stage, "at": f"2026-11-30T12:00:{at:09.6f}Z"} for stage, at in told]

    assert stages(moments) == {"gate": 1.5, "staging": 2.5, "canary": 5.5}


def test_faults_are_of_three_classes() -> None:
    assert Counter(one.kind for one in FAULTS) == {"edge": 3, "middling": 3, "gross": 7}


def test_each_release_is_code_and_no_other(tmp_path: Path) -> None:
    write_project(tmp_path, names(2), 5.0)
    texts = set()
    for fault in (None, *FAULTS):
        write_release(tmp_path, "s00", 2, fault)
        told = [one.read_text() for one in sorted(tmp_path.glob("s00/**/*.*"))]
        texts.add("".join(told))
        ast.parse((tmp_path / "s00/service.py").read_text())
    assert len(texts) == len(FAULTS) + 1


def test_a_migration_that_breaks_what_runs_is_refused_and_gone_with_its_release(
    tmp_path: Path,
) -> None:
    write_project(tmp_path, names(1), 5.0)
    [fault] = [one for one in FAULTS if one.migration]
    assert "amount" in TABLE
    assert len(read_migrations(tmp_path / "s00/migrations", "s00")) == 1

    write_release(tmp_path, "s00", 2, fault)
    with pytest.raises(MigrationError, match="breaks the release before"):
        read_migrations(tmp_path / "s00/migrations", "s00")

    write_release(tmp_path, "s00", 1)
    assert not (tmp_path / "s00" / MIGRATION).exists()


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


def test_control_that_died_has_used_what_it_used(tmp_path: Path) -> None:
    burn = "sum(range(3_000_000)); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", burn, CONTROL[0]],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as burning:  # fmt: skip
        assert burning.stdout is not None
        burning.stdout.readline()
        time = ControlTime(tmp_path)
        used = time.seconds()
        burning.kill()

    assert used > 0.0
    assert time.seconds() == used
