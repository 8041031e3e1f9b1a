"""`hanse dev` reloads at every save, loses nothing, and leaves nothing behind."""

import asyncio
import concurrent.futures
import http.client
import json
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from hanse.cli.dev.worker_process import WorkerProcess
from hanse.cli.listener import TRIED
from tests.end_to_end.terminal import Program, edit, fetch, hanse, new_project

READY = r"answers at (http://\S+)"
RELOADED = r"reloaded in ([0-9.]+) s"
RELOAD_SECONDS_MAX = 5.0
"""Under a second on a machine of its own; the suite shares one."""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    return new_project(tmp_path_factory.mktemp("dev"))


@pytest.fixture
def service(project: Path):
    """The service's file, put back afterwards."""
    path = project / "greeter/service.py"
    before = path.read_text()
    yield path
    path.write_text(before)


def greeting(url: str) -> tuple[int, str]:
    return fetch(f"{url}/greeter/v1/greetings", {"name": "Ada"})


def test_a_life_in_development(project: Path, service: Path) -> None:
    with Program("dev", folder=project) as dev:
        url = dev.wait_for(READY)[1]
        assert f"{url}/docs" in dev.wait_for("docs").string
        tried = dev.wait_for("try").string
        assert tried.split("try", 1)[1].split() == (
            ["curl", "-H", "content-type:application/json", "-d"]
            + ['\'{"name":', '"Ada"}\'', f"{url}/greeter/v1/greetings"]
        )
        assert greeting(url) == (200, '{"text":"Hello, Ada"}')
        assert "hanse_" in fetch(f"{url}/metrics")[1] or fetch(f"{url}/metrics")[0] == 200

        edit(service, "Hello", "Moin")
        assert float(dev.wait_for(RELOADED)[1]) < RELOAD_SECONDS_MAX
        assert greeting(url) == (200, '{"text":"Moin, Ada"}')

        edit(service, '{name}")', "{name})")
        assert "SyntaxError" in dev.wait_for(r"^greeter/service\.py:18: ").string
        dev.wait_for("Until then every answer is 503")
        status, told = greeting(url)
        assert status == 503
        assert "greeter/service.py:18: SyntaxError" in json.loads(told)["detail"]

        edit(service, "{name})", '{name}!")')
        dev.wait_for(RELOADED)
        assert greeting(url) == (200, '{"text":"Moin, Ada!"}')

        edit(project / "hanse.toml", "[host]", "[hots]")
        dev.wait_for(r"hanse\.toml:7: hots is unknown; did you mean host\?")
        edit(project / "hanse.toml", "[hots]", "[host]")
        dev.wait_for(RELOADED)

        begun = time.monotonic()
        assert dev.end() == 0
        assert time.monotonic() - begun < 3.0
        assert "Traceback" not in dev.rest()


def test_no_request_is_lost_when_it_reloads(project: Path, service: Path) -> None:
    edit(
        service,
        "        return Greeting",
        "        import asyncio\n        await asyncio.sleep(0.05)\n        return Greeting",
    )
    with Program("dev", folder=project) as dev:
        url = dev.wait_for(READY)[1]
        done = threading.Event()

        def ask() -> list[tuple[int, str]]:
            answers = []
            while not done.is_set():
                answers.append(greeting(url))
            return answers

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            asking = [pool.submit(ask) for _ in range(4)]
            for word in ("Moin", "Ahoy", "Hello"):
                edit(service, service.read_text().split('f"')[1].split(",")[0], word)
                dev.wait_for(RELOADED)
            done.set()
            answers = [answer for each in asking for answer in each.result()]
    assert {status for status, _ in answers} == {200}
    assert {"Moin", "Ahoy", "Hello"} >= {
        json.loads(text)["text"].split(",")[0] for _, text in answers
    }


def test_a_killed_parent_leaves_no_process_that_serves(project: Path) -> None:
    with Program("dev", folder=project) as dev:
        url = dev.wait_for(READY)[1]
        port = int(url.rpartition(":")[2])
        dev.process.kill()
        dev.rest()  # ends when the last process that could write to it has ended
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_services_that_end_by_themselves_are_told_of_and_come_back(
    project: Path, service: Path
) -> None:
    edit(
        service,
        "        return Greeting",
        "        import os; os._exit(3)\n        return Greeting",
    )
    with Program("dev", folder=project) as dev:
        url = dev.wait_for(READY)[1]
        with pytest.raises((OSError, http.client.HTTPException)):
            greeting(url)
        dev.wait_for(r"The services ended by themselves \(exit code 3\)")
        assert greeting(url)[0] == 503
        edit(service, "import os; os._exit(3)", "pass")
        dev.wait_for(RELOADED)
        assert greeting(url)[0] == 200


def test_a_constructor_that_raises_is_told_of_with_its_place_once(
    project: Path, service: Path
) -> None:
    with Program("dev", folder=project) as dev:
        dev.wait_for(READY)
        raising = (
            '    def __init__(self) -> None:\n        raise RuntimeError("no voice")\n\n    @rpc'
        )
        edit(service, "    @rpc", raising)
        dev.wait_for("Until then every answer is 503")
        assert "RuntimeError: no voice" in dev.output
        assert dev.output.count("greeter/service.py:") == 1, dev.output


