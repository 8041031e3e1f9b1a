"""Credentials that are taken back count no more, at once, on connections that are open already."""

from __future__ import annotations

import time

import pytest

from hanse.runtime.credentials.development import DevelopmentIssuer
from hanse.runtime.server.tests.wire import get


@pytest.fixture
def issuer(tmp_path):
    return DevelopmentIssuer(tmp_path / "identity", time.time)


@pytest.fixture
async def guarded(serve, issuer):
    return await serve(issuers=(issuer.issuer(),))


async def test_a_revoked_principal_is_refused_with_the_next_request(guarded, issuer, connect_to):
    ada, eve = (
        get("/desk/v1/me", f"Authorization: Bearer {issuer.mint('member', who)}")
        for who in ("ada", "eve")
    )
    peer = await connect_to(guarded)
    seen = [(await peer.ask(who)).json["text"] for who in (ada, ada, eve, ada)]
    assert seen == ["ada", "ada", "eve", "ada"]

    guarded.authenticator.revoke_principal("ada", until=time.time() + 3600)

    assert [(await peer.ask(who)).status for who in (ada, eve, ada)] == [401, 200, 401]


async def test_where_nobody_can_sign_in_there_is_nobody_to_revoke(host):
    assert host.authenticator is None
