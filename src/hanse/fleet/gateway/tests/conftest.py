"""The world before which tests of the gateway stand."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from hanse.fleet.gateway.settings import GatewaySettings
from hanse.fleet.gateway.tests.world import NO_LIMIT, World, free_port


@pytest.fixture
def settings() -> GatewaySettings:
    """What a test may override."""
    return GatewaySettings(per_address=NO_LIMIT, per_key=NO_LIMIT)


@pytest.fixture
async def world(tmp_path: Path, settings: GatewaySettings) -> AsyncIterator[World]:
    ports = {"port": free_port(), "tls_port": free_port()}
    world = World(tmp_path, msgspec.structs.replace(settings, **ports))
    try:
        await world.start()
        yield world
    finally:
        await world.stop()
