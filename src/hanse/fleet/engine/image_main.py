"""The process in an image: `python -m hanse.fleet.engine.image_main`, in the image's folder."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from hanse.kit.environment import variables
from hanse.runtime.project.failure import explain
from hanse.runtime.project.project import read_project
from hanse.runtime.project.serving import configure_logs, make_host, serve

log = logging.getLogger("hanse.serving")

EVERYWHERE = "0.0.0.0"  # noqa: S104 - a container has a network of its own
ENVIRONMENT = "HANSE_ENV"
PORT = 8000
"""Where `hanse.toml` says that its host has no open door, as one of a fleet would."""


class ImageOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What an image serves; paths are below its folder.

    Attributes:
        services: As the project lists them, `module:Class`.
        code: The folder their code is imported from.
        files: Folders of files, by the prefixes they are below.
    """

    services: tuple[str, ...]
    code: str
    files: Mapping[str, str] = {}


def main(given: Mapping[str, str]) -> int:
    """Serves on `[host] port` until SIGTERM, reachable from outside of the container.

    Args:
        given: The environment; `HANSE_ENV` names the one of `hanse.toml` that applies.

    Returns:
        1 when it cannot serve; the log says why.
    """
    configure_logs("json", sys.stdout)
    folder = Path.cwd()
    try:
        order = msgspec.json.decode((folder / "image.json").read_bytes(), type=ImageOrder)
        project = read_project(folder, given.get(ENVIRONMENT, ""))
        served = {prefix: folder / path for prefix, path in order.files.items()}
        project = project.built(folder / order.code, served)
        port = project.file.host.open_port or PORT
        host = make_host(project, given, order.services, address=EVERYWHERE, port=port)
        serve(host, lambda: log.info("%s is ready.", project.name))
    except Exception as error:  # noqa: BLE001 - whatever a project raises, its developer is told
        for sentence in explain(error, folder):
            log.error("%s", sentence)  # noqa: TRY400 - it names the place; a stack adds none
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(variables()))
