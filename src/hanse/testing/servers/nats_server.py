"""A real NATS for tests: on in a tenth of a second, gone with the process that began it."""

from __future__ import annotations

import atexit
import functools
import json
import secrets
import socket
import tempfile
from pathlib import Path
from typing import Any

from hanse.runtime.broker.broker_config import BrokerConfig
from hanse.runtime.config.installed import find_nats
from hanse.runtime.config.secret import Secret
from hanse.testing.servers.own_server import OwnServer
from hanse.testing.servers.server_process import ServerProcess

HOST = "127.0.0.1"
USER = "hanse"
START_SECONDS = 30.0
STREAM_BYTES = 16 * 1024 * 1024
FILE_BYTES = 1024**4
"""What all streams may take together: nothing is taken before it is written."""


class NatsServer(OwnServer):
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
        super().__init__(ServerProcess("NATS", self._folder, "KILL"))

    def start(self) -> None:
        """Returns when it answers; does nothing if it runs."""
        if self._process.begun:
            return
        file = self._folder / "server.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(self._settings()))
        command = (str(self._program), "-c", str(file))
        self._process.begin(command, lambda: _ready(self._port), START_SECONDS)

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
