"""The process of a host: `python -m hanse.fleet.engine.host_main ORDER.json`."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.fleet.database_url import database_url
from hanse.fleet.engine.brokers.reach import hosts_config, tls_of
from hanse.fleet.engine.host_order import DRAIN_SECONDS, HostOrder
from hanse.fleet.state import StateFolder, write_whole
from hanse.kit.environment import variables
from hanse.runtime.broker.broker_table import read_broker
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.mail.mail_config import MailConfig
from hanse.runtime.mail.mail_table import read_mail
from hanse.runtime.project.failure import explain
from hanse.runtime.project.project import read_project
from hanse.runtime.project.serving import configure_logs, make_host, serve
from hanse.runtime.wiring import wants_broker, wants_database

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.runtime.broker.broker_config import BrokerConfig
    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.host import Host
    from hanse.runtime.project.project import Project

log = logging.getLogger("hanse.serving")


def main(arguments: list[str], given: Mapping[str, str]) -> int:
    """Serves until SIGTERM.

    Args:
        arguments: Path of the order first.
        given: The environment.

    Returns:
        1 when it cannot serve; why stands in the log, and as lines in the host's `.problems`.
    """
    configure_logs("json")
    order = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=HostOrder)
    state = StateFolder(Path(), order.region)
    problems = state.problems(order.name)
    folder = Path.cwd()

    def ready() -> None:
        problems.unlink(missing_ok=True)
        if order.tls is not None:
            write_whole(state.mutual(order.name), host.url.encode())
        log.info("%s is ready.", order.name, extra={"services": list(order.services)})

    try:
        settings = folder / order.settings if order.settings else None
        project = read_project(folder, order.environment, settings)
        served = {prefix: folder / path for prefix, path in order.files.items()}
        project = project.built(folder / order.code, served)
        host = _host(project, order, state, given)
        state.mutual(order.name).unlink(missing_ok=True)  # of another life, at another port
        serve(host, ready)
    except Exception as error:  # noqa: BLE001 - whatever a project raises, its developer is told
        said = explain(error, folder / order.code)
        for sentence in said:
            log.error("%s", sentence)  # noqa: TRY400 - it names the place; a stack adds none
        write_whole(problems, "\n".join(said).encode())
        return 1
    return 0


def _host(project: Project, order: HostOrder, state: StateFolder, given: Mapping[str, str]) -> Host:
    limits = project.file.host.limits
    drain = min(limits.drain_timeout, DRAIN_SECONDS)  # what whoever stops it waits for
    doors: dict[str, Any] = {
        # Nobody reaches a host but by these: whatever [host] of the project says of ports is for
        # hosts that stand alone.
        "port": None,
        "mutual_port": None if order.tls is None else 0,
        "tls": order.tls,
        "socket": state.socket(order.name),
        "gate": state.gate(order.name),
    }
    return make_host(
        project,
        given,
        order.services,
        name=order.name,
        directory_file=state.directory,
        shares_file=state.shares,
        stall_file=state.stall(order.name),
        trace_folder=state.traces,
        issuers=(*project.file.issuers, *order.issuers),
        limits=msgspec.structs.replace(limits, drain_timeout=drain),
        database=_database(project, order, state, given),
        broker=_broker(project, order, state, given),
        mail=_mail(project, order, given),
        **doors,
    )


def _database(
    project: Project, order: HostOrder, state: StateFolder, given: Mapping[str, str]
) -> DatabaseConfig | None:
    """That of the project; else the embedded one, for hosts that need it: others do not wait."""
    url, own = project.database_url(given), None
    if url is None and wants_database(project.services(order.services)):
        url, own = Secret(database_url(state)), state.keys
    keys = project.file.keys.path(project.folder, own)
    if url is None:
        return None
    shared, is_own = state.connections, own is not None
    return project.file.database.config(url, keys=keys, shared=shared, own=is_own)


def _broker(
    project: Project, order: HostOrder, state: StateFolder, given: Mapping[str, str]
) -> BrokerConfig | None:
    """That of the project; else the embedded one of its region, for hosts that have events."""
    table = project.file.broker
    named = read_broker(table, project.sources(given))
    if named is not None or not wants_broker(project.services(order.services)):
        return named
    return hosts_config(state, tls_of(state, f"host-{order.name}"), table.stream_bytes)


def _mail(project: Project, order: HostOrder, given: Mapping[str, str]) -> MailConfig | None:
    """That of the project; else an inbox, where nobody but this machine sees it.

    Who names domains has something before the gateway that others reach.
    """
    named = read_mail(project.file.mail, project.sources(given), project.folder)
    alone = order.inbox and not project.file.gateway.domains
    return named or (MailConfig() if alone else None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], variables()))
