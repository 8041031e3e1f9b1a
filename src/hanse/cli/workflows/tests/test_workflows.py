"""`hanse workflows` as an operator runs it: what is held is seen, mended and goes on."""

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest

from hanse.runtime.config.secret import Secret
from hanse.runtime.contract.service import Service
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.errors import FailedPrecondition
from hanse.runtime.host import Host
from hanse.runtime.host_config import HostConfig
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.workflows import Workflows
from hanse.testing import acting
from hanse.testing.servers.postgres_server import shared_server
from tests.end_to_end.terminal import hanse

PROJECT = '[project]\nname = "line"\nservices = ["hanse.runtime.workflows.tests.shop:Shop"]\n[keys]\nfolder = "keys"\n'


class Line(Service, package="line.v1"):
    """Stops at what is broken."""

    def __init__(self, workflows: Workflows) -> None:
        self.workflows = workflows
        self.broken = True
        self.name = "weld"

    @workflow(version=1)
    async def build(self, run: Run, part: str) -> str:
        await run.step(self.cut)
        if self.name == "weld":
            await run.step(self.weld)
        done = await run.step(self.paint, part)
        return done + (await run.signal("sold", str) or "")

    async def cut(self) -> None: ...
    async def weld(self) -> None: ...

    async def paint(self, part: str) -> str:
        if self.broken:
            raise FailedPrecondition("No paint.")
        return f"a red {part}, "


@pytest.fixture
async def url():
    made = await shared_server().create()
    yield made
    shared_server().drop(made)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "hanse.toml").write_text(PROJECT)
    return tmp_path


async def test_what_fails_and_what_is_held_is_seen_mended_and_goes_on(
    project: Path, url: str
) -> None:
    async def ask(*words: str, code: int = 0) -> str:
        run = partial(hanse, "workflows", *words, folder=project, HANSE_DATABASE__URL=url)
        done = await asyncio.to_thread(run)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    config = DatabaseConfig(url=Secret(url), keys=project / "keys")
    async with Host([Line], HostConfig(database=config)) as host:
        line = host._services[0]
        flows, catch_up = line.workflows, host.database.upkeep.catch_up
        with acting():
            made = await flows.start(line.build, "boat")
            with pytest.raises(FailedPrecondition):
                await flows.result(line.build, made)
            (failed,) = map(
                json.loads, (await ask("list", "--state", "ended", "--json")).splitlines()
            )
            assert (failed["id"], failed["state"], failed["error"]) == (made, "failed", "No paint.")
            page = ("list", "--site", "default", "--workflow", "line.v1.Line/Build", "--state")
            assert json.loads(await ask(*page, "failed", "--json")) == failed
            assert "There are none" in await ask(*page, "done")
            assert "one site and one workflow" in await ask("list", "--prefix", "x", code=1)
            line.broken = False
            await ask("retry", made)
            await catch_up()
            assert (await flows.get(line.build, made)).state == "waiting"
            line.name = "glue"
            await flows.signal(line.build, made, "sold", "sold")
            await catch_up()
            shown = await ask("list")
            assert "held" in shown
            assert "the code asks" in " ".join(shown.split())
            told = json.loads(await ask("journal", made, "--json"))
            names = [entry["name"] for entry in told["entries"]]
            assert names == ["cut", "weld", "paint", "sold"]
            line.name = "weld"
            await ask("resume", made)
            assert await flows.result(line.build, made) == "a red boat, sold"
            assert "and not held" in await ask("resume", made, code=1)
            other = await flows.start(line.build, "car")
            await catch_up()
            found = json.loads(await ask("versions", "--json"))
            assert found == {
                "workflow": "line.v1.Line/Build", "version": 1, "instances": 1, "hosts": 1,
                "in_release": False,
            }  # fmt: skip
            assert "no code for what is under way" in await ask("versions", "--check", code=1)
            await ask("cancel", other)
            await catch_up()
            assert (await flows.get(line.build, other)).state == "canceled"
