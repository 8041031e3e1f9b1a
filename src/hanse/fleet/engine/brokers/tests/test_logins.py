"""Who has no identity gets no word of a broker; who has one, what its login may and no more."""

import asyncio
import json
import os
import socket
import ssl

import msgspec
import pytest

from hanse.fleet.engine.brokers.logins import KEYS, STREAM
from hanse.fleet.engine.brokers.plan_files import plan_brokers
from hanse.fleet.engine.brokers.reach import tls_of
from hanse.fleet.engine.brokers.tests.authority import Authority
from hanse.kit.clock import wait_set
from hanse.runtime.broker.broker import Broker
from hanse.runtime.broker.connection import connect
from hanse.runtime.broker.failures import BrokerAway, StreamRefused

PATIENCE = float(os.environ.get("PATIENCE", "30"))
QUICK = 0.15
BUCKET = {
    "name": STREAM,
    "subjects": [f"{KEYS}>"],
    "max_msgs_per_subject": 1,
    "num_replicas": 3,
    "allow_direct": True,
    "deny_delete": True,
    "allow_rollup_hdrs": True,
}


async def patiently(ask):
    """What comes of it as soon as the brokers have found each other."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await ask()
            except BrokerAway:
                await wait_set(asyncio.Event(), 0.05)


async def bucket(cluster) -> None:
    """Made by the head, with a key of each region."""
    async with Broker(cluster.of_head(request_timeout=1.0)) as broker:
        await broker.until_connected()
        await patiently(lambda: broker.ask(f"STREAM.CREATE.{STREAM}", BUCKET))
    for region in cluster.regions:
        connection = await connect(cluster.control(region, request_timeout=1.0))
        await patiently(lambda c=connection, r=region: write(c, f"region.{r}.lease", b'"own"'))
        await connection.close()


async def write(connection, key: str, data: bytes) -> dict:
    return json.loads(await connection.request(f"$JS.hanse.API.{KEYS}{key}", data))


async def values(cluster) -> dict[str, str]:
    """What lies in the bucket, by key."""
    found = {}
    async with Broker(cluster.of_head()) as broker:
        await broker.until_connected()
        question = {"subjects_filter": ">"}
        info = json.loads(await broker.ask(f"STREAM.INFO.{STREAM}", question))
        for subject in info["state"]["subjects"]:
            asked = {"last_by_subj": subject}
            answer = await broker.connection.request(
                f"$JS.hanse.API.STREAM.MSG.GET.{STREAM}", msgspec.json.encode(asked)
            )
            found[subject.removeprefix(KEYS)] = json.loads(answer)["message"]["data"]
    return found


def said_to(port: int, context: ssl.SSLContext) -> bytes:
    with (
        socket.create_connection(("127.0.0.1", port), 5.0) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as one,
    ):
        return one.recv(4096)


def test_files_are_private_and_written_once(four) -> None:
    files = [
        file for state in (four.head, *four.states.values()) for file in state.nats.iterdir()
        if file.is_file() and file.name != "log"
    ]  # fmt: skip
    before = {file: file.read_bytes() for file in files}
    assert len(files) == 3 + 4 * 4
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert plan_brokers(four.states, four.head) == four.plan
    assert {file: file.read_bytes() for file in files} == before


@pytest.mark.parametrize("region", ["r1", "r4"])
def test_without_an_identity_nobody_gets_a_word(four, region) -> None:
    with socket.create_connection(("127.0.0.1", four.port(region)), 5.0) as one:
        one.sendall(b'CONNECT {"verbose":true}\r\nPING\r\n')
        assert b"INFO" not in one.recv(4096)
    stranger = four.head.folder / "stranger"
    Authority().give(stranger, region, "control")
    context = ssl.create_default_context(cafile=tls_of(four.states[region], "control").authority)
    for pem in (None, stranger / "control.pem"):
        if pem is not None:
            context.load_cert_chain(pem)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            assert b"INFO" not in said_to(four.port(region), context)


async def test_a_region_writes_its_own_keys_and_nobody_elses(four) -> None:
    await bucket(four)
    others = {"r1": "r2", "r2": "r4", "r4": "r1"}
    for region, other in others.items():
        connection = await connect(four.control(region, request_timeout=QUICK))
        assert "seq" in await write(connection, f"region.{region}.applied", b'"own"')
        for key in (f"region.{other}.lease", "desired.flags", "head.lease", f"region.{region}"):
            with pytest.raises((StreamRefused, BrokerAway)):
                await write(connection, key, b'"stolen"')
        await connection.close()
    # The password of one with the identity of another: what counts is the login.
    other = tls_of(four.states["r1"], "control").identity
    mixed = four.control("r2", request_timeout=QUICK, identity=other)
    connection = await connect(mixed)
    with pytest.raises(StreamRefused, match="does not let this login"):
        await write(connection, "region.r1.lease", b'"stolen"')
    await connection.close()
    assert set((await values(four)).values()) == {"Im93biI="}  # "own", all of them


async def test_a_broker_does_not_write_for_who_may_not(four) -> None:
    """JetStream sends what a reader asks for wherever it says, with the rights of the server."""
    await bucket(four)
    async with Broker(four.control("r4", request_timeout=0.5)) as broker:
        await broker.until_connected()
        for target in (f"{KEYS}region.r1.lease", f"$JS.hanse.API.{KEYS}region.r1.lease"):
            config = {
                "name": f"evil{len(target)}", "deliver_subject": target, "ack_policy": "none",
                "mem_storage": True, "deliver_policy": "all",
            }  # fmt: skip
            question = {"stream_name": STREAM, "config": config, "action": "create"}
            try:
                await broker.ask(f"CONSUMER.CREATE.{STREAM}.{config['name']}", question)
            except StreamRefused as refused:
                assert "cycle" in refused.detail
        before = await broker.ask(f"STREAM.INFO.{STREAM}")
        with pytest.raises(StreamRefused, match="does not let this login"):
            await broker.ask(f"STREAM.UPDATE.{STREAM}", {**BUCKET, "max_msgs": 1})
        after = await broker.ask(f"STREAM.INFO.{STREAM}")
    last = [json.loads(one)["state"]["last_seq"] for one in (before, after)]
    assert last[0] == last[1]
    assert set((await values(four)).values()) == {"Im93biI="}


@pytest.mark.parametrize("region", ["r1", "r4"])
async def test_hosts_do_not_even_read_the_directory(four, region) -> None:
    await bucket(four)
    async with Broker(four.hosts(region, request_timeout=QUICK)) as broker:
        connection = await broker.until_connected()
        with pytest.raises(StreamRefused, match="stream not found"):
            await broker.ask(f"STREAM.INFO.{STREAM}")
        for subject in (f"{KEYS}desired.x", f"$JS.hanse.API.{KEYS}region.{region}.lease"):
            with pytest.raises((StreamRefused, BrokerAway)):
                await connection.request(subject, b"stolen")
        heard: list[object] = []

        async def hear(message: object) -> None:
            heard.append(message)

        await connection.subscribe(f"{KEYS}>", hear)
        await connection.subscribe(f"_INBOX.{region}-control.>", hear)
        control = await connect(four.control(region))
        await write(control, f"region.{region}.lease", b'"own"')
        await control.close()
        assert heard == []
