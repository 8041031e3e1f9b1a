"""`hanse up` and its kin, as a user runs them: one command, a screen that says where, and an end without traces."""

import http.client
import json
import os
import signal
import socket
import ssl
import stat
import threading
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.fleet import Fleet, fleet, until
from tests.end_to_end.terminal import Program, fetch, hanse


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory):
    """Together in one host; up for all tests of this file that leave it as it is."""
    with fleet(tmp_path_factory.mktemp("shop")) as made:
        made.up()
        yield made


def test_it_answers_through_the_gateway(shop: Fleet) -> None:
    assert shop.get("/echo/v1/numbers/7") == 7
    assert shop.get("/relay/v1/numbers/8") == 8


def test_the_screen_says_where_it_is_and_what_to_try(shop: Fleet) -> None:
    done = hanse("up", folder=shop.folder)

    assert done.returncode == 0, done.stderr
    assert "shop runs" in done.stdout
    assert shop.url in done.stdout
    for verb in ("status", "top", "logs -f", "restart", "down"):
        assert f"hanse {verb}" in done.stdout


def test_a_second_up_changes_nothing(shop: Fleet) -> None:
    before = {name: one["pid"] for name, one in shop.processes().items()}

    shop.up()

    assert {name: one["pid"] for name, one in shop.processes().items()} == before


def test_two_ups_at_once_are_one(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        both = [
            psutil.Popen([*_hanse("up", "--json")], cwd=made.folder, stdout=-1, stderr=-1)
            for _ in range(2)
        ]
        said = [one.communicate(timeout=60) for one in both]

        assert [one.returncode for one in both] == [0, 0], said
        controls = made.pids_of("hanse.fleet.control.main")
        assert len(controls) == 1
        made.url = json.loads(said[0][0])["url"]
        assert made.get("/echo/v1/numbers/1") == 1


def test_status_tells_each_process(shop: Fleet) -> None:
    found = until(lambda: _measured(shop), "figures of every process")

    kinds = sorted(one["kind"] for one in found.values())
    assert kinds == ["broker", "database", "gateway", "host"]
    host = next(one for one in found.values() if one["kind"] == "host")
    assert host["services"] == ["echo.v1.Echo", "relay.v1.Relay", "nap.v1.Nap"]
    assert host["release"]
    assert all(one["state"] == "ready" for one in found.values())
    assert hanse("status", folder=shop.folder).stdout.count("ready") == 4


def test_status_counts_what_a_host_does(shop: Fleet) -> None:
    def busy() -> bool:
        for number in range(20):
            shop.get(f"/echo/v1/numbers/{number}")
        (host,) = shop.processes("host").values()
        return host["requests_per_second"] > 0 and host["p99_seconds"] is not None

    until(busy, "requests a second and p99 of a busy host")


def test_logs_are_one_stream(shop: Fleet) -> None:
    lines = [
        json.loads(line)
        for line in hanse("logs", "-n", "1000", "--json", folder=shop.folder).stdout.splitlines()
    ]

    assert {"shop-1"} <= {line["process"] for line in lines}
    only = hanse("logs", "shop", folder=shop.folder)
    assert only.returncode == 0
    assert "shop-1" in only.stdout
    unknown = hanse("logs", "nobody", folder=shop.folder)
    assert unknown.returncode == 1
    assert "No process is called nobody" in unknown.stderr


def test_nothing_listens_but_the_gateway_and_the_broker_on_loopback(shop: Fleet) -> None:
    listening = {
        (one.name(), address.laddr.ip)
        for one in shop.running()
        for address in one.net_connections("inet")
        if address.status == psutil.CONN_LISTEN
    }

    assert {ip for _, ip in listening} == {"127.0.0.1"}
    assert {name for name, _ in listening} == {"envoy", "nats-server"}


def test_the_state_folder_is_closed_to_others(shop: Fleet) -> None:
    state = shop.folder / ".hanse/up"

    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    sockets = [path for path in state.rglob("*") if stat.S_ISSOCK(path.lstat().st_mode)]
    assert sockets
    assert {
        stat.S_IMODE(path.lstat().st_mode) & 0o077
        for path in sockets
        if "postgres" not in str(path)
    } == {0}


def test_down_ends_everything_and_up_brings_it_back(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        made.up()
        assert made.hanse("down") == {"stopped": True}
        assert made.running() == []
        assert made.hanse("down") == {"stopped": False}
        assert hanse("status", folder=made.folder).returncode == 1

        made.up()
        assert made.get("/echo/v1/numbers/3") == 3


def test_a_port_that_is_taken_is_said_before_anything_starts(tmp_path: Path) -> None:
    with fleet(tmp_path) as made, socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = hanse("up", "--port", str(port), folder=made.folder)

        assert done.returncode == 1
        assert f"Port {port} is taken" in done.stderr
        assert made.running() == []


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(("--port", "0"), id="second copy"),
        pytest.param((), id="first copy", marks=pytest.mark.long),
    ],
)
def test_two_projects_are_up_at_once_with_https_beside_each_other(
    tmp_path: Path, asked: tuple[str, ...]
) -> None:
    number = os.getpid()  # an interface of this test's own, where nobody else takes ports
    address = f"127.{number >> 16 & 63}.{number >> 8 & 255}.{number & 255 or 1}"
    usual = socket.create_server((address, 8443))
    with usual, fleet(tmp_path / "a") as one, fleet(tmp_path / "b") as other:
        for made in (one, other):
            text = (made.folder / "hanse.toml").read_text()
            told = text.replace('tls_port = "off"', f'address = "{address}"')
            made.write("hanse.toml", told)
        urls = [made.up(*asked)["tls_url"] for made in (one, other)]
        in_a_clone = {"HANSE_CALLED_AS": "./hanse"}
        shown = hanse("up", *asked, folder=other.folder, **in_a_clone).stdout

        ports = [int(url.rpartition(":")[2]) for url in urls]
        assert len({*ports, 8443}) == 3
        for port in ports:
            with socket.create_connection((address, port)) as plain:
                _untrusting().wrap_socket(plain).close()
        assert f"and keeps it: {ports[1]}." in shown, shown
        assert other.status()["tls_url"] == urls[1]
        # and whom to believe is said once, in words that can be typed there
        assert shown.count("hanse trust") == shown.count("./hanse trust") == 1, shown


