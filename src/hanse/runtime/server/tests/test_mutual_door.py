"""The door for other machines: whose certificate is believed what, and what happens as files change."""

from __future__ import annotations

import ssl
from datetime import timedelta

import pytest
from cryptography import x509

from hanse.fleet.identity.tests.realm import FORGED, Realm, calling, now
from hanse.runtime.mutual.tls import Tls
from hanse.runtime.remote.frames import LINK_PATH
from hanse.runtime.server.tests.test_trust import NOBODY, context
from hanse.runtime.server.tests.wire import Peer, connect, get, post

UPGRADE = ("Connection: Upgrade", "Upgrade: hanse-link")
ACME = "Hanse-Site: acme"


@pytest.fixture
def realm(tmp_path) -> Realm:
    return Realm(tmp_path)


@pytest.fixture
async def fortress(serve, realm):
    return await serve(port=None, mutual_port=0, tls=realm.issue())


async def visit(host, tls: Tls) -> Peer:
    """A connection by an identity, which asks for no name, as the gateway does."""
    return await Peer.tcp(host, ssl=calling(tls), server_hostname="")


async def refused(host, context: ssl.SSLContext) -> bool:
    """Whether not one byte of an answer comes. TLS 1.3 tells a client only when it reads."""
    try:
        async with await Peer.tcp(host, ssl=context, server_hostname="") as peer:
            await peer.send(connect("Inside", {"text": "a"}, "Hanse-Context: {}"))
            return await peer.closed() == b""
    except (ssl.SSLError, ConnectionError):
        return True


async def test_a_host_is_believed_for_whom_it_calls(fortress, realm):
    async with await visit(fortress, realm.issue("host", "r2.shop-1", region="r2")) as peer:
        assert (await peer.ask(connect("Inside", {"text": "a"}, context()))).json == {"text": "a"}
        assert (await peer.ask(get("/desk/v1/who", context()))).json["site"] == "victim"


async def test_a_gateway_is_believed_the_site_it_names_and_nothing_else(fortress, realm, gates):
    async with await visit(fortress, realm.issue("gateway", region="r2")) as peer:
        assert (await peer.ask(get("/desk/v1/who", context()))).json == NOBODY
        assert (await peer.ask(get("/desk/v1/who", ACME))).json == NOBODY | {"site": "acme"}
        assert (await peer.ask(post("/desk/v1/secrets", {}, context()))).status == 401
        assert (await peer.ask(connect("Inside", {"text": "a"}, context()))).status in {404, 501}
        assert (await peer.ask(get("/metrics", context()))).status == 404
        assert (await peer.ask(get(LINK_PATH, *UPGRADE))).status == 404
    assert "inside" not in gates.begun


async def test_a_host_is_not_believed_what_only_a_gate_is(fortress, realm):
    async with await visit(fortress, realm.issue("host", "r2.shop-1", region="r2")) as peer:
        assert (await peer.ask(get("/desk/v1/who", ACME))).json == NOBODY


@pytest.mark.parametrize("kind", FORGED)
async def test_who_is_no_process_of_ours_is_not_even_heard(fortress, realm, gates, kind):
    assert await refused(fortress, calling(realm.forged(kind)))
    assert gates.begun == []
    assert not fortress.connections


async def test_a_control_process_calls_no_host_and_is_not_let_in(fortress, realm, gates):
    assert await refused(fortress, calling(realm.issue("control", region="r2")))
    assert gates.begun == []


async def test_nor_is_who_shows_nothing_or_is_of_another_project(fortress, realm, gates, tmp_path):
    nothing = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    nothing.check_hostname, nothing.verify_mode = False, ssl.CERT_NONE
    namesake = Realm(tmp_path / "namesake", realm.project)  # the same name, another root
    for other in (nothing, calling(namesake.issue()), calling(Realm(tmp_path / "o", "o").issue())):
        assert await refused(fortress, other)
    assert gates.begun == []


async def test_a_host_without_a_trust_domain_lets_in_whom_its_authority_signs(serve, realm):
    plain = realm.forged("of nobody")
    alone = Tls(plain.certificate, plain.key, plain.authority)
    host = await serve(port=None, mutual_port=0, tls=alone)
    async with await visit(host, alone) as peer:
        assert (await peer.ask(connect("Inside", {"text": "a"}, context()))).json == {"text": "a"}


async def test_no_ticket_spares_a_certificate_that_has_run_out_meanwhile(fortress, realm):
    async with await visit(fortress, realm.issue()) as peer:
        await peer.ask(get("/desk/v1/who"))
        assert not peer.writer.get_extra_info("ssl_object").session.has_ticket


# Files that change


async def shown(host, tls: Tls) -> x509.Certificate:
    """What a host shows to whoever comes now."""
    async with await visit(host, tls) as peer:
        found = peer.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(found)


async def test_new_handshakes_go_by_what_is_there_and_open_connections_go_on(serve, realm):
    # given
    region = realm.region()
    tls = region.issue("host", "r1.desk-1", now=now())
    host = await serve(port=None, mutual_port=0, tls=tls)
    first = await shown(host, tls)
    async with await visit(host, tls) as open_before:
        await open_before.ask(get("/desk/v1/who"))
        for number in range(1, 4):
            # when
            region.renew(now() + number * timedelta(minutes=31))
            host._doors.look()
            # then
            assert await shown(host, tls) != first
            first = await shown(host, tls)
            assert (await open_before.ask(get("/desk/v1/who"))).status == 200


async def test_who_is_trusted_follows_the_file_too(serve, realm, tmp_path):
    # given
    tls = realm.issue()
    host = await serve(port=None, mutual_port=0, tls=tls)
    another = Realm(tmp_path / "another", realm.project)
    stranger = another.issue()
    assert await refused(host, calling(stranger))
    # when the project has another root
    another.replace(realm, "r1.desk-1")
    host._doors.look()
    # then
    async with await visit(host, stranger) as peer:
        assert (await peer.ask(get("/desk/v1/who"))).status == 200
    assert await refused(host, calling(realm.issue(name="r1.desk-2")))


async def test_files_that_cannot_be_used_change_nothing_and_it_is_said_once(serve, realm, caplog):
    # given
    tls = realm.issue()
    host = await serve(port=None, mutual_port=0, tls=tls)
    first = await shown(host, realm.issue("gateway"))
    # when
    realm.damage("r1.desk-1")
    host._doors.look()
    host._doors.look()
    # then
    assert await shown(host, realm.issue("gateway")) == first
    assert len([one for one in caplog.records if "identity cannot be read" in one.message]) == 1
