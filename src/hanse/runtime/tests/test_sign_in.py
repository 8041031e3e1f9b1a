"""Who signs in at a host's open door with an API key."""

from __future__ import annotations

import asyncio
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from hanse import SIGNED_IN, Host, HostConfig, Principal, Secret, Service, current, rpc
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.credentials.api_key import KeyMint
from hanse.runtime.credentials.issuer import Issuer
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


SENT_MAX = 32 * 1024 * 1024
"""Far more than the buffers between two sockets hold: who still sends then is being read."""


async def signed_in_by(write_keys) -> tuple[int, int]:
    """The status for a good token whose issuer sends its keys so, and bytes it could send."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())) | {"kid": "1"}
    sent: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        sent.set_result(await write_keys(writer, json.dumps({"keys": [public]}).encode()))
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        issuer = Issuer(
            issuer="https://id.example", audience=("hanse",), algorithms=("ES256",), typ=None,
            jwks_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys",
        )  # fmt: skip
        claims = {"iss": "https://id.example", "aud": "hanse", "sub": "1", "kind": "app"}
        token = jwt.encode(claims | {"exp": 4_000_000_000}, key, "ES256", {"kid": "1"})
        status, _ = await asked_with(token, HostConfig(issuers=(issuer,)))
        return status, await asyncio.wait_for(sent, 10)


async def test_keys_of_an_issuer_are_fetched():
    async def write(writer, keys):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(keys) + keys)
        return 0

    assert await signed_in_by(write) == (200, 0)


async def test_a_key_set_that_never_ends_is_not_read_on():
    async def write(writer, keys):
        size = 0
        try:
            writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + keys)
            while size < SENT_MAX:
                writer.write(b" " * 65_536)
                await writer.drain()
                size += 65_536
        except ConnectionError:
            pass
        return size

    status, sent = await signed_in_by(write)
    assert status == 503
    assert sent < SENT_MAX
