"""Serves a project from the command line: with the environment as it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.kit.environment import variables
from hanse.runtime.project import serving

if TYPE_CHECKING:
    from hanse.runtime.host import Host
    from hanse.runtime.project.project import Project

log = serving.log
serve = serving.serve
configure_logs = serving.configure_logs


def make_host(project: Project, **changes: Any) -> Host:
    """The host of all a project's services, not yet running.

    Raises:
        Exception: Whatever is wrong with the services; `explain` puts it into words.
    """
    return serving.make_host(project, variables(), **changes)
