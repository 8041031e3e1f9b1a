"""The process that deploys: `python -m hanse.fleet.deployments.main`, in the project's folder."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from hanse.fleet.control.staging.api import Staging
from hanse.fleet.database_url import database_url
from hanse.fleet.deployments.beginning import Placed
from hanse.fleet.deployments.deployer import Deployer
from hanse.fleet.state import StateFolder
from hanse.kit import environment
from hanse.runtime.config.secret import Secret
from hanse.runtime.contract.service import contract_of
from hanse.runtime.host import Host
from hanse.runtime.host_config import HostConfig
from hanse.runtime.project.failure import explain
from hanse.runtime.project.project import read_project
from hanse.runtime.telemetry.log import configure

if TYPE_CHECKING:
    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.project.project import Project

log = logging.getLogger("hanse.deployer")


def main(placed: str, variables: Mapping[str, str]) -> int:
    """Deploys until it is asked to stop; what is under way goes on in the next one.

    Args:
        placed: Which environment of the project.
        variables: The environment.

    Returns:
        1 when it cannot work here; why is in the log.
    """
    os.umask(0o077)
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    configure(root, sys.stderr, "json", dict)
    state = StateFolder(Path())
    try:
        project = read_project(Path.cwd(), placed)
        config = _config(project, state, variables)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            here = {Placed: Placed(placed)}
            runner.run(Host([Deployer], config, provided=here).run())
    except Exception as error:  # noqa: BLE001 - whatever it is, an operator is told
        for sentence in explain(error, Path.cwd()):
            log.error("%s", sentence)  # noqa: TRY400 - it names the place; a stack adds none
        return 1
    return 0


def _config(project: Project, state: StateFolder, variables: Mapping[str, str]) -> HostConfig:
    staging = contract_of(Staging)
    assert staging is not None
    return HostConfig(
        name="deployer",
        port=None,
        socket=state.deployer_socket,
        docs=False,
        directory={staging.full_name: (f"unix:{state.control_socket}",)},
        database=_database(project, state, variables),
    )


def _database(project: Project, state: StateFolder, variables: Mapping[str, str]) -> DatabaseConfig:
    """That of the project; else the embedded one."""
    named = project.database_url(variables)
    url, own = named or Secret(database_url(state)), named is None
    keys = project.file.keys.path(project.folder, state.keys if own else None)
    return project.file.database.config(url, keys=keys, shared=state.connections, own=own)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], environment.variables()))
