"""The process that serves in development: the platform loaded ahead, a project on order."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.cli.dev.database import KEYS
from hanse.cli.dev.sample import sample_curl
from hanse.cli.pepper import pepper_for_development
from hanse.cli.serving import configure_logs, make_host, serve
from hanse.cli.serving import log as serving_log
from hanse.kit.clock import unix_ns
from hanse.kit.environment import variables
from hanse.runtime.broker.broker_config import BrokerConfig
from hanse.runtime.broker.broker_table import read_broker
from hanse.runtime.config.secret import Secret
from hanse.runtime.contract.describe import describe
from hanse.runtime.contract.service import contract_of
from hanse.runtime.credentials.development import DevelopmentIssuer
from hanse.runtime.mail.mail_config import MailConfig
from hanse.runtime.mail.mail_table import read_mail
from hanse.runtime.project.failure import explain
from hanse.runtime.project.project import Project, read_project
from hanse.runtime.wiring import inbox_beside, wants_broker, wants_database

if TYPE_CHECKING:
    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.host import Host

DRAIN_SECONDS = 5.0
ORPHAN_SECONDS = 2.0


class Order(msgspec.Struct, frozen=True):
    """What a worker is told to do.

    Attributes:
        folder: The project's.
        listener: Descriptor of the listening socket.
        url: What that socket is called by, for the example that is shown.
        state: Where key and traces are.
        environment: Which one of `hanse.toml` applies.
        debug_port: Where a debugger may attach; 0 for nowhere.
        local: Whether only this machine reaches it, so that an inbox may show letters.
        database: URL of the database that development has; empty while nobody has asked for one.
        broker: And that of its broker.
    """

    folder: str
    listener: int
    url: str
    state: str
    environment: str
    debug_port: int
    local: bool = False
    database: str = ""
    broker: str = ""


class Report(msgspec.Struct, frozen=True):
    """What a worker answers, once.

    Attributes:
        problems: Why it cannot serve; empty when it does.
        curl: A line to try it with.
        wants_database: Its services need a database and nobody named one, so it has ended.
        wants_broker: The same with a broker.
        inbox: Whether what it mails is shown, as no server is named.
    """

    problems: list[str] = []
    curl: str = ""
    inbox: bool = False
    wants_database: bool = False
    wants_broker: bool = False


def main() -> None:
    """Waits for an order on the channel, whose descriptor is the first argument, and obeys it."""
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    _load_ahead()
    line = channel.line()
    if line:
        configure_logs("console")
        serving_log.setLevel(logging.WARNING)  # an end at every save is no news
        sys.exit(_carry_out(msgspec.json.decode(line, type=Order), channel))


class Channel:
    """The line to the process that started this one. When it closes, that process is gone."""

    def __init__(self, ends: socket.socket) -> None:
        self._ends = ends
        self._lines = ends.makefile("rb")

    def line(self) -> bytes:
        """Waits for what is said next; empty when nothing will be."""
        return self._lines.readline()

    def report(self, report: Report) -> None:
        self._ends.sendall(msgspec.json.encode(report) + b"\n")


def _load_ahead() -> None:
    """Imports what every worker comes to need, before there is an order to be quick about."""
    for module in ("joserfc.jws", "joserfc.jwk", "hanse", "hanse.runtime.credentials.token"):
        importlib.import_module(module)
    importlib.import_module("hanse.runtime.credentials.authenticator")


def _carry_out(order: Order, channel: Channel) -> int:
    folder = Path(order.folder)
    try:
        project = read_project(folder, order.environment)
        if _lacks_database(project, order):
            channel.report(Report(wants_database=True))
            return 0
        if _lacks_broker(project, order):
            channel.report(Report(wants_broker=True))
            return 0
        host = _development_host(project, order)
        contracts = [describe(one) for one in map(contract_of, project.services()) if one]
        curl = sample_curl(order.url, contracts)
        channel.line()  # the worker before this one has left
        threading.Thread(target=_end_with_parent, args=(channel,), daemon=True).start()
        if order.debug_port:
            _open_debugger(order.debug_port)
            host.deadlines.pause()
        inbox = bool(inbox_beside(project.services(), _mail(project, order)))
        serve(host, lambda: channel.report(Report(curl=curl, inbox=inbox)))
    except Exception as error:  # noqa: BLE001 - whatever a project raises, its developer is told
        channel.report(Report(problems=explain(error, folder)))
        return 1
    return 0


def _lacks_database(project: Project, order: Order) -> bool:
    named = order.database or project.database_url(variables())
    return not named and wants_database(project.services())


def _lacks_broker(project: Project, order: Order) -> bool:
    return _broker(project, order) is None and wants_broker(project.services())


def _development_host(project: Project, order: Order) -> Host:
    state = Path(order.state)
    issuer = DevelopmentIssuer(state, lambda: unix_ns() / 1e9).issuer()
    limits = project.file.host.limits
    quick = min(limits.drain_timeout, DRAIN_SECONDS)
    return make_host(
        project,
        database=_database(project, order),
        broker=_broker(project, order),
        mail=_mail(project, order),
        listener=order.listener,
        issuers=(*project.file.issuers, issuer),
        pepper=pepper_for_development(project),
        trace_folder=state / "traces",
        open_metrics=True,
        limits=msgspec.structs.replace(limits, drain_timeout=quick),
    )


def _database(project: Project, order: Order) -> DatabaseConfig | None:
    """That of the project, else the one of development; its keyring is made without being asked."""
    own = Path(order.state) / KEYS
    if order.database:
        return project.file.database.config(Secret(order.database), keys=own)
    url, keys = project.database_url(variables()), project.file.keys.path(project.folder, own)
    return project.file.database.config(url, keys=keys) if url else None


def _broker(project: Project, order: Order) -> BrokerConfig | None:
    """That of the project, else the one of development."""
    if order.broker:
        return BrokerConfig(url=Secret(order.broker))
    return read_broker(project.file.broker, project.sources(variables()))


def _mail(project: Project, order: Order) -> MailConfig | None:
    """That of the project; else an inbox, where nobody but this machine sees it.

    Who names domains has something before the gateway that others reach.
    """
    sources = project.sources(variables())
    named = read_mail(project.file.mail, sources, project.folder)
    alone = order.local and not project.file.gateway.domains
    return named or (MailConfig() if alone else None)


def _open_debugger(port: int) -> None:
    import debugpy  # noqa: T100 - a debugger is what was asked for

    # In this process, so that the port is free again when the next one comes.
    debugpy.listen(("127.0.0.1", port), in_process_debug_adapter=True)  # noqa: T100 - as above


def _end_with_parent(channel: Channel) -> None:
    """Ends the process when the one that started it is gone, however that came."""
    # The debugger would stop this thread with all others.
    vars(threading.current_thread())["pydev_do_not_trace"] = True
    channel.line()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ORPHAN_SECONDS)
    os._exit(1)
