"""`hanse logs`: lines of many processes in the order they were written, however each writes the time."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.terminal import Program, hanse


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "hanse.toml").write_text('[project]\nname = "shop"\nservices = ["a:B"]\n')
    (tmp_path / ".hanse/up/logs").mkdir(parents=True)
    return tmp_path


def write(project: Path, name: str, *lines: str) -> None:
    with (project / f".hanse/up/logs/{name}.log").open("a") as log:
        log.write("".join(f"{line}\n" for line in lines))


def said(time: str, message: str) -> str:
    return json.dumps({"time": f"2026-11-21T{time}+00:00", "level": "info", "message": message})


def test_lines_of_all_stand_in_the_order_of_their_times(project: Path) -> None:
    write(project, "shop-1", said("10:00:01.000", "one"), said("10:00:04.000", "four"))
    write(project, "postgres", "2026-11-21 10:00:02.000 UTC [7] LOG:  two")
    write(project, "nats", "[8] 2026/11/21 10:00:03.000000 [INF] three")

    shown = hanse("logs", folder=project).stdout

    places = [shown.index(word) for word in ("one", "two", "three", "four")]
    assert places == sorted(places)
    assert "two" in hanse("logs", "-n", "3", folder=project).stdout


def test_a_stack_stays_as_it_was_written(project: Path) -> None:
    lines = [said("10:00:01.000", "zzz"), "Traceback", "  frame b", "  frame a", "Error: end"]
    write(project, "shop-1", *lines)

    with Program("logs", "-f", folder=project) as logs:
        for word in ("zzz", "Traceback", "frame b", "frame a", "end"):
            logs.wait_for(word)
        write(project, "shop-1", *lines)
        for word in ("zzz", "Traceback", "frame b", "frame a", "end"):
            logs.wait_for(word)
        assert logs.end() == 0


def test_following_a_group_follows_its_next_host_and_no_other(project: Path) -> None:
    write(project, "shop-1", said("10:00:01.000", "old"))
    with Program("logs", "-f", "shop", folder=project) as logs:
        logs.wait_for("old")
        write(project, "cart-1", said("10:00:02.000", "foreign"))
        write(project, "shop-2", said("10:00:03.000", "new"))
        logs.wait_for("new")
        assert "foreign" not in logs.output


def test_a_name_nobody_has_is_refused_beside_one_that_is_there(project: Path) -> None:
    write(project, "shop-1", said("10:00:01.000", "one"))

    done = hanse("logs", "shop", "nix", folder=project)

    assert done.returncode == 1
    assert "No process is called nix; logs are there of shop-1." in done.stderr
