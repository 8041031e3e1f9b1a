"""The broker listens on this machine alone, behind a password, keeps what it has, and comes back."""

import asyncio
import json
import os
import signal
import socket

import psutil

from hanse.fleet.engine.care import Care
from hanse.fleet.engine.nats import Access, Nats, url_file
from hanse.fleet.engine.silence import Patience
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.state import StateFolder
from hanse.kit.environment import variables
from hanse.runtime.broker.broker import Broker
from hanse.runtime.broker.broker_config import BrokerConfig


async def within(work, seconds: float = 30.0):
    return await asyncio.wait_for(work, seconds)


async def started(state: StateFolder):
    kept = Nats(state, variables()).supervision()
    kept.start()
    await within(kept.until("ready", "backing off"))
    assert kept.stage == "ready", kept.last_words
    return kept


async def talk(access: Access, *lines: str, password: str | None = None) -> str:
    """What the server says to these lines, up to the answer to a PING behind them."""
    reader, writer = await asyncio.open_connection("127.0.0.1", access.port)
    told = {"user": "hanse", "pass": password or access.password, "verbose": False}
    writer.write(
        f"CONNECT {json.dumps(told)}\r\n".encode()
        + b"".join(each.encode() + b"\r\n" for each in lines)
        + b"PING\r\n"
    )
    said = b""
    while not (said.endswith(b"PONG\r\n") or b"-ERR" in said) and (
        more := await within(reader.read(65_536))
    ):
        said += more
    writer.close()
    return said.decode()


async def request(access: Access, subject: str, body: object) -> dict:
    payload = json.dumps(body)
    reader, writer = await asyncio.open_connection("127.0.0.1", access.port)
    told = {"user": "hanse", "pass": access.password, "verbose": False}
    writer.write(
        f"CONNECT {json.dumps(told)}\r\nSUB back 1\r\nPUB {subject} back {len(payload)}\r\n{payload}\r\n".encode()
    )
    while not (line := await within(reader.readline())).startswith(b"MSG"):
        assert line, "the server closed the connection"
    answer = await within(reader.readexactly(int(line.split()[-1])))
    writer.close()
    return json.loads(answer)


async def reaches(state: StateFolder) -> bool:
    """Whether a host gets in by what it is told."""
    async with Broker(BrokerConfig(url_file=url_file(state))) as broker:
        await within(broker.until_connected())
        return broker.connected


async def test_only_this_machine_and_only_with_the_password(state: StateFolder):
    kept = await started(state)
    access = Nats(state, variables()).access()
    assert access is not None
    listening = {
        one.laddr
        for one in psutil.Process(kept.pid).net_connections("inet")
        if one.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", access.port)}  # no monitoring, no cluster
    assert "PONG" in await talk(access)
    assert "Authorization Violation" in await talk(access, password="wrong")
    assert await reaches(state)
    for name in ("server.json", "access.json", "url"):
        assert (state.nats / name).stat().st_mode & 0o777 == 0o600
    assert access.password not in " ".join(psutil.Process(kept.pid).cmdline())
    await within(kept.stop())
    assert kept.exit_code in {0, 1}


async def test_killed_it_comes_back_where_it_was_with_what_was_acknowledged(state: StateFolder):
    kept = await started(state)
    access = Nats(state, variables()).access()
    made = await request(
        access,
        "$JS.API.STREAM.CREATE.ORDERS",
        {"name": "ORDERS", "subjects": ["orders.>"], "storage": "file"},
    )
    assert "error" not in made, made
    for number in range(1, 4):
        assert (await request(access, "orders.placed", {"order": number}))["seq"] == number
        os.kill(kept.pid, signal.SIGKILL)
        await within(kept.until("backing off"))
        await within(kept.until("ready"))
        assert Nats(state, variables()).access() == access
        found = await request(access, "$JS.API.STREAM.INFO.ORDERS", {})
        assert found["state"]["messages"] == number
    await within(kept.stop())


async def test_one_that_hangs_is_killed_and_started_again(state: StateFolder):
    nats = Nats(state, variables())
    care = Care(
        probe=nats.answers, lives=nats.lives, prepare=nats.prepare, patience=Patience(silent=0.1)
    )
    kept = Supervision(nats.program, state, care)
    kept.start()
    await within(kept.until("ready"))
    pid = kept.pid
    os.kill(pid, signal.SIGSTOP)
    await within(kept.until("backing off"))
    await within(kept.until("ready"))
    assert not psutil.pid_exists(pid)
    assert "PONG" in await talk(nats.access())
    await within(kept.stop())


async def test_storage_is_bounded(state: StateFolder):
    kept = await started(state)
    access = Nats(state, variables()).access()
    found = await request(
        access,
        "$JS.API.STREAM.CREATE.BIG",
        {"name": "BIG", "subjects": ["big"], "storage": "file", "max_bytes": 1 << 40},
    )
    assert "insufficient storage" in found["error"]["description"]
    await within(kept.stop())


async def test_a_port_somebody_took_meanwhile_is_exchanged(state: StateFolder):
    kept = await started(state)
    access = Nats(state, variables()).access()
    await within(kept.stop())
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", access.port))
        taken.listen()
        kept = await started(state)
        now = Nats(state, variables()).access()
        assert now.port != access.port
        assert (now.name, now.password) == (access.name, access.password)
        await within(kept.stop())


async def test_another_control_process_adopts_it(state: StateFolder):
    kept = await started(state)
    pid = kept.pid
    await within(kept.leave())
    again = await started(state)
    assert (again.pid, again.adopted) == (pid, True)
    await within(again.stop())


async def test_somebody_else_at_the_port_is_not_taken_for_it(state: StateFolder):
    kept = await started(state)
    nats = Nats(state, variables())
    access = nats.access()
    assert await nats.answers()
    other = {"name": "hanse-other", "port": access.port, "password": access.password}
    (state.nats / "access.json").write_text(json.dumps(other))
    assert not await nats.answers()
    await within(kept.stop())
