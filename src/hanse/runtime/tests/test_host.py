"""The life of a host: what it opens, what it serves besides its services, and how it ends."""

import asyncio
import os
import signal
import socket
import stat
import sys

import pytest

from hanse import PUBLIC, Host, HostConfig, Limits, Service, rpc
from hanse.kit.http import Address, ConnectionFailed, connect
from hanse.testing import HttpClient, World


class Gate:
    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.go = asyncio.Event()


class Slow(Service):
    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.life: list[str] = []

    async def __aenter__(self):
        self.life.append("began")
        return self

    async def __aexit__(self, *_):
        self.life.append("ended")

    @rpc("POST /slow/v1/waits", allow=PUBLIC)
    async def wait(self) -> str:
        self.gate.began.set()
        await self.gate.go.wait()
        return "whole"


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_health_turns_while_a_host_drains_and_running_requests_finish():
    gate = Gate()
    host = Host([Slow], HostConfig(), provided={Gate: gate})
    await host.__aenter__()
    http = HttpClient(host.url)
    assert (await http.get("/health/live")).text == "alive\n"
    assert (await http.get("/health/ready")).status == 200
    channel = await connect(Address(host.url))
    running = asyncio.create_task(http.post("/slow/v1/waits", {}))
    await gate.began.wait()

    stopping = asyncio.create_task(host.stop())
    await until(lambda: host.draining)

    # No new connection is let in, an idle one is closed, the running request is answered.
    await until(lambda: channel.closed)
    with pytest.raises(ConnectionFailed):
        await http.get("/health/ready")
    assert not stopping.done()
    gate.go.set()
    assert (await running).json == "whole"
    await stopping


async def test_a_host_does_not_wait_for_ever_for_a_request():
    gate = Gate()
    host = Host([Slow], HostConfig(limits=Limits(drain_timeout=0.05)), provided={Gate: gate})
    async with host:
        running = asyncio.create_task(HttpClient(host.url).post("/slow/v1/waits", {}))
        await gate.began.wait()

    with pytest.raises(
        ConnectionFailed, match="broke off"
    ):  # the host did, not the client's patience
        await running


async def test_services_live_as_long_as_their_host():
    gate = Gate()
    gate.go.set()
    host = Host([Slow], HostConfig(port=None), provided={Gate: gate})
    [service] = host._services

    async with host:
        assert service.life == ["began"]
    assert service.life == ["began", "ended"]


async def test_a_host_that_cannot_open_a_door_opens_none(tmp_path):
    in_the_way = tmp_path / "socket"
    in_the_way.write_text("a file")
    port = free_port()
    host = Host([], HostConfig(port=port, socket=in_the_way))

    with pytest.raises(FileExistsError, match="is in the way"):
        await host.__aenter__()
    with pytest.raises(ConnectionFailed):
        await HttpClient(f"http://127.0.0.1:{port}").get("/")


async def test_the_socket_is_for_this_user_only_and_not_taken_from_a_living_host(tmp_path):
    path = tmp_path / "host.sock"
    async with Host([], HostConfig(port=None, socket=path)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        other = Host([], HostConfig(port=None, socket=path))
        with pytest.raises(FileExistsError, match="Another host listens"):
            await other.__aenter__()

    # What a dead host left behind is no obstacle.
    async with Host([], HostConfig(port=None, socket=path)):
        assert stat.S_ISSOCK(path.stat().st_mode)


async def test_the_address_of_an_open_door_is_had_while_there_is_one(tmp_path):
    host = Host([], HostConfig(port=None, socket=tmp_path / "host.sock"))
    async with host:
        assert host.listening
        with pytest.raises(LookupError, match="no open door"):
            _ = host.url
    assert not host.listening


async def test_metrics_are_for_trusted_peers_unless_they_are_opened(tmp_path):
    async with World() as world:
        assert (await world.http().get("/metrics")).status == 404
    async with Host([], HostConfig(open_metrics=True)) as host:
        answer = await HttpClient(host.url).get("/metrics")
    assert (answer.status, "hanse_loop_stalls_total" in answer.text) == (200, True)


async def test_docs_can_be_left_out():
    async with Host([], HostConfig(docs=False)) as host:
        assert (await HttpClient(host.url).get("/docs")).status == 404
    async with Host([], HostConfig()) as host:
        assert (await HttpClient(host.url).get("/docs")).status == 200


async def test_what_is_not_served_is_not_to_be_had():
    async with World() as world:
        with pytest.raises(LookupError, match="Slow is not served here"):
            world.get(Slow)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


MAIN = """
import asyncio
from hanse import Host, HostConfig
async def main():
    host = Host([], HostConfig())
    async def tell():
        print(host.url, flush=True)
    task = asyncio.ensure_future(asyncio.sleep(0))
    asyncio.get_running_loop().call_later(0.05, lambda: asyncio.ensure_future(tell()))
    await host.run()
    print("drained", flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_a_running_host(name):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MAIN, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(30):
        url = (await process.stdout.readline()).decode().strip()
        assert (await HttpClient(url).get("/health/ready")).status == 200
        os.kill(process.pid, name)
        assert await process.stdout.read() == b"drained\n"
        assert await process.wait() == 0
