"""What a drill of regions says follows from what users wrote down, and from nothing else."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from drills.regions import REGIONS
from drills.regions.run import Size
from drills.requests_log import BrokenLogError
from drills.tests.test_load import write_log

PHASES = [
    {"name": "drain", "region": "r2", "begun": 1010.0, "ended": 1040.0},
    {"name": "kill", "region": "r3", "begun": 1040.0, "killed": 1041.0, "ended": 1060.0},
    {
        "name": "quorum", "begun": 1060.0, "ended": 1090.0, "brokers_killed": 4,
        "deploy": {"state": "refused", "says": "Most brokers of the regions do not answer …"},
    },
    {"name": "control", "begun": 1090.0, "killed": 1095.0, "ended": 1120.0},
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A drill in which all is well: r3's callers fail for a second, and the canary's for nine."""
    failing = {"r1": range(1093, 1104), "r2": (), "r3": (1041,)}
    for name, seconds in failing.items():
        (tmp_path / name).mkdir()
        lines = [f"{at}.500 shop ok 4000\n" for at in range(1000, 1120) if at not in seconds]
        lines += [f"{at}.500 shop internal 4000\n" for at in seconds]
        write_log(tmp_path / name / "requests.log", sorted(lines))
    told = {"size": Size()._asdict(), "phases": PHASES, "regions": list(failing)}
    (tmp_path / "regions.json").write_text(json.dumps(told))
    return tmp_path


def test_figures_are_recomputed_from_the_logs(folder: Path) -> None:
    found = REGIONS.report(folder)

    assert (found["requests"], found["drain_failures"], found["quorum_failures"]) == (360, 0, 0)
    assert (found["kill_others_share"], found["kill_dead_failures"]) == (0.0, 1)
    assert found["kill_dead_seconds"] == pytest.approx(0.504)
    assert (found["lease_failures"], found["quorum_refused"]) == (11, 1)
    assert found["lease_seconds"] == pytest.approx(8.504)
    assert all(found["met"].values())


def test_a_failure_is_of_the_phase_it_happened_in(folder: Path) -> None:
    log = folder / "r1/requests.log"
    lines = [
        line.replace("ok", "unavailable") if line.startswith(("1020", "1045", "1070")) else line
        for line in log.read_text().splitlines(keepends=True)[:-1]
    ]
    write_log(log, lines)

    found = REGIONS.report(folder)

    assert (found["drain_failures"], found["quorum_failures"]) == (1, 1)
    assert found["kill_others_share"] == 1 / 40
    assert not any(
        found["met"][name]
        for name in (
            "drain_failures",
            "quorum_failures",
            "kill_others_share",
            "kill_others_seconds",
        )
    )
    assert "| requests failed by draining and ending a region | 1 | at most 0 | **missed** |" in (
        REGIONS.page(found)
    )


@pytest.mark.parametrize(
    ("phase", "change", "missed"),
    [
        (2, {"deploy": {"state": "settled", "says": "It is everybody's."}}, "quorum_refused"),
        (2, {"deploy": {"state": "refused", "says": "It breaks r1."}}, "quorum_refused"),
        (3, {"killed": 1092.0}, "lease_seconds"),
        (3, {"begun": 1105.0}, "lease_failures"),
    ],
    ids=["deployed", "refused for something else", "a lease that lasted", "no harm at all"],
)
def test_what_proves_nothing_is_missed(folder: Path, phase: int, change: dict, missed: str) -> None:
    told = json.loads((folder / "regions.json").read_text())
    told["phases"][phase] |= change
    (folder / "regions.json").write_text(json.dumps(told))

    assert not REGIONS.report(folder)["met"][missed]


def test_a_log_that_was_changed_is_refused(folder: Path) -> None:
    log = folder / "r3/requests.log"
    log.write_text(log.read_text().replace("internal", "ok"))

    with pytest.raises(BrokenLogError):
        REGIONS.report(folder)


def test_the_chart_is_a_picture(folder: Path) -> None:
    drawn = REGIONS.chart(REGIONS.report(folder))

    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert drawn.count("<polyline") == 4 + 2 * 3
