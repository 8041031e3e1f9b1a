"""What the server of one region is told: a pure function of the plan of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.fleet.engine.brokers import logins
from hanse.fleet.engine.brokers.plan import HOST
from hanse.fleet.engine.nats import (
    CONNECTIONS_MAX,
    FILE_BYTES_MAX,
    MEMORY_BYTES_MAX,
    PAYLOAD_BYTES_MAX,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hanse.fleet.engine.brokers.plan import BrokerPlan, Member
    from hanse.fleet.engine.brokers.reach import BrokerTls

CLUSTER = "hanse"

DIRECTORY_BYTES_MAX = 64 * 1024 * 1024
"""Of the bucket; there is room for it beside the events, whatever they take."""


def server_settings(plan: BrokerPlan, own: Member, folder: Path, tls: BrokerTls) -> dict[str, Any]:
    """The configuration of one server.

    Args:
        plan: All brokers.
        own: Which one.
        folder: Where it keeps its streams, and nobody else anything.
        tls: Its identity, and whose others it believes.
    """
    role = plan.role(own.region)
    served = (own,) if role == "leaf" else plan.members
    told: dict[str, Any] = {
        "server_name": own.server,
        "host": HOST,
        "port": own.port,
        "tls": _tls(tls, handshake_first=True),  # not a word to who has no identity
        "accounts": logins.accounts(plan, served),
        "max_connections": CONNECTIONS_MAX,
        "max_payload": PAYLOAD_BYTES_MAX,
        "jetstream": {
            "domain": own.region if role == "leaf" else logins.DOMAIN,
            "store_dir": str(folder / role),  # what a server was before is not what it is now
            "max_memory_store": MEMORY_BYTES_MAX,
            "max_file_store": FILE_BYTES_MAX + DIRECTORY_BYTES_MAX,
            "sync_interval": "always",  # an acknowledged message outlives a fall of the machine
        },
    }
    if role == "leaf":
        return told | {"leafnodes": {"remotes": _remotes(plan, own, tls)}}
    told["leafnodes"] = {
        "host": HOST,
        "port": own.leaf_port,
        "tls": _tls(tls, handshake_first=True),
    }
    return told | {"cluster": _cluster(plan, own, tls)} if role == "holder" else told


def _cluster(plan: BrokerPlan, own: Member, tls: BrokerTls) -> dict[str, Any]:
    others = [one for one in plan.holders if one != own]
    login = f"{logins.ROUTE}:{plan.route}"
    return {
        "name": CLUSTER,
        "host": HOST,
        "port": own.route_port,
        "authorization": {"user": logins.ROUTE, "password": plan.route},
        "routes": [f"nats://{login}@{HOST}:{one.route_port}" for one in others],
        "tls": _tls(tls),
    }


def _remotes(plan: BrokerPlan, own: Member, tls: BrokerTls) -> list[dict[str, Any]]:
    """One an account: it logs in as its own clients, and may pass on what they may do."""
    accounts = (
        (logins.EVENTS_ACCOUNT, logins.hosts_of(own.region), own.hosts),
        (logins.DIRECTORY_ACCOUNT, logins.control_of(own.region), own.control),
    )
    return [
        {
            "urls": list(_urls(plan, login, password)),
            "account": account,
            "tls": _tls(tls, handshake_first=True),
        }
        for account, login, password in accounts
    ]


def _urls(plan: BrokerPlan, login: str, password: str) -> Iterable[str]:
    """All that hold the streams: one that is dead cuts nobody off."""
    return (f"tls://{login}:{password}@{HOST}:{one.leaf_port}" for one in plan.holders)


def _tls(tls: BrokerTls, **more: Any) -> dict[str, Any]:
    own, authority = str(tls.identity), str(tls.authority)
    return {"cert_file": own, "key_file": own, "ca_file": authority, "verify": True, **more}
