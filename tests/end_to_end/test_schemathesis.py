"""A stranger reads the description of a real host and tries to prove it wrong."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import pytest

from hanse import Host, HostConfig
from hanse.runtime.contract.service import contract_of
from hanse.runtime.credentials.development import DevelopmentIssuer
from tests.end_to_end.library import PERMISSIONS, Library


@pytest.fixture
async def library(tmp_path):
    """A host, and a token that opens everything."""
    development = DevelopmentIssuer(tmp_path / "identity", time.time)
    config = HostConfig(issuers=(development.issuer(),))
    async with Host([Library], config) as host:
        yield host, development.mint("staff", "stranger", permissions=PERMISSIONS)


async def run(host: Host, token: str, folder: Path, *, examples: int, seed: int) -> str:
    """What schemathesis says of a host; empty when it found nothing."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{host.url}/openapi.json",
        "--checks", "all", "--header", f"Authorization: Bearer {token}", "--warnings", "off",
        "--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure",
        "--suppress-health-check", "all", "--no-color", "--generation-database", "none",
        "--phases", "examples,coverage,fuzzing",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder,
    )  # fmt: skip
    said, _ = await process.communicate()
    return said.decode() if process.returncode else ""


def successes(host: Host) -> dict[str, int]:
    """How many calls of each method went well."""
    model = contract_of(Library)
    assert model is not None
    return {
        method.name: host.metrics.of(method.service, method.rpc_name).codes.get("", 0)
        for method in model.methods.values()
    }


async def test_nothing_is_found_and_everything_was_tried(library, tmp_path):
    host, token = library
    assert await run(host, token, tmp_path, examples=5, seed=1) == ""
    assert [name for name, count in successes(host).items() if not count] == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
async def test_nothing_is_found_with_more_patience(library, tmp_path, seed):
    host, token = library
    assert await run(host, token, tmp_path, examples=200, seed=seed) == ""
    assert [name for name, count in successes(host).items() if not count] == []
