"""A real Envoy with many services before one cheap host, steered as `hanse up` steers it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks import machine
from benchmarks.environment import ROOT
from benchmarks.fleet.process import running, wait_until
from benchmarks.fleet.relay import Relay
from benchmarks.server import free_port
from hanse.fleet.gateway.ads.server import Ads
from hanse.fleet.gateway.bootstrap import bootstrap_text, command
from hanse.fleet.gateway.picture import Endpoint, Picture, Upstream
from hanse.fleet.gateway.settings import GatewaySettings, Limit

if TYPE_CHECKING:
    import subprocess
    from collections.abc import AsyncGenerator

FIRST, MIDDLE, LAST = "first", "middle", "last"
NO_LIMIT = Limit(0, 1)
ENVOY_SECONDS_MAX = 60.0
GATE, MOVED_GATE = "cheap.gate", "moved.gate"


class Told(msgspec.Struct, frozen=True):
    """What one change cost: from push to the acknowledgement of all of it, and bytes sent."""

    seconds: float
    sent_bytes: int


class Steered:
    """Envoy, the host behind it, and the control plane in this process.

    Attributes:
        port: Of the gateway.
        host_port: Of the host itself.
    """

    def __init__(self, port: int, host_port: int, services: int) -> None:
        self.port = port
        self.host_port = host_port
        self._upstreams = upstreams(services)
        self._parts: tuple[Ads, Relay] | None = None
        self._envoy: subprocess.Popen[bytes] | None = None
        self._host: subprocess.Popen[bytes] | None = None

    @property
    def envoy_bytes(self) -> int:
        """Memory of Envoy (PSS)."""
        assert self._envoy is not None, "Envoy was not started"
        return machine.pss_bytes(self._envoy.pid)

    def cpu_seconds(self) -> tuple[float, float]:
        """Of Envoy and of the host, so far."""
        assert self._envoy is not None, "Envoy was not started"
        assert self._host is not None, "the host was not started"
        return machine.cpu_seconds(self._envoy.pid), machine.cpu_seconds(self._host.pid)

    def began(
        self,
        parts: tuple[Ads, Relay],
        envoy: subprocess.Popen[bytes],
        host: subprocess.Popen[bytes],
    ) -> None:
        """Says of what it is made."""
        self._parts, self._envoy, self._host = parts, envoy, host

    async def tell_all(self) -> Told:
        """Tells Envoy of all services."""
        return await self._tell()

    async def move_last(self) -> Told:
        """Moves the last service to the other gate, which is the same host's."""
        *others, last = self._upstreams
        now = last.endpoints[0].socket
        there = Endpoint(GATE if now == MOVED_GATE else MOVED_GATE)
        self._upstreams = (*others, msgspec.structs.replace(last, endpoints=(there,)))
        return await self._tell()

    async def _tell(self) -> Told:
        assert self._parts is not None, "Envoy was not started"
        ads, relay = self._parts
        sent, began = relay.told, time.perf_counter()
        await ads.push(Picture(self._upstreams))
        await ads.wait_for_envoys(1, ENVOY_SECONDS_MAX)
        return Told(time.perf_counter() - began, relay.told - sent)


def upstreams(services: int) -> tuple[Upstream, ...]:
    """So many services at one gate; the first, the middle and the last one answer."""
    names = [f"shop{number:04d}" for number in range(services)]
    names[0], names[services // 2], names[-1] = FIRST, MIDDLE, LAST
    gate = (Endpoint(GATE),)
    return tuple(Upstream(f"{name}.v1.Shop", (name, f"{name}.v1.Shop"), gate) for name in names)


@contextlib.asynccontextmanager
async def open_gateway(services: int) -> AsyncGenerator[Steered]:
    """Envoy and the host, on the server core; Envoy knows of no service yet.

    Raises:
        ServerError: A process did not start.
    """
    with tempfile.TemporaryDirectory(prefix="bench-gateway-") as name:
        folder = Path(name)
        settings = GatewaySettings(
            port=free_port(), tls_port=None, per_address=NO_LIMIT, per_key=NO_LIMIT, workers=1
        )
        (folder / settings.state / "logs").mkdir(parents=True)
        steered = Steered(settings.port, free_port(), services)
        async with _control(folder, settings) as (ads, relay):
            with _host(folder, steered.host_port) as host, _envoy(folder, settings) as envoy:
                log = folder / "envoy.log"
                await asyncio.to_thread(wait_until, lambda: ads.envoys > 0, envoy, log)
                steered.began((ads, relay), envoy, host)
                yield steered


@contextlib.asynccontextmanager
async def _control(folder: Path, settings: GatewaySettings) -> AsyncGenerator[tuple[Ads, Relay]]:
    ads, inner = Ads(settings, ENVOY_SECONDS_MAX), folder / "inner.sock"
    relay = Relay(folder / settings.ads_socket, inner)
    await ads.start(inner)
    await relay.start()
    await ads.push(Picture(()))
    try:
        yield ads, relay
    finally:
        await relay.stop()
        await ads.stop()


@contextlib.contextmanager
def _host(folder: Path, port: int):
    """The cheap host, by two names of one gate."""
    (folder / MOVED_GATE).symlink_to(GATE)
    told = {
        "BENCH_PORT": str(port),
        "BENCH_GATE": str(folder / GATE),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}",
    }
    program, log = [sys.executable, "-m", "benchmarks.fleet.cheap_host"], folder / "host.log"
    with running(program, folder, log, told) as host:
        wait_until(lambda: listens(port), host, log)
        yield host


@contextlib.contextmanager
def _envoy(folder: Path, settings: GatewaySettings):
    (folder / "bootstrap.json").write_bytes(bootstrap_text(settings))
    program, log = list(command(settings, "bootstrap.json")), folder / "envoy.log"
    with running(program, folder, log, {}) as envoy:
        yield envoy


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
