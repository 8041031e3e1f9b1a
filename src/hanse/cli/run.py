"""`hanse run`: serves a project as a deployment does: JSON logs, a graceful end."""

from __future__ import annotations

import sys

from hanse.cli.listener import open_listener, url_of
from hanse.cli.place import open_project
from hanse.cli.refusal import Refused
from hanse.cli.serving import configure_logs, log, make_host, serve
from hanse.runtime.project.failure import explain


def run(environment: str, port: int | None) -> None:
    """Serves until SIGTERM.

    Raises:
        Refused, ConfigurationError: It cannot start.
    """
    configure_logs("json", sys.stdout)
    project = open_project(environment)
    table = project.file.host
    wanted = table.open_port if port is None else port
    listener = None if wanted is None else open_listener(table.address, wanted)

    def ready() -> None:
        told = {"url": url_of(listener)} if listener else {}
        told["environment"] = environment or "none"
        log.info("%s is ready.", project.name, extra=told)

    try:
        host = make_host(project, listener=listener.fileno() if listener else None)
        serve(host, ready)
    except Exception as error:
        raise Refused(*explain(error, project.folder)) from error