@pytest.mark.long
def test_plain_requests_are_led_to_https_from_the_next_up_on(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        text = (made.folder / "hanse.toml").read_text().replace('"off"', "0")
        made.write("hanse.toml", text)
        url, tls_url = (made.up()[name] for name in ("url", "tls_url"))
        assert fetch(f"{url}/echo/v1/numbers/7") == (200, "7")

        made.write("hanse.toml", text.replace("tls_port = 0", "tls_port = 0\nredirect = true"))
        assert made.up()["tls_url"] == tls_url
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        connection.request("GET", "/echo/v1/numbers/7")
        answer = connection.getresponse()
        connection.close()
        led_to = answer.headers["location"]
        assert (answer.status, led_to) == (308, f"{tls_url}/echo/v1/numbers/7")
        with urllib.request.urlopen(led_to, context=_untrusting(), timeout=10) as found:
            assert found.read() == b"7"


def test_a_tls_port_that_was_chosen_and_is_taken_is_refused_with_the_way_out(
    tmp_path: Path,
) -> None:
    with fleet(tmp_path) as made, socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        text = (made.folder / "hanse.toml").read_text()
        made.write("hanse.toml", text.replace('tls_port = "off"', f"tls_port = {port}"))
        done = hanse("up", folder=made.folder)

        assert done.returncode == 1
        assert f"Port {port} is taken" in done.stderr
        assert "--tls-port" in done.stderr
        assert made.running() == []


def test_wrong_code_is_said_with_its_line_and_nothing_stays(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        made.write("echo/service.py", "import nothing_of_that_name\n")
        done = hanse("up", folder=made.folder)

        assert done.returncode == 1
        assert "nothing_of_that_name" in done.stderr
        assert "echo/service.py" in done.stderr
        until(lambda: made.running() == [], "nothing runs after a failed up")


def test_restart_takes_in_new_code_without_a_failure(shop: Fleet) -> None:
    before = shop.get("/echo/v1/pid")
    shop.write("echo/extra.py", '"""New."""\n')

    shop.hanse("restart")

    assert shop.get("/echo/v1/pid") != before
    assert len(shop.processes("host")) == 1


def test_what_nothing_runs_from_any_more_goes_with_the_change_that_replaces_it(shop: Fleet) -> None:
    kept = shop.folder / ".hanse/up/releases"
    (old,) = {one["release"] for one in shop.processes("host").values()}
    (kept / "trees/.left").mkdir()
    for path in (kept / "wishes").iterdir():
        os.utime(path, (0, 0))  # older than a week
    shop.write("echo/words.txt", "New, and beside what is imported.")

    shop.hanse("restart")

    (new,) = {one["release"] for one in shop.processes("host").values()}
    assert new != old
    (wish,) = (kept / "wishes").iterdir()
    assert wish.stem.startswith(new)
    assert len(list((kept / "trees").iterdir())) == 1
    assert len(list((kept / "releases").iterdir())) >= 3  # to go back to


def test_what_would_break_those_who_run_is_told_before_it_runs(shop: Fleet) -> None:
    same = hanse("breaking", "--against", "running", folder=shop.folder)
    text = (shop.folder / "echo/service.py").read_text()
    shop.write("echo/service.py", text.replace("number: int) -> int", "number: int) -> str"))
    try:
        done = hanse("breaking", "--against", "running", "--json", folder=shop.folder)
    finally:
        shop.write("echo/service.py", text)

    assert (same.returncode, same.stderr) == (0, "Compared with what runs: nothing breaks.\n")
    assert done.returncode == 1, done.stderr
    (found,) = json.loads(done.stdout)["findings"]
    assert (found["rule"], found["place"]) == ("type_changed", "echo.v1.Echo/number answer")
    assert found["breaks"] == ["clients outside", "relay.v1.Relay"]


def test_restart_with_broken_code_leaves_what_runs(shop: Fleet) -> None:
    before = shop.get("/echo/v1/pid")
    text = (shop.folder / "relay/service.py").read_text()
    shop.write("relay/service.py", text.replace("echo: Echo", "echo: Nobody"))
    try:
        done = hanse("restart", folder=shop.folder)
    finally:
        shop.write("relay/service.py", text)

    assert done.returncode == 1
    assert "Nobody" in done.stderr
    assert shop.get("/echo/v1/pid") == before


def test_restart_with_code_that_dies_at_its_start_leaves_what_runs(shop: Fleet) -> None:
    """It can be imported, so nothing is wrong with it before it is tried."""
    before = shop.get("/echo/v1/pid")
    text = (shop.folder / "nap/service.py").read_text()
    shop.write(
        "nap/service.py",
        text + "\n    def __init__(self) -> None:\n        raise RuntimeError('no bed')\n",
    )
    try:
        done = hanse("restart", folder=shop.folder)
    finally:
        shop.write("nap/service.py", text)

    assert done.returncode == 1
    assert "RuntimeError: no bed" in done.stderr
    assert done.stderr.count("nap/service.py:") == 1, done.stderr
    assert "What ran before goes on unchanged." in done.stderr
    assert shop.get("/echo/v1/pid") == before
    assert len(shop.processes("host")) == 1


@pytest.mark.long
def test_a_failed_up_is_not_what_was_asked_for(shop: Fleet) -> None:
    before = shop.get("/echo/v1/pid")
    text = (shop.folder / "hanse.toml").read_text()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        shop.write("hanse.toml", f"{text}\n[environments.dead.gateway]\nport = {port}\n")
        done = hanse("up", "--env", "dead", folder=shop.folder)
    shop.write("hanse.toml", text)

    assert done.returncode == 1
    assert "Address already in use" in done.stderr
    assert "choose another: port, tls_port in [gateway]" in done.stderr
    assert shop.status()["environment"] == ""
    assert shop.get("/echo/v1/pid") == before


def test_apart_is_one_line(tmp_path: Path) -> None:
    with fleet(tmp_path, 'default = "apart"') as made:
        made.up()
        assert sorted(made.processes("host")) == ["echo-1", "nap-1", "relay-1"]
        assert made.get("/relay/v1/pid") == made.get("/echo/v1/pid")
        assert made.get("/relay/v1/numbers/5") == 5

        made.write(
            "hanse.toml", (made.folder / "hanse.toml").read_text().replace('"apart"', '"together"')
        )
        made.up()
        assert [one["group"] for one in made.processes("host").values()] == ["shop"]
        assert made.get("/relay/v1/numbers/6") == 6


@pytest.mark.long
def test_replicas_share_the_work(tmp_path: Path) -> None:
    with fleet(tmp_path, 'default = "together"\nreplicas = 2') as made:
        made.up()
        assert len({made.get("/echo/v1/pid") for _ in range(50)}) == 2


def test_a_service_that_blocks_is_moved_and_said(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        made.up()
        host = made.get("/echo/v1/pid")
        status, _ = fetch(f"{made.url}/nap/v1/naps", {"seconds": 5.0})
        assert status == 200

        until(
            lambda: "nap" in {one["group"] for one in made.processes("host").values()},
            "nap has a host of its own",
        )
        until(lambda: made.status()["changing"] == "", "the move is over")

        notes = made.status()["notes"]
        assert any(note.startswith("nap.v1.Nap blocked its host for") for note in notes), notes
        assert made.get("/echo/v1/pid") != host
        assert made.get("/relay/v1/numbers/2") == 2


@pytest.mark.root("only root has privileges to drop")
def test_started_as_root_nothing_keeps_privileges(shop: Fleet) -> None:
    """Reading is the one thing it may beyond its user: a clone below /root must be readable."""
    for one in shop.running():
        fields = dict(
            line.split(":", 1) for line in Path(f"/proc/{one.pid}/status").read_text().splitlines()
        )
        assert one.uids().real != 0, one.cmdline()
        assert int(fields["CapEff"], 16) & ~(1 << 2) == 0, one.cmdline()
        assert fields["NoNewPrivs"].strip() == "1"


def _untrusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _hanse(*arguments: str) -> list[str]:
    from tests.end_to_end.terminal import HANSE

    return [*HANSE, *arguments]


def _measured(shop: Fleet):
    found = shop.processes()
    return found if all(one["memory_bytes"] and one["pid"] for one in found.values()) else None


def test_a_killed_terminal_takes_nothing_with_it(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        up = psutil.Popen(
            _hanse("up"), cwd=made.folder, stdout=-1, stderr=-1, start_new_session=True
        )
        until(
            lambda: made.pids_of("hanse.fleet.control.main"),
            "control runs",
        )
        os.killpg(up.pid, signal.SIGKILL)
        up.communicate()

        until(lambda: hanse("status", folder=made.folder).returncode == 0, "control answers")
        until(lambda: made.status()["changing"] == "", "everything started")
        made.url = made.status()["url"]
        assert made.get("/echo/v1/numbers/4") == 4


def test_who_waits_no_longer_for_an_end_is_told_that_it_goes_on(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        made.up()

        def rest() -> None:
            with suppress(OSError):  # whether it has its answer is not asked here
                fetch(f"{made.url}/nap/v1/rests", {})

        made.write("resting", "")
        resting = threading.Thread(target=rest)
        resting.start()
        with Program("down", folder=made.folder) as down:
            until(lambda: made.status()["changing"] == "stopping", "it ends")
            assert down.end() == 130
            assert "It goes on ending in the background" in down.rest()
        (made.folder / "resting").unlink()
        until(lambda: hanse("status", folder=made.folder).returncode == 1, "it has ended")
        resting.join()
