"""A real NATS for tests: on in a tenth of a second, gone with the process that began it."""

from __future__ import annotations

import atexit
import functools
import json
import secrets
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any, Self

from hanse.kit.clock import monotonic
from hanse.runtime.broker.broker_config import BrokerConfig
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.config.installed import find_nats
from hanse.runtime.config.secret import Secret
from hanse.testing.postgres_server import lives

HOST = "127.0.0.1"
USER = "hanse"
START_SECONDS = 30.0
LOOK_SECONDS = 0.01
WORDS_SHOWN = 5
STREAM_BYTES = 16 * 1024 * 1024
FILE_BYTES = 1024**4
"""What all streams may take together: nothing is taken before it is written."""

# As that of PostgresServer: when whoever began it is gone, reading ends, and the server with it.
_WATCH = """
folder=$1; shift
"$@" >"$folder/log" 2>&1 </dev/null &
server=$!
echo "$server"
exec >/dev/null
read -r word
kill -KILL "$server" 2>/dev/null
wait "$server"
[ "$word" = keep ] || rm -rf "$folder"
"""


class NatsServer:
    """A server with JetStream of one's own, for a fixture.

        @pytest.fixture(scope="session")
        def broker():
            with NatsServer() as server:
                yield server

        config = broker.config()

    It listens on this machine alone, behind a password. Its process ends with this one, even where
    this one is killed.

    Args:
        data: Folder of streams that are to last, made if it is not there.

    Raises:
        ConfigurationError: There is none, or it does not start; with what it said.
    """

    def __init__(self, *, data: Path | None = None) -> None:
        self._program = find_nats()
        self._folder = Path(tempfile.mkdtemp(prefix="hanse-nats-"))
        self._data = data or self._folder
        self._password = secrets.token_urlsafe(12)
        self._port = _free_port()
        self._watch: subprocess.Popen[str] | None = None
        self.pid = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when it answers; does nothing if it runs."""
        if self._watch is not None:
            return
        file = self._folder / "server.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(self._settings()))
        self._watch = subprocess.Popen(  # noqa: S603  put together here
            ("/bin/sh", "-c", _WATCH, "sh", str(self._folder), str(self._program), "-c", str(file)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the tests
        )
        assert self._watch.stdout is not None
        with self._watch.stdout as said:
            self.pid = int(said.readline())
        self._await_answer()

    def stop(self, *, keep: bool = False) -> None:
        """Ends it at once, as by `kill -9`.

        Args:
            keep: What was acknowledged is there again after the next `start`, at the same place.
        """
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.communicate("keep\n" if keep else "")

    @property
    def url(self) -> str:
        """Where it is."""
        return f"nats://{USER}:{self._password}@{HOST}:{self._port}"

    def config(self, **given: Any) -> BrokerConfig:
        """What a host or a `Broker` is told to use it.

        Args:
            **given: Fields of it that are not as tests need them: a small stream, quick answers.
        """
        wanted: dict[str, Any] = {"stream_bytes": STREAM_BYTES, **given}
        return BrokerConfig(url=Secret(self.url), **wanted)

    def _settings(self) -> dict[str, Any]:
        return {
            "host": HOST,
            "port": self._port,
            "authorization": {"user": USER, "password": self._password},
            "jetstream": {
                "store_dir": str(self._data),
                "max_memory_store": 64 * 1024 * 1024,
                "max_file_store": FILE_BYTES,
            },
        }

    def _await_answer(self) -> None:
        until = monotonic() + START_SECONDS
        never = threading.Event()
        while not _ready(self._port):
            if monotonic() > until or not lives(self.pid):
                said = (self._folder / "log").read_text(errors="replace").splitlines()
                self.stop()
                raise ConfigurationError(
                    "NATS does not start for tests. It says:", *said[-WORDS_SHOWN:]
                )
            never.wait(LOOK_SECONDS)


@functools.cache
def shared_broker() -> NatsServer:
    """The one broker of this process, for all its worlds; it ends with the process."""
    server = NatsServer()
    server.start()
    atexit.register(server.stop)
    return server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def _ready(port: int) -> bool:
    """Whether it says that it has JetStream."""
    try:
        with socket.create_connection((HOST, port), timeout=START_SECONDS) as one:
            return b'"jetstream":true' in one.recv(4096)
    except OSError:
        return False