def test_a_token_opens_what_asks_for_one_and_only_in_its_copy(project: Path, service: Path) -> None:
    edit(service, "allow=PUBLIC", "allow=SIGNED_IN")
    edit(service, "PUBLIC,", "SIGNED_IN,")
    with Program("dev", folder=project) as dev, Program("dev", "--name", "b", folder=project) as b:
        url, other = dev.wait_for(READY)[1], b.wait_for(READY)[1]
        assert url != other
        assert "Bearer $(hanse token)" in dev.wait_for("try").string
        minted = hanse("token", "--id", "ada", folder=project)
        assert minted.stdout.count("\n") == 1
        assert "only `hanse dev` and `hanse up` here accept it" in minted.stderr
        bearer = f"Bearer {minted.stdout.strip()}"

        assert greeting(url)[0] == 401
        assert fetch(f"{url}/greeter/v1/greetings", {"name": "Ada"}, authorization=bearer)[0] == 200
        assert fetch(f"{other}/greeter/v1/greetings", {"name": "A"}, authorization=bearer)[0] == 401


def test_a_second_copy_takes_another_port_when_it_has_a_name(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        project = new_project(tmp_path, port=port)

        refused = hanse("dev", folder=project)
        assert refused.returncode == 1
        said, _, other = refused.stderr.rpartition(" ")
        assert said == f"Port {port} is taken. Stop what uses it, or choose another: --port"
        assert port < int(other) < port + TRIED, "the nearest that nobody else has just now"
        with Program("dev", "--name", "second", folder=project) as second:
            url = second.wait_for(READY)[1]
            assert url != f"http://127.0.0.1:{port}"
            assert greeting(url)[0] == 200


def test_what_was_asked_shows_as_a_trace_of_that_copy(project: Path) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    with Program("dev", "--name", "traced", folder=project) as dev:
        url = dev.wait_for(READY)[1]
        context = f"00-{trace_id}-b7ad6b7169203331-01"
        assert fetch(f"{url}/greeter/v1/greetings", {"name": ""}, traceparent=context)[0] == 400
        assert dev.end() == 0

    listed = hanse("trace", "--name", "traced", folder=project).stdout
    shown = hanse("trace", trace_id[:8], "--name", "traced", folder=project).stdout
    plain = hanse("trace", trace_id, "--json", "--name", "traced", folder=project).stdout

    assert trace_id[:8] in listed
    assert "greeter.v1.Greeter/Greet" in listed
    assert f"trace {trace_id}: 1 span" in shown
    assert json.loads(plain)[0]["trace_id"] == trace_id
    assert hanse("trace", "ffff", "--name", "traced", folder=project).stderr == (
        "No trace begins with ffff. See the latest: hanse trace\n"
    )
    assert "No request was recorded yet" in hanse("trace", "--name", "x", folder=project).stdout


async def test_a_worker_is_heard_though_it_ended_before_it_was_released(tmp_path: Path) -> None:
    (tmp_path / "hanse.toml").write_text('[project]\nname = "none"\nservices = ["none:None"]\n')
    with socket.create_server(("127.0.0.1", 0)) as listener:
        worker = await WorkerProcess.start(listener)
        worker.order(
            {"folder": str(tmp_path), "listener": listener.fileno(), "url": "http://127.0.0.1:1"}
            | {"state": str(tmp_path / "state"), "environment": "", "debug_port": 0}
        )
        assert await worker.wait() == 1
        worker.release()
        await asyncio.sleep(0)  # what listens to it begins a turn of the loop later
        report = await worker.report()
        worker.close()
    assert report is not None
    assert "there is no module none" in report["problems"][0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_even_if_a_request_hangs(project: Path, service: Path, number: int) -> None:
    hang = "import asyncio; print('hanging'); await asyncio.sleep(60)\n        return Greeting"
    edit(service, "return Greeting", hang)
    body = b'{"name": "Ada"}'
    head = "POST /greeter/v1/greetings HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    with Program("dev", folder=project) as dev:
        port = int(dev.wait_for(READY)[1].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as asking:
            asking.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
            dev.wait_for("hanging")
            begun = time.monotonic()
            assert dev.end(number) == 0
            assert time.monotonic() - begun < 3.0


def test_a_copy_is_named_well_or_refused(project: Path) -> None:
    for name in ("traces", "../x", "A"):
        refused = hanse("dev", "--name", name, folder=project)
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"{name!r} cannot name a copy")
    assert not (project / "x").exists()


MAILING = '''\
from hanse import PUBLIC, Service, rpc
from hanse.mail import Letter, Mail, letter


@letter("hello")
class Hello(Letter):
    """Says it."""


class Office(Service):
    """Writes it."""

    def __init__(self, hellos: Mail[Hello]) -> None:
        self._hellos = hellos

    @rpc("POST /office/v1/hellos", allow=PUBLIC)
    async def greet(self) -> str:
        return await self._hellos.send(Hello(), "ada@example.org")
'''


@pytest.mark.parametrize(
    "reached",
    [
        '[host]\naddress = "0.0.0.0"',
        pytest.param('[gateway.domains]\n"office.example" = "acme"', marks=pytest.mark.long),
    ],
)
def test_letters_are_not_shown_where_others_reach_it(tmp_path: Path, reached: str) -> None:
    (tmp_path / "office.py").write_text(MAILING)
    (tmp_path / "hello.txt").write_text("Subject: Hello\n\nHello.\n")
    (tmp_path / "hanse.toml").write_text(
        '[project]\nname = "office"\nservices = ["office:Office"]\n'
        '[database]\nurl = "postgresql://nobody@127.0.0.1:1/none"\n'
        f"{reached}\n"
    )
    with Program("dev", folder=tmp_path) as dev:
        dev.wait_for(r"write \[mail\] in hanse\.toml")
