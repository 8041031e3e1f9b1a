"""Who signs in at a host's open door with an API key."""

from __future__ import annotations

import pytest

from hanse import SIGNED_IN, Host, HostConfig, Principal, Secret, Service, current, rpc
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.credentials.api_key import KeyMint
from hanse.testing import HttpClient

PEPPER = Secret("a pepper that is long enough")


class Mirror(Service):
    """Tells callers who they are."""

    @rpc("GET /mirror/v1/me", allow=SIGNED_IN)
    async def me(self) -> str:
        return f"{current().principal.kind}:{current().principal.id}@{current().site}"


@pytest.fixture
def minted():
    return KeyMint(PEPPER).mint(Principal("app", "robot"), site="shop")


async def asked_with(key: str, config: HostConfig) -> tuple[int, object]:
    async with Host([Mirror], config) as host:
        client = HttpClient(host.url, headers={"authorization": f"Bearer {key}"})
        answer = await client.get("/mirror/v1/me")
        return answer.status, answer.json


async def test_a_known_key_stands_for_its_principal_and_site(minted):
    key, stored = minted
    answer = await asked_with(key, HostConfig(api_keys=(stored,), pepper=PEPPER))
    assert answer == (200, "app:robot@shop")


async def test_another_key_is_refused(minted):
    _, stored = minted
    other, _ = KeyMint(PEPPER).mint(Principal("app", "robot"))
    status, _ = await asked_with(other, HostConfig(api_keys=(stored,), pepper=PEPPER))
    assert status == 401


async def test_a_host_without_keys_accepts_none(minted):
    key, _ = minted
    status, _ = await asked_with(key, HostConfig())
    assert status == 401


def test_keys_without_their_pepper_are_a_mistake(minted):
    _, stored = minted
    with pytest.raises(ConfigurationError, match="pepper"):
        Host([Mirror], HostConfig(api_keys=(stored,)))
