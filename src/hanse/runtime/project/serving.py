"""Runs the services of a project in this process, with its logs, until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from typing import TYPE_CHECKING, Any, Literal, TextIO

import uvloop

from hanse.runtime.broker.broker_table import read_broker
from hanse.runtime.call.context import running
from hanse.runtime.host import Host
from hanse.runtime.mail.mail_table import read_mail
from hanse.runtime.telemetry.log import configure
from hanse.runtime.wiring import inbox_beside

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from hanse.runtime.project.project import Project

log = logging.getLogger("hanse.serving")


def make_host(
    project: Project,
    variables: Mapping[str, str],
    only: Collection[str] | None = None,
    **changes: Any,
) -> Host:
    """The host of a project's services, not yet running.

    Args:
        project: What to serve.
        variables: The environment: settings, the pepper, database, broker and mail come from it.
        only: Which services, as `module:Class`; None for all.
        **changes: Fields of `HostConfig` that are not as the project has them.

    Raises:
        Exception: Whatever is wrong with the services; `explain` puts it into words.
    """
    url, keys = project.database_url(variables), project.file.keys.path(project.folder)
    given: dict[str, Any] = {
        "pepper": project.pepper(variables),
        "database": project.file.database.config(url, keys=keys) if url else None,
        "broker": read_broker(project.file.broker, project.sources(variables)),
        "mail": read_mail(project.file.mail, project.sources(variables), project.folder),
        "file_store": project.file_store(variables),
    }
    config = project.host_config(**(given | changes))
    folders = project.files()
    services = project.services(only)
    services += inbox_beside(services, config.mail)
    host = Host(services, config, sources=project.sources(variables))
    for served in folders:
        host.files(served.prefix, served.folder, served.max_age)
    return host


def serve(host: Host, ready: Callable[[], None]) -> None:
    """Runs a host on uvloop until SIGTERM or SIGINT, then drains it.

    Args:
        host: What to run.
        ready: Called once requests are answered.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(host, ready))


async def _serve(host: Host, ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with host:
        _spare_collections()
        ready()
        await stopping.wait()
        log.info("Draining: running requests finish, new ones are refused.")


def _spare_collections() -> None:
    """Lets the garbage collector look at what requests leave, not at what was there before.

    Modules, contracts and whatever services keep from their start live as long as the process; each
    full collection would walk over all of it. And a request makes more objects than the default of
    700 that the youngest generation is collected after.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def configure_logs(style: Literal["json", "console"], stream: TextIO | None = None) -> None:
    """Writes all logs of the process to one stream, each line with the call it belongs to."""
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    configure(root, stream or sys.stderr, style, _call_fields)


def _call_fields() -> dict[str, str]:
    call = running.get()
    if call is None:
        return {}
    context = call.context
    principal = context.principal
    return {
        "method": call.name,
        "site": context.site,
        "principal": f"{principal.kind}:{principal.id}" if principal.id else principal.kind,
        "trace_id": context.trace_id,
    }
