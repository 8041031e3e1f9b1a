"""A host of its own process that takes files of any size: `archive_process.py DATABASE-URL FOLDER`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

from hanse import (
    PUBLIC,
    Accepts,
    Database,
    DatabaseConfig,
    File,
    Files,
    FileStoreConfig,
    Host,
    HostConfig,
    Html,
    Secret,
    Service,
    form,
    rpc,
)

GIGABYTE = 1024**3


class Archive(Service):
    """Takes anything."""

    def __init__(self, files: Files, database: Database) -> None:
        self._files = files

    @rpc("GET /archive/v1/count", allow=PUBLIC)
    async def count(self) -> int:
        return 1

    @form("/archive/add", allow=PUBLIC)
    async def add(self, file: Annotated[File, Accepts(max_bytes=2 * GIGABYTE)]) -> Html:
        return Html(self._said(file))

    @rpc("POST /archive/v1/files", allow=PUBLIC, body="file")
    async def put(self, file: Annotated[File, Accepts(max_bytes=2 * GIGABYTE)]) -> str:
        return self._said(file)

    def _said(self, file: File) -> str:
        return f"{file.sha256} {file.size} {self._files.url(file)}"


async def main(url: str, folder: Path) -> None:
    config = HostConfig(
        database=DatabaseConfig(url=Secret(url), keys=folder.parent / "keys"),
        file_store=FileStoreConfig(folder=folder),
        gate=folder.parent / "gate",
        docs=False,
    )
    host = Host([Archive], config)
    async with host:
        print(host.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(sys.argv[1], Path(sys.argv[2])))
