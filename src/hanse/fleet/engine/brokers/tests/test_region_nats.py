"""A region's broker starts by its files, is told from others, and follows its identity."""

import asyncio
import os
import shutil
import signal
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import msgspec
import psutil
import pytest

from hanse.fleet.engine.brokers.plan_files import plan_brokers
from hanse.fleet.engine.brokers.reach import hosts_config, reach_of, tls_of, url_file
from hanse.fleet.engine.brokers.region_nats import RegionNats
from hanse.fleet.engine.brokers.tests.authority import Authority
from hanse.fleet.state import StateFolder
from hanse.kit.clock import wait_set
from hanse.kit.environment import variables
from hanse.runtime.broker.broker import Broker

PATIENCE = float(os.environ.get("PATIENCE", "30"))


@pytest.fixture
def region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The only one of a project; whatever a test leaves running there is killed."""
    monkeypatch.chdir(tmp_path)
    head = StateFolder(Path())
    head.prepare()
    state = head.of("r1")
    for folder in (state.nats, state.logs, state.processes):
        folder.mkdir(parents=True, mode=0o700)
    plan_brokers({"r1": state}, head)
    yield state
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and Path(process.cwd()).is_relative_to(tmp_path):
                os.kill(process.pid, signal.SIGKILL)


async def within(work):
    return await asyncio.wait_for(work, PATIENCE)


def shown(state: StateFolder) -> bytes:
    """The certificate that the broker shows."""
    tls = tls_of(state, "control")
    context = ssl.create_default_context(cafile=tls.authority)
    context.load_cert_chain(tls.identity)
    with (
        socket.create_connection(("127.0.0.1", reach_of(state).port), 5.0) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as one,
    ):
        found = one.getpeercert(binary_form=True)
        assert found is not None
        return found


async def test_it_starts_when_it_has_an_identity_and_takes_another_while_it_runs(region) -> None:
    nats = RegionNats(region, variables())
    kept = nats.supervision()
    kept.start()
    await within(kept.until("backing off"))
    assert "cannot start without" in " ".join(kept.last_words)
    authority = Authority()
    authority.give(region.identity, "r1", "broker", "control", "host")
    await within(kept.until("ready"))
    config = hosts_config(region, tls_of(region, "host"), 2**24)
    async with Broker(config) as broker:
        connection = await within(broker.until_connected())
        before = shown(region)
        assert not nats.renewed(kept.pid)

        authority.give(region.identity, "r1", "broker")

        assert nats.renewed(kept.pid)
        async with asyncio.timeout(PATIENCE):
            while shown(region) == before:
                await wait_set(asyncio.Event(), 0.02)
        assert not nats.renewed(kept.pid)
        assert connection.open
        assert await nats.lives()
    await within(kept.stop())


async def test_another_at_its_port_is_not_taken_for_it(region) -> None:
    Authority().give(region.identity, "r1", "broker", "control", "host")
    nats = RegionNats(region, variables())
    kept = nats.supervision()
    kept.start()
    await within(kept.until("ready"))
    reach = reach_of(region)
    other = msgspec.structs.replace(reach, server="hanse-r1-other")
    (region.nats / "reach.json").write_bytes(msgspec.json.encode(other))
    assert not await nats.answers()
    # A broker of another project, which our authority did not sign.
    strange = region.folder / "strange"
    Authority().give(strange, "r1", "broker")
    shutil.copy(strange / "trusted.pem", region.identity / "trusted.pem")
    with pytest.raises(ssl.SSLError):
        await nats.answers()
    await within(kept.stop())


def test_without_regions_all_is_as_it_was(tmp_path: Path) -> None:
    head = StateFolder(tmp_path)
    config = hosts_config(head, None, 2**24)
    assert config.url_file == url_file(head)
    assert (config.domain, config.identity, config.replicas, config.inbox) == (
        "",
        None,
        1,
        "_INBOX",
    )
    # Nor does a plan for regions that were there before make a difference to those who have none.
    head.nats.mkdir(parents=True)
    head.of("r1").nats.mkdir(parents=True)
    plan_brokers({"r1": head.of("r1")}, head)
    assert hosts_config(head, None, 2**24) == config
