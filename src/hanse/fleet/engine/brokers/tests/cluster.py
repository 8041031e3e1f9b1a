"""Real brokers of some regions, to be killed and begun again, and how to reach them."""

from __future__ import annotations

import os
import signal
import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from hanse.fleet.engine.brokers.plan_files import plan_brokers, server_file
from hanse.fleet.engine.brokers.reach import directory_config, hosts_config, tls_of
from hanse.fleet.engine.brokers.tests.authority import Authority
from hanse.fleet.state import StateFolder
from hanse.runtime.config.installed import find_nats
from hanse.testing.servers.server_process import ServerProcess

if TYPE_CHECKING:
    from hanse.runtime.broker.broker_config import BrokerConfig

START_SECONDS = 30.0
STREAM_BYTES = 16 * 1024 * 1024


class Cluster:
    """The brokers of so many regions, `r1` and so on, all begun when it is entered.

    Args:
        folder: Of the project.
        count: How many.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self.authority = Authority()
        self.head = StateFolder(folder)
        self.head.nats.mkdir(parents=True)
        self.authority.give(self.head.identity, "head", "control")
        self.states: dict[str, StateFolder] = {}
        self._processes: dict[str, ServerProcess] = {}
        self.plan_for(count)

    def plan_for(self, count: int) -> None:
        """Has so many regions; those that are new are not begun yet, the others not told."""
        for region in (f"r{number}" for number in range(len(self.states) + 1, count + 1)):
            state = self.states[region] = self.head.of(region)
            state.nats.mkdir(parents=True)
            self.authority.give(state.identity, region, "broker", "control", "host")
            self._processes[region] = ServerProcess("NATS", state.nats, "KILL")
        self.regions = list(self.states)
        self.plan = plan_brokers(self.states, self.head)
        self._members = {one.region: one for one in self.plan.members}

    def __enter__(self) -> Self:
        try:
            self.start(*self.regions)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            if process.begun:
                process.end(keep=True)

    def start(self, *regions: str) -> None:
        """Begins them, and returns when each of them listens."""
        for region in regions:
            command = (str(find_nats()), "-c", str(server_file(self.states[region])))
            process = self._processes[region]
            process.begin(command, lambda region=region: self.greets(region), START_SECONDS)

    def kill(self, *regions: str) -> None:
        for region in regions:
            self._processes[region].end(keep=True)

    def signal(self, number: int, *regions: str) -> None:
        for region in regions:
            os.kill(self._processes[region].pid, number)

    def pause(self, *regions: str) -> None:
        """They say nothing any more, and do not know of it."""
        self.signal(signal.SIGSTOP, *regions)

    def resume(self, *regions: str) -> None:
        self.signal(signal.SIGCONT, *regions)

    def region_of(self, server: str) -> str:
        return next(one.region for one in self.plan.members if one.server == server)

    def hosts(self, region: str, **given: object) -> BrokerConfig:
        """How hosts of a region get in."""
        state = self.states[region]
        config = hosts_config(state, tls_of(state, "host"), STREAM_BYTES)
        return msgspec.structs.replace(config, **given)

    def control(self, region: str, **given: object) -> BrokerConfig:
        state = self.states[region]
        return msgspec.structs.replace(directory_config(state, tls_of(state, "control")), **given)

    def of_head(self, **given: object) -> BrokerConfig:
        config = directory_config(self.head, tls_of(self.head, "control"))
        return msgspec.structs.replace(config, **given)

    def port(self, region: str) -> int:
        return self._members[region].port

    def greets(self, region: str) -> bool:
        """Whether it says who it is to one that it believes."""
        tls = tls_of(self.states[region], "control")
        context = ssl.create_default_context(cafile=tls.authority)
        context.load_cert_chain(tls.identity)
        try:
            with (
                socket.create_connection(("127.0.0.1", self.port(region)), 5.0) as raw,
                context.wrap_socket(raw, server_hostname="127.0.0.1") as one,
            ):
                return b'"jetstream":true' in one.recv(65_536)
        except OSError:
            return False
