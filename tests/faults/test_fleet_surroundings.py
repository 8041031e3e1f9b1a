"""What a fleet stands on fails: certificates, disk, clock, state folder, project file, and hosts that hang or crash."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import randrange
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from tests.end_to_end.fleet import CLOSED, ECHO, Fleet, fleet, until
from tests.end_to_end.terminal import HANSE, clean_environment, edit, fetch, hanse
from tests.faults.surroundings import CLOCK, NOW, fill, issue, shown, small_disk, write_ahead

as_root = pytest.mark.root("only root mounts")
DISK_MB = 380
OWN_FILES = 'tls_port = 0\ncertificate = "tls/chain.pem"\nkey = "tls/key.pem"'
LONG = "Ämter & Häuser der Hanse, " + "x" * 160


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two hosts with everything; up for all tests that leave it as it was."""
    with fleet(tmp_path_factory.mktemp("shop"), 'default = "together"\nreplicas = 2') as made:
        made.up()
        yield made


@pytest.mark.long
def test_an_expired_certificate_ends_tls_alone_until_there_is_another(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        edit(made.folder / "hanse.toml", 'tls_port = "off"', OWN_FILES)
        issue(made, -60)
        door = made.up()["tls_url"]
        assert _note(made, "chain.pem expired on")
        assert shown(door) is None
        assert made.get("/echo/v1/numbers/1") == 1

        brief = issue(made, 8)
        until(lambda: shown(door) == brief, "the new certificate is shown")
        until(lambda: _note(made, "chain.pem expired on"), "status says that it has expired")
        until(lambda: shown(door) is None, "an expired certificate is not shown")
        assert made.get("/echo/v1/numbers/2") == 2

        lasting = issue(made, 86_400 * 90)
        until(lambda: shown(door) == lasting, "the renewed certificate is shown")
        until(lambda: not made.status()["notes"], "nothing is left to say")


@as_root
def test_a_disk_that_is_too_small_is_said_before_anything_starts(tmp_path: Path) -> None:
    with small_disk(tmp_path / ".hanse", 100), fleet(tmp_path) as made:
        done = hanse("up", folder=made.folder)

        assert done.returncode == 1
        (sentence,) = done.stderr.splitlines()
        assert "MB are free where .hanse/up lies; 300 MB are needed" in sentence
        assert made.running() == []


@as_root
def test_a_disk_that_is_full_ends_nothing_and_what_ends_returns(tmp_path: Path) -> None:
    with small_disk(tmp_path / ".hanse", DISK_MB), fleet(tmp_path) as made:
        made.up()
        before = made.processes()
        fill(made.folder / ".hanse/ballast")
        os.kill(before["shop-1"]["pid"], signal.SIGKILL)
        try:
            until(lambda: _is_back_or_says_why(made, before), "it is back, or says why not")
            until(lambda: made.status()["pid"], "status answers")
            assert fetch(f"{made.url}/nobody/v1/x")[0] == 404  # the gateway goes on
        finally:
            (made.folder / ".hanse/ballast").unlink()

        until(lambda: _answers(made), "all is well by itself")
        until(lambda: _all_ready(made), "all are ready")
        assert made.processes("database") != {}
        assert {one["pid"] for one in made.processes("database").values()} <= {
            one["pid"] for one in before.values()
        }


@pytest.mark.long
@as_root
def test_a_full_disk_stops_no_host(tmp_path: Path) -> None:
    with small_disk(tmp_path / ".hanse", DISK_MB), fleet(tmp_path) as made:
        made.up()
        control = made.status()["pid"]
        fill(made.folder / ".hanse/ballast")
        for number in range(200):
            assert made.get(f"/relay/v1/numbers/{number}") == number
        os.kill(control, signal.SIGKILL)
        until(lambda: _control(made) not in {0, control}, "control is back")
        assert made.get("/relay/v1/numbers/7") == 7
        assert made.hanse("down") == {"stopped": True}
        assert made.running() == []


@as_root
def test_a_database_without_room_says_so_and_is_back_when_there_is(tmp_path: Path) -> None:
    with small_disk(tmp_path / ".hanse", DISK_MB), fleet(tmp_path) as made:
        made.up()
        before = made.processes()
        fill(made.folder / ".hanse/ballast")
        try:
            until(lambda: "PANIC" in write_ahead(made), "a write finds no room")
            until(lambda: _has_no_room(made), "status says that it has no room")
            for number in range(50):
                assert made.get(f"/relay/v1/numbers/{number}") == number
        finally:
            (made.folder / ".hanse/ballast").unlink()

        until(lambda: _all_ready(made), "all are ready")
        after = made.processes()
        assert {name for name in after if after[name]["pid"] != before[name]["pid"]} == {"postgres"}


@pytest.mark.parametrize("seconds", [3600, pytest.param(-3600, marks=pytest.mark.long)])
def test_a_clock_that_is_set_by_an_hour_ends_nothing(tmp_path: Path, seconds: int) -> None:
    """Of every Python process of the fleet, for no process can have a wall clock of its own.

    Not of Envoy, Postgres and NATS, nor of the kernel: for them nothing is proved here.
    """
    with fleet(tmp_path, 'default = "together"\nreplicas = 2') as made:
        edit(made.folder / "echo/service.py", '"""The process that answers."""', NOW)
        made.write("clock/sitecustomize.py", CLOCK)
        made.url = made.hanse("up", PYTHONPATH=str(made.folder / "clock"))["url"]
        before, began = made.processes(), made.get("/echo/v1/now")
        made.write("clock/offset", str(seconds))

        assert abs(made.get("/echo/v1/now") - began - seconds) < 600
        for number in range(50):
            assert made.get(f"/relay/v1/numbers/{number}") == number
        assert {name: one["pid"] for name, one in made.processes().items()} == {
            name: one["pid"] for name, one in before.items()
        }
        control = made.status()["pid"]
        os.kill(control, signal.SIGKILL)
        os.kill(before["shop-1"]["pid"], signal.SIGKILL)
        until(lambda: _control(made) not in {0, control}, "control is back, after no hour")
        until(lambda: _all_ready(made), "the host is back, after no hour")
        found = until(lambda: _measured(made), "ages of all")
        assert {
            name for name in before if found[name]["pid"] == before[name]["pid"]
        } == before.keys() - {"shop-1"}
        assert all(0 < one["up_seconds"] < 600 for one in found.values())
        assert found["shop-1"]["restarts"] <= 2
        until(lambda: _is_busy(made), "requests a second are counted")
        assert made.hanse("down") == {"stopped": True}


@pytest.mark.parametrize(("version", "whose"), [("0", "an older Hanse"), ("4", "a newer")])
def test_the_state_folder_of_another_version_is_left_alone(
    tmp_path: Path, version: str, whose: str
) -> None:
    with fleet(tmp_path) as made:
        (made.folder / ".hanse").mkdir(mode=0o700)
        made.write(".hanse/up/version", f"{version}\n")
        done = hanse("up", folder=made.folder)

        assert done.returncode == 1
        (sentence,) = done.stderr.splitlines()
        assert f"was written by {whose}" in sentence
        assert "mv .hanse/up .hanse/up.old" in sentence
        assert [one.name for one in (made.folder / ".hanse/up").iterdir()] == ["version"]
        assert made.running() == []


@pytest.mark.long
def test_two_ups_for_two_ports_follow_one_another(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        ports = _free_ports()
        both = [_begin(made, "up", "--port", str(port)) for port in ports]
        said = [one.communicate(timeout=90) for one in both]

        assert [one.returncode for one in both] == [0, 0], said
        until(lambda: made.status()["changing"] == "", "nothing changes any more")
        asked = made.hanse("up", "--port", str(ports[0]))
        assert urlsplit(asked["url"]).port == ports[0]
        made.url = asked["url"]
        assert made.get("/echo/v1/numbers/1") == 1
        controls = [one for one in made.running() if "hanse.fleet.control.main" in one.cmdline()]
        assert len(controls) == 1


def test_up_waits_for_a_down_under_way(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        made.up()
        down = _begin(made, "down")
        until(lambda: _changing(made) in {"stopping", None}, "it ends")
        made.up()

        said = down.communicate(timeout=60)
        assert down.returncode == 0, said
        assert made.get("/echo/v1/numbers/1") == 1


@pytest.mark.parametrize("since", ["begun", "starting"])
def test_down_ends_what_an_up_has_begun(tmp_path: Path, since: str) -> None:
    with fleet(tmp_path) as made:
        up = _begin(made, "up")
        until((made.folder / ".hanse/up/asked.json").exists, "it was begun")
        if since == "starting":
            until(lambda: _changing(made) in {"starting", ""}, "it starts, or has")
        assert made.hanse("down") == {"stopped": True}

        _, said = up.communicate(timeout=60)
        assert made.running() == []
        # Who was through before the other came is told nothing; what takes long is in
        # test_fleet_interrupted.
        assert up.returncode == 0 or "was ended meanwhile" in said.decode()


def test_down_ends_what_has_lost_its_control(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        made.up()
        for one in made.running():
            if any("hanse.fleet.control" in word for word in one.cmdline()):
                os.kill(one.pid, signal.SIGKILL)

        assert made.hanse("down") == {"stopped": True}
        assert made.running() == []


def test_a_host_that_hangs_gets_no_requests_and_is_replaced(shop: Fleet) -> None:
    before = shop.processes("host")
    name, victim = min(before.items())
    os.kill(victim["pid"], signal.SIGSTOP)

    until(lambda: all(_quick(shop) for _ in range(30)), "requests go to others", 8)
    assert psutil.Process(victim["pid"]).status() == psutil.STATUS_STOPPED
    until(lambda: shop.processes("host")[name]["pid"] not in {0, victim["pid"]}, "it is replaced")
    until(lambda: _all_ready(shop), "it serves again")
    assert _note(shop, f"{name} did not answer for")
    assert f"{name} did not answer for" in hanse("logs", "control", folder=shop.folder).stdout
    assert not psutil.pid_exists(victim["pid"])


@pytest.mark.long
def test_what_hosts_stand_on_hangs_and_is_replaced(shop: Fleet) -> None:
    before = shop.processes()
    victims = {name for name, one in before.items() if one["kind"] != "host"}
    assert victims == {"gateway", "postgres", "nats"}
    for name in victims:
        os.kill(before[name]["pid"], signal.SIGSTOP)

    until(lambda: all(_note(shop, f"{name} does not answer") for name in victims), "it is said")
    for name in victims:
        until(lambda: shop.processes()[name]["pid"] not in {0, before[name]["pid"]}, f"{name} ends")
    until(lambda: _all_ready(shop), "all are ready")
    assert all(_note(shop, f"{name} did not answer for") for name in victims)
    assert not any(_note(shop, f"{name} does not answer") for name in victims)
    until(lambda: shop.get("/echo/v1/numbers/5") == 5, "it serves")
    assert {
        name for name, one in shop.processes().items() if one["pid"] != before[name]["pid"]
    } == victims


def test_a_far_and_foreign_folder_is_as_good_as_any(tmp_path: Path) -> None:
    with fleet(tmp_path / LONG / "Lübeck Süd") as made:
        assert len(str(made.folder)) > 150
        made.up()
        assert made.get("/relay/v1/numbers/1") == 1
        assert _all_ready(made)
        os.kill(made.status()["pid"], signal.SIGKILL)
        until(lambda: _control(made), "control is back")
        made.hanse("down")
        assert made.running() == []


def test_a_broken_project_file_keeps_nobody_from_looking_and_ending(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        made.up()
        edit(made.folder / "hanse.toml", "[placement]", "[placement\nnonsense")

        assert _all_ready(made)
        assert hanse("logs", folder=made.folder).returncode == 0
        for verb in ("up", "restart"):
            done = hanse(verb, folder=made.folder)
            assert done.returncode == 1
            assert "hanse.toml:6:" in done.stderr
        assert made.get("/echo/v1/numbers/1") == 1
        assert made.hanse("down") == {"stopped": True}
        assert made.running() == []


def test_a_host_that_crashes_at_every_start_harms_nobody_and_is_mended(tmp_path: Path) -> None:
    with fleet(tmp_path, 'default = "apart"') as made:
        made.write("echo/service.py", f"{CLOSED}{ECHO}")
        made.up()
        made.write("closed", "")
        os.kill(made.processes()["echo-1"]["pid"], signal.SIGKILL)

        host = until(lambda: _looping(made), "it crashes again and again")
        assert "not today" in host["note"]
        assert "hanse logs echo-1" in host["note"]
        said = _curl(f"{made.url}/echo/v1/numbers/1")
        assert said.startswith("HTTP/1.1 503 Service Unavailable")
        assert "\nretry-after: 1\n" in said
        assert fetch(f"{made.url}/nap/v1/naps", {"seconds": 0.0})[0] == 200

        (made.folder / "closed").unlink()
        made.hanse("restart", "echo")
        assert made.get("/relay/v1/numbers/3") == 3
        assert _all_ready(made)


# How things are.


def _note(made: Fleet, words: str) -> bool:
    return any(words in note for note in made.status()["notes"])


def _all_ready(made: Fleet) -> bool:
    return {one["state"] for one in made.processes().values()} == {"ready"}


def _answers(made: Fleet) -> bool:
    return fetch(f"{made.url}/echo/v1/numbers/1")[0] == 200


def _is_back_or_says_why(made: Fleet, before: dict[str, Any]) -> bool:
    host = made.processes()["shop-1"]
    back = host["state"] == "ready" and host["pid"] != before["shop-1"]["pid"]
    return back or "The disk is full" in host["note"] or "No space left" in host["note"]


def _has_no_room(made: Fleet) -> bool:
    database = made.processes()["postgres"]
    return database["state"] == "backing off" and "No space left" in database["note"]


def _measured(made: Fleet) -> dict[str, dict[str, Any]] | None:
    found = made.processes()
    return found if all(one["up_seconds"] for one in found.values()) else None


def _is_busy(made: Fleet) -> bool:
    for number in range(40):
        made.get(f"/echo/v1/numbers/{number}")
    return any(0 < one["requests_per_second"] < 10_000 for one in made.processes("host").values())


def _looping(made: Fleet) -> dict[str, Any] | None:
    host = made.processes()["echo-1"]
    return host if "times in a row" in host["note"] and host["state"] == "backing off" else None


def _control(made: Fleet) -> int:
    """The control process; 0 while none answers."""
    done = hanse("status", "--json", folder=made.folder)
    return made.status()["pid"] if done.returncode == 0 else 0


def _changing(made: Fleet) -> str | None:
    """What is being done; None while nobody says so."""
    with suppress(AssertionError):
        return made.status()["changing"]
    return None


def _quick(made: Fleet) -> bool:
    command = ("curl", "-sf", "--max-time", "0.5", f"{made.url}/echo/v1/numbers/1")
    return subprocess.run(command, capture_output=True, check=False).stdout == b"1"


def _curl(url: str) -> str:
    done = subprocess.run(("curl", "-si", url), capture_output=True, text=True, check=True)
    return done.stdout.replace("\r", "")


def _begin(made: Fleet, *arguments: str) -> subprocess.Popen[bytes]:
    """A command that is not waited for."""
    return subprocess.Popen(
        (*HANSE, *arguments, "--json"),
        cwd=made.folder,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _free_ports() -> list[int]:
    """Two below those that the system hands out, of which any may be somebody's a moment later."""
    found: list[int] = []
    while len(found) < 2:
        with (
            suppress(OSError),
            socket.create_server(("127.0.0.1", randrange(10_000, 32_000))) as one,
        ):
            found.append(one.getsockname()[1])
    return found
