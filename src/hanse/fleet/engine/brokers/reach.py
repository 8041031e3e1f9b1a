"""The files by which brokers of regions start and are found, and what others make of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from hanse.fleet.engine.brokers import logins
from hanse.fleet.engine.brokers.plan import HOST, BrokerPlan, BrokerTls, check_grown, planned
from hanse.fleet.engine.brokers.server_file import server_settings
from hanse.fleet.engine.nats import FILE_BYTES_MAX, url_file
from hanse.fleet.state import write_whole
from hanse.runtime.broker.broker_config import STREAM_BYTES, BrokerConfig

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from hanse.fleet.engine.brokers.plan import Member
    from hanse.fleet.state import StateFolder

T = TypeVar("T")

Who = Literal["hosts", "control", "head"]

PLAN = "plan.json"
HEARTBEAT = 1.0
"""Seconds between signs of life of what the directory is followed by."""

REQUEST_SECONDS = 3.0
"""For the answer to what is asked or told of the directory."""


class Reach(msgspec.Struct, frozen=True):
    """What a region's processes are told of the brokers.

    Attributes:
        role: What the region's own broker is to the others, see `BrokerPlan.role`.
        server: Its name.
        port: Where it listens.
        replicas: On how many brokers each message lies.
    """

    role: str
    server: str
    port: int
    replicas: int


def plan_brokers(regions: Mapping[str, StateFolder], head: StateFolder) -> BrokerPlan:
    """Writes all files of all brokers, before any is started, as each has to know the others.

    What was chosen before stays: called again it changes nothing, but for regions that came.

    Args:
        regions: Their folders by name, in their order: the first hold the streams.
        head: The fleet's own, where the plan is kept.

    Raises:
        BrokersError: Streams lie where none would look for them.
        StateError: A file cannot be written.
    """
    plan = planned(regions, _read(head.nats / PLAN, BrokerPlan))
    write_whole(head.nats / PLAN, msgspec.json.encode(plan))
    _write_urls(head, "head", plan.holders, logins.HEAD, plan.head)
    _write_reach(head.nats / "head.json", plan, plan.members[0])
    for own in plan.members:
        _write(regions[own.region], plan, own)
    return plan


def check_brokers(regions: Sequence[str], head: StateFolder, *, running: bool) -> None:
    """Looks whether there can be a plan for these regions, and writes nothing.

    Raises:
        BrokersError: Streams lie where none would look for them, or more brokers would hold them
            than can be told while they run.
    """
    before = _read(head.nats / PLAN, BrokerPlan)
    if before is not None:
        check_grown(before, regions, running=running)


def reach_of(state: StateFolder) -> Reach | None:
    """What a region is told of its broker; None where there are no regions."""
    return _read(state.nats / "reach.json", Reach)


def server_file(state: StateFolder) -> Path:
    """What a region's server is told."""
    return state.nats / "server.json"


def tls_of(state: StateFolder, name: str) -> BrokerTls:
    """Files of an identity in a region's folder: `broker`, `control`, `host-r1.shop-1`."""
    return BrokerTls(state.identity / f"{name}.pem", state.identity / "trusted.pem")


def hosts_config(state: StateFolder, tls: BrokerTls | None, stream_bytes: int) -> BrokerConfig:
    """How hosts reach the broker: that of their region, else the one there is.

    Args:
        state: Their region's, or the fleet's where it has no regions.
        tls: Who the host is; not looked at where there are no regions.
        stream_bytes: What events may take.
    """
    room = min(stream_bytes, FILE_BYTES_MAX)
    if reach_of(state) is None:
        return BrokerConfig(url_file=url_file(state), stream_bytes=room)
    return _config(state, "hosts", tls, room)


def directory_config(state: StateFolder, tls: BrokerTls) -> BrokerConfig:
    """How a region's control process reaches the directory, or the head by the fleet's folder."""
    config = _config(state, "control" if state.region else "head", tls, STREAM_BYTES)
    return msgspec.structs.replace(
        config, heartbeat=HEARTBEAT, request_timeout=REQUEST_SECONDS, connect_timeout=6.0
    )


def _config(state: StateFolder, who: Who, tls: BrokerTls | None, room: int) -> BrokerConfig:
    file = "head.json" if who == "head" else "reach.json"
    reach = _read(state.nats / file, Reach)
    logs_in = {"hosts": logins.hosts_of(state.region), "control": logins.control_of(state.region)}
    login = logs_in.get(who, logins.HEAD)
    return BrokerConfig(
        url_file=state.nats / f"{who}.urls",
        stream_bytes=room,
        replicas=msgspec.convert(reach.replicas if reach else 1, Literal[1, 3, 5]),
        domain=logins.DOMAIN,
        identity=tls.identity if tls else None,
        authority=tls.authority if tls else None,
        inbox=logins.inbox_of(login),
        nearest_first=True,
    )


def _write(state: StateFolder, plan: BrokerPlan, own: Member) -> None:
    settings = server_settings(plan, own, state.nats, tls_of(state, "broker"))
    write_whole(server_file(state), json.dumps(settings, indent=1).encode())
    near = (own, *(one for one in plan.holders if one != own))
    _write_urls(state, "control", near, logins.control_of(own.region), own.control)
    _write_urls(state, "hosts", near, logins.hosts_of(own.region), own.hosts)
    _write_reach(state.nats / "reach.json", plan, own)


def _write_reach(file: Path, plan: BrokerPlan, own: Member) -> None:
    reach = Reach(plan.role(own.region), own.server, own.port, len(plan.holders))
    write_whole(file, msgspec.json.encode(reach))


def _write_urls(
    state: StateFolder, who: Who, members: Iterable[Member], login: str, password: str
) -> None:
    urls = ",".join(f"tls://{login}:{password}@{HOST}:{one.port}" for one in members)
    write_whole(state.nats / f"{who}.urls", urls.encode())


def _read(file: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
