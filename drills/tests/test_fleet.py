"""A fleet's figures follow from what it left behind, and from nothing else."""

import ast
import json
from itertools import cycle
from pathlib import Path

import pytest

from drills.fleet import FLEET
from drills.fleet.graph import Node, graph, shape
from drills.fleet.project import asks, groups, write_project, write_release
from drills.fleet.run import Size
from drills.load import Ask, is_right
from drills.requests_log import BrokenLogError
from drills.tests.test_load import write_log

SIZE = Size(services=6, hosts=2, rate=10.0, seconds=20.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fleet in which one request failed while a service was deployed, and another one later."""
    names = cycle([f"s000{number}" for number in range(6)])
    lines = [f"{1000 + number / 10:.3f} {next(names)} ok 4000\n" for number in range(200)]
    lines[60] = lines[60].replace("ok", "unavailable")
    lines[190] = lines[190].replace("ok", "wrong")
    write_log(_made(tmp_path / "users") / "requests.log", lines)
    for number, (name, each) in enumerate(
        (("first", 40), ("last", 30), ("last", 30), ("first", 40))
    ):
        some = [f"{2000 + one / 10:.3f} s0000 ok 100000\n" for one in range(each)]
        some = some[: each // 2] + [one.replace(" ok ", " ok ") for one in some[each // 2 :]]
        write_log(_made(tmp_path / f"race-{number}-{name}") / "requests.log", some)
    told = {
        "size": SIZE._asdict(), "begun": 900.0, "started": 930.0, "load": [1000.0, 1020.0], "control_seconds": 1.0,
        "deployed": {"begun": 1005.0, "ended": 1010.0, "state": "settled", "says": "It is everybody's."},
    }  # fmt: skip
    (tmp_path / "fleet.json").write_text(json.dumps(told))
    (tmp_path / "shifts.log").write_text("0.01 900\n0.02 1100\n0.05 1000\n")
    memory = "1001.0 host 2 100\n1001.0 gateway 1 50\n1006.0 host 4 300\n1006.0 gateway 1 60\n1006.0 other 1 999\n"
    (tmp_path / "memory.log").write_text(memory)
    return tmp_path


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_figures_are_recomputed_from_the_raw_logs(folder: Path) -> None:
    found = FLEET.report(folder)

    assert (found["requests"], found["failed"], found["failed_by_deploying"]) == (200, 2, 1)
    assert found["came_to"] == {"ok": 198, "unavailable": 1, "wrong": 1}
    assert (found["of_the_rate"], found["start_seconds"], found["deploy_seconds"]) == (
        1.0,
        30.0,
        5.0,
    )
    assert (found["shift_bytes"], found["shift_bytes_median"]) == (1100, 1000)
    assert found["memory"]["all"] == {"processes": 3, "bytes": 360}
    assert found["last_of_first"] == pytest.approx(1.0, abs=0.02)
    assert [row[3] for row in found["over_time"]] == [0, 1, 0, 1]
    assert found["p99_ms"] == 4.0


def test_a_goal_that_is_missed_is_said_so(folder: Path) -> None:
    (folder / "shifts.log").write_text("0.01 10001\n")
    found = FLEET.report(folder)

    assert found["met"] == {
        "failed": False, "failed_by_deploying": False, "of_the_rate": True, "deployed": True, "shift_bytes": False,
        "last_of_first": True,
    }  # fmt: skip
    page = FLEET.page(found)
    assert "| bytes of a weight shift, at most | 10,001 | at most 10,000 | **missed** |" in page
    assert "Those that failed: 1 unavailable, 1 wrong." in page
    assert "| host | 2 | 0 |" in page
    assert FLEET.chart(found).count("<polyline") == 3


@pytest.mark.parametrize("log", ["users/requests.log", "race-2-last/requests.log"])
def test_a_log_that_was_changed_gives_no_report(folder: Path, log: str) -> None:
    text = (folder / log).read_text()
    (folder / log).write_text(text.replace("unavailable", "ok").replace("100000", "90000", 1))

    with pytest.raises(BrokenLogError):
        FLEET.report(folder)


def test_who_calls_whom_is_the_same_for_a_seed_and_never_comes_back() -> None:
    nodes = graph(300, 7)

    assert nodes == graph(300, 7) != graph(300, 8)
    assert all(one > node.number for node in nodes for one in node.calls)
    assert all(len(set(node.calls)) == len(node.calls) <= 20 for node in nodes)
    called = {one for node in nodes for one in node.calls}
    assert sum(not node.calls for node in nodes) >= 0.39 * 300
    assert 0.9 * 0.87 * 300 <= len(called) <= 0.87 * 300
    shapes = shape(nodes)
    assert shapes["fan_in"]["max"] >= 10 > shapes["fan_in"]["p50"] >= 1
    assert sum(node.hears is not None for node in nodes) == 100


def test_hosts_share_services_evenly() -> None:
    sizes = [len(some) for some in groups(graph(100, 1), 6)]

    assert sum(sizes) == 100
    assert max(sizes) - min(sizes) <= 1


def test_a_service_is_code_with_five_methods_and_another_release_is_other_code(
    tmp_path: Path,
) -> None:
    nodes = graph(9, 1)
    write_project(tmp_path, nodes, 3)
    for node in nodes:
        before = (tmp_path / node.name / "service.py").read_text()
        [service] = [one for one in _classes(before) if one.name == node.name.title()]
        methods = [one for one in service.body if isinstance(one, ast.AsyncFunctionDef)]
        assert sum(not one.name.startswith("_") for one in methods) == (
            7 if node.hears is not None else 5
        )
        [*types, contract] = _classes((tmp_path / node.name / "api.py").read_text())
        assert (len(types), contract.name) == (7, node.name.title())
        write_release(tmp_path, node, 2)
        assert (tmp_path / node.name / "service.py").read_text() != before


def _classes(text: str) -> list[ast.ClassDef]:
    return [one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.ClassDef)]


def test_what_is_right_follows_from_the_graph_alone() -> None:
    nodes = [Node(0, (1, 2), 0, 3), Node(1, (), None, 5), Node(2, (), None, 7)]
    found = [Ask(**one) for one in asks(nodes, nodes)]

    survey = next(one for one in found if one.path == "/s0000/v1/surveys/7")
    assert survey.right == {
        "service": "s0000", "total": 21 + 36 + 51, "asked": ["s0000", "s0001", "s0002"],
    }  # fmt: skip
    assert is_right(survey.right, {**survey.right, "number": 7})
    assert not is_right(survey.right, {**survey.right, "total": 1})
    assert len(found) == 30
    assert {one.path for one in found if one.body} == {
        "/s0000/v1/notes",
        "/s0001/v1/bills",
        "/s0002/v1/bills",
    }


@pytest.mark.long
def test_a_small_fleet_is_started_asked_shifted_and_ended(tmp_path: Path) -> None:
    size = Size(services=6, hosts=2, rate=60.0, seconds=4.0, race=0.5, deploy=0)
    # when
    FLEET.run(tmp_path, size)
    # then
    found = FLEET.report(tmp_path)
    assert found["came_to"] == {"ok": found["requests"]}
    assert found["requests"] > 150
    assert (found["met"]["shift_bytes"], found["shift_bytes"] > 50) == (True, True)
    assert found["memory"]["host"]["processes"] == 2
    assert found == FLEET.report(tmp_path)
