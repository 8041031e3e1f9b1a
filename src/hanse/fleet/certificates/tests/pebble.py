"""Pebble, the ACME server Let's Encrypt tests its own clients with."""

import json
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hanse.fleet.certificates.shown import Certificates

PATIENCE_SECONDS = 30.0


class Pebble:
    """A real ACME server, for which every name leads to a port of this machine."""

    def __init__(self, folder: Path, http_port: int) -> None:
        self.folder = folder
        ports = free_ports(4)
        self.directory = f"https://localhost:{ports[0]}/dir"
        self.management = f"https://localhost:{ports[1]}"
        own = Certificates(folder, machine="pebble").look(datetime.now(UTC)).certificate
        assert own is not None
        self.roots = folder / "authority.crt"
        (folder / "chain.pem").write_text(own.chain)
        (folder / "key.pem").write_text(own.key)
        config = {
            "listenAddress": f"127.0.0.1:{ports[0]}",
            "managementListenAddress": f"127.0.0.1:{ports[1]}",
            "certificate": str(folder / "chain.pem"),
            "privateKey": str(folder / "key.pem"),
            "httpPort": http_port,
            "tlsPort": 1,
        }
        (folder / "pebble.json").write_text(json.dumps({"pebble": config}))
        self.dns = ("-dns01", f"127.0.0.1:{ports[2]}", "-management", f"127.0.0.1:{ports[3]}")
        self.dns_server = f"127.0.0.1:{ports[2]}"

    @contextmanager
    def running(self) -> Iterator[None]:
        if shutil.which("pebble") is None:
            pytest.skip("pebble is missing; ./hanse test installs it where it may")
        nothing_else = [
            part for one in ("http01", "https01", "tlsalpn01") for part in (f"-{one}", "")
        ]
        quick = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
        names = subprocess.Popen(
            ["pebble-challtestsrv", *self.dns, *nothing_else, "-defaultIPv6", ""],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with (self.folder / "pebble.log").open("wb") as log:
            server = subprocess.Popen(
                ["pebble", "-config", self.folder / "pebble.json", "-dnsserver", self.dns_server],
                env=quick,
                stdout=log,
                stderr=log,
            )
        try:
            self.root()
            yield
        finally:
            for process in (server, names):
                process.kill()
                process.wait()

    def root(self) -> bytes:
        """The authority that signs; waits until the server answers."""
        context = ssl.create_default_context(cafile=str(self.roots))
        until = time.monotonic() + PATIENCE_SECONDS
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        while True:
            try:
                with opener.open(f"{self.management}/roots/0") as answer:
                    return answer.read()
            except OSError:
                if time.monotonic() > until:
                    raise


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return found
