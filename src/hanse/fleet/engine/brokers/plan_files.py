"""The files by which the brokers of all regions start, and are found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.engine.brokers import logins
from hanse.fleet.engine.brokers.plan import HOST, BrokerPlan, check_grown, planned
from hanse.fleet.engine.brokers.reach import Reach, read, tls_of
from hanse.fleet.engine.brokers.server_file import server_settings
from hanse.fleet.state import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from hanse.fleet.engine.brokers.plan import Member
    from hanse.fleet.engine.brokers.reach import Who
    from hanse.fleet.state import StateFolder

PLAN = "plan.json"


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
    plan = planned(regions, read(head.nats / PLAN, BrokerPlan))
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
    before = read(head.nats / PLAN, BrokerPlan)
    if before is not None:
        check_grown(before, regions, running=running)


def server_file(state: StateFolder) -> Path:
    """What a region's server is told."""
    return state.nats / "server.json"


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
