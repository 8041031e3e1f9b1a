"""A debugger attaches to `hanse dev --debug`, and no deadline passes while it holds a request."""

import json
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.end_to_end.terminal import PATIENCE_SECONDS, Program, edit, fetch, hanse, new_project

READY = r"answers at (http://\S+)"


class Debugger:
    """As much of the Debug Adapter Protocol as it takes to stop at a line and go on."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        self._read = self._socket.makefile("rb")
        self._number = 0

    def close(self) -> None:
        self._read.close()
        self._socket.close()

    def ask(self, command: str, **arguments: object) -> int:
        self._number += 1
        asked = {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(asked).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        return self._number

    def wait_for(self, kind: str, name: str) -> dict:
        """The next answer to a command or event of that name."""
        while True:
            length = 0
            while (line := self._read.readline().strip()) or not length:
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            message = json.loads(self._read.read(length))
            if message["type"] == kind and name in (message.get("event"), message.get("command")):
                return message


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_deadlines_stand_still_at_a_breakpoint(tmp_path: Path, port: int) -> None:
    project = new_project(tmp_path)
    service = project / "greeter/service.py"
    edit(service, "allow=PUBLIC", "allow=PUBLIC, timeout=0.5")
    edit(
        service,
        "        return Greeting",
        "        import asyncio\n        await asyncio.sleep(0)\n        return Greeting",
    )
    line = service.read_text()[: service.read_text().index("await asyncio")].count("\n") + 1

    with Program("dev", "--debug", str(port), folder=project) as dev:
        url = dev.wait_for(READY)[1]
        dev.wait_for(f"debug  127.0.0.1:{port}, no deadline passes")
        debugger = Debugger(port)
        debugger.ask("initialize", adapterID="test", pathFormat="path")
        debugger.wait_for("response", "initialize")
        debugger.ask("attach", justMyCode=False)
        debugger.wait_for("event", "initialized")
        debugger.ask("setBreakpoints", source={"path": str(service)}, breakpoints=[{"line": line}])
        debugger.wait_for("response", "setBreakpoints")
        debugger.ask("configurationDone")
        debugger.wait_for("response", "configurationDone")

        answers: list[tuple[int, str]] = []
        asking = threading.Thread(
            target=lambda: answers.append(fetch(f"{url}/greeter/v1/greetings", {"name": "Ada"}))
        )
        asking.start()
        stopped = debugger.wait_for("event", "stopped")["body"]
        assert stopped["reason"] == "breakpoint"
        time.sleep(1.0)  # longer than the method's deadline
        debugger.ask("continue", threadId=stopped["threadId"])
        asking.join(PATIENCE_SECONDS)
        assert answers == [(200, '{"text":"Hello, Ada"}')]

        edit(service, "Hello", "Moin")
        dev.wait_for("reloaded")
        debugger.close()
        Debugger(port).close()  # the next worker lets one attach too
        assert dev.end() == 0


def test_without_debugpy_it_says_how_to_get_it(tmp_path: Path) -> None:
    project = new_project(tmp_path)
    hidden = tmp_path / "sitecustomize.py"
    hidden.write_text("import sys\nsys.modules['debugpy'] = None\n")
    refused = hanse("dev", "--debug", folder=project, PYTHONPATH=str(tmp_path))
    assert refused.returncode == 1
    assert refused.stderr == (
        "--debug needs debugpy, which is not installed: pip install 'hanse[debug]'\n"
    )
