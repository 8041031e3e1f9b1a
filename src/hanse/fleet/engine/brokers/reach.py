"""How the broker of a region is reached, by the files that say so.

Each host imports this: so it knows nothing of how brokers are planned and kept running.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

import msgspec

from hanse.fleet.engine.brokers import logins
from hanse.runtime.broker.broker_config import STREAM_BYTES, BrokerConfig

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.fleet.state import StateFolder

T = TypeVar("T")

Who = Literal["hosts", "control", "head"]

FILE_BYTES_MAX = 2 * 1024 * 1024 * 1024
"""What one broker keeps."""

HEARTBEAT = 1.0
"""Seconds between signs of life of what the directory is followed by."""

REQUEST_SECONDS = 3.0
"""For the answer to what is asked or told of the directory."""


class BrokerTls(NamedTuple):
    """Files of an identity: who somebody is to brokers, and which brokers are believed.

    Attributes:
        identity: PEM with certificates and their key.
        authority: PEM with the certificates that others' must come from.
    """

    identity: Path
    authority: Path


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


def url_file(state: StateFolder) -> Path:
    """Says where its hosts find it, with the password; they read it whenever they connect."""
    return state.nats / "url"


def reach_of(state: StateFolder) -> Reach | None:
    """What a region is told of its broker; None where there are no regions."""
    return read(state.nats / "reach.json", Reach)


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
    reach = read(state.nats / file, Reach)
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


def read(file: Path, kind: type[T]) -> T | None:
    """What a file says; None if it says nothing that can be understood."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
