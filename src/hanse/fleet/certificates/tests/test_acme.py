"""ACME against Pebble, the server Let's Encrypt tests its own clients with; and without any."""

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509

from hanse.fleet.certificates.acme_renewal import AcmeRenewal, AcmeWish
from hanse.fleet.certificates.tests.pebble import Pebble, free_ports
from hanse.kit.clock import ManualClock

PATH = "/.well-known/acme-challenge/"
MINUTE = timedelta(minutes=1)


class Responder(ThreadingHTTPServer):
    """Where the domain leads: shows what it was told."""

    daemon_threads = True

    def __init__(self) -> None:
        self.shown: dict[str, str] = {}
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Answer)


class Answer(BaseHTTPRequestHandler):
    server: Responder

    def do_GET(self) -> None:
        self.server.asked.append(f"{self.headers['host'].partition(':')[0]}{self.path}")
        answer = self.server.shown.get(self.path.removeprefix(PATH))
        self.send_response(404 if answer is None else 200)
        self.end_headers()
        self.wfile.write((answer or "").encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def responder() -> Iterator[Responder]:
    with Responder() as server:
        thread = threading.Thread(target=partial(server.serve_forever, 0.05))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def pebble(tmp_path_factory: pytest.TempPathFactory, responder: Responder) -> Iterator[Pebble]:
    server = Pebble(tmp_path_factory.mktemp("pebble"), responder.server_port)
    with server.running():
        yield server


class Site:
    """A project with domains, whose gateway is the responder."""

    def __init__(self, folder: Path, responder: Responder, directory: str, roots: str = "") -> None:
        self.folder = folder
        self.responder = responder
        self.clock = ManualClock(datetime.now(UTC))
        self.wish = AcmeWish(directory, "ops@shop.example", ("shop.example",), roots)
        self.told: list[set[str]] = []
        self.is_deaf = False
        self.begin_anew()

    def begin_anew(self) -> None:
        self.renewal = AcmeRenewal(self.folder, self.wish, clock=self.clock, tell=self.tell)

    async def tell(self) -> None:
        self.told.append(set(self.renewal.certificates()))
        self.responder.shown = {} if self.is_deaf else dict(self.renewal.challenges)

    async def renew(self) -> int:
        """How often the gateway was told something while what is due was renewed."""
        before = len(self.told)
        await self.renewal.renew()
        return len(self.told) - before

    def leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(
            self.renewal.certificates()["shop.example"].chain.encode()
        )


@pytest.fixture
def site(tmp_path: Path, responder: Responder, pebble: Pebble) -> Site:
    return Site(tmp_path, responder, pebble.directory, str(pebble.roots))


@pytest.fixture
def lost(tmp_path: Path, responder: Responder) -> Site:
    """A site whose ACME server is not there."""
    return Site(tmp_path, responder, f"http://127.0.0.1:{free_ports(1)[0]}/dir")


def vouched_for(chain: str, pebble: Pebble, folder: Path) -> bool:
    """What openssl says of a chain and the name of the shop."""
    (folder / "root.pem").write_bytes(pebble.root())
    (folder / "chain.pem").write_text(chain)
    verify = "openssl verify -CAfile root.pem -untrusted chain.pem -verify_hostname shop.example chain.pem"
    return (
        subprocess.run(verify.split(), cwd=folder, capture_output=True, check=False).returncode == 0
    )


def modes_below(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.glob("acme-*/*")}


async def test_a_domain_gets_a_certificate_that_its_authority_vouches_for(
    site: Site, pebble: Pebble, tmp_path: Path
) -> None:
    # When what is due is renewed
    await site.renew()
    # Then there is a certificate for the domain, which the gateway was told of at last
    assert site.renewal.notes() == ()
    certificate = site.renewal.certificates()["shop.example"]
    assert site.told[-1] == {"shop.example"}
    assert vouched_for(certificate.chain, pebble, tmp_path)
    # And the proof was asked for at the domain, and is not shown any longer
    assert any(asked.startswith(f"shop.example{PATH}") for asked in site.responder.asked)
    assert (site.renewal.challenges, site.responder.shown) == ({}, {})
    # And all of it is kept closed to others
    modes = {"account.key": 0o600, "attempts.json": 0o600, "shop.example.pem": 0o600}
    assert modes_below(tmp_path) == modes


async def test_it_is_renewed_when_two_thirds_of_its_life_are_over_by_the_same_account(
    site: Site,
) -> None:
    await site.renew()
    first = site.leaf()
    account = next(site.folder.glob("acme-*/account.key")).read_bytes()
    life = first.not_valid_after_utc - first.not_valid_before_utc
    # Given a process that began anew: it has the certificate, and orders none
    site.begin_anew()
    assert site.leaf() == first
    # When time goes by
    site.clock.advance(life * 2 / 3 - timedelta(hours=2))
    assert await site.renew() == 0
    site.clock.advance(timedelta(hours=3))
    # Then there is another one
    assert await site.renew() == 2
    assert site.leaf() != first
    assert next(site.folder.glob("acme-*/account.key")).read_bytes() == account
    # And not a third one at once, even though this server's clock says the second is as old
    assert await site.renew() == 0


async def test_a_proof_nobody_sees_is_told_in_the_servers_words_and_tried_again_later(
    site: Site,
) -> None:
    # Given a gateway that does not show the proof, as when the domain leads elsewhere
    site.is_deaf = True
    # When it is tried
    assert await site.renew() == 1
    # Then it is said, with the reason, and when it will be tried again
    (note,) = site.renewal.notes()
    assert "No certificate for shop.example" in note
    assert "404" in note
    assert "Next try after" in note
    # And until then the server is left alone
    site.clock.advance(14 * MINUTE)
    assert await site.renew() == 0
    # When it is mended
    site.is_deaf = False
    site.clock.advance(2 * MINUTE)
    await site.renew()
    assert set(site.renewal.certificates()) == {"shop.example"}
    assert site.renewal.notes() == ()


async def test_an_authority_that_nobody_vouches_for_is_told_with_the_way_out(
    tmp_path: Path, responder: Responder, pebble: Pebble
) -> None:
    # Given an authority of one's own, and no word of whom to believe it by
    site = Site(tmp_path, responder, pebble.directory)
    # When a certificate is due
    await site.renew()
    # Then
    (note,) = site.renewal.notes()
    assert "name its certificate as root in [gateway.acme]" in note


async def test_a_server_that_is_not_there_is_asked_ever_more_seldom(lost: Site) -> None:
    waits: list[int] = []
    for _ in range(8):
        await lost.renew()
        failed = lost.renewal.notes()[0]
        assert "cannot be reached" in failed
        waited = 0
        while lost.renewal.notes()[0] == failed:
            # A process that begins anew knows it too
            lost.begin_anew()
            lost.clock.advance(MINUTE * 5)
            waited += 5
            await lost.renew()
        waits.append(waited)
    assert waits == [15, 30, 60, 120, 240, 480, 720, 720]


async def test_a_clock_that_is_set_back_does_not_stop_it_for_good(lost: Site) -> None:
    for _ in range(3):
        await lost.renew()
        lost.clock.advance(timedelta(days=1))
    before = lost.renewal.notes()
    lost.clock = ManualClock(lost.clock.now() - timedelta(days=365))
    lost.begin_anew()
    await lost.renew()
    assert lost.renewal.notes() != before


async def test_a_trial_at_one_server_is_not_taken_for_a_certificate_of_another(
    site: Site, lost: Site
) -> None:
    await site.renew()
    assert site.renewal.certificates()
    assert lost.folder == site.folder
    lost.begin_anew()
    assert lost.renewal.certificates() == {}


async def test_what_has_expired_is_not_shown(site: Site) -> None:
    await site.renew()
    ends = site.leaf().not_valid_after_utc
    site.clock.advance(ends - site.clock.now())
    assert site.renewal.certificates() == {}


async def test_while_it_waits_for_the_server_it_can_be_ended_at_once(
    tmp_path: Path, responder: Responder
) -> None:
    # Given a server that takes the connection and never says a word
    with socket.create_server(("127.0.0.1", 0)) as silent:
        site = Site(tmp_path, responder, f"http://127.0.0.1:{silent.getsockname()[1]}/dir")
        run = asyncio.ensure_future(site.renewal.run())
        accepted, _ = await asyncio.get_running_loop().run_in_executor(None, silent.accept)
        # When the project ends
        begun = time.monotonic()
        run.cancel()
        await asyncio.wait([run])
        # Then nothing waits for it
        assert time.monotonic() - begun < 5
        accepted.close()


def test_who_fetches_no_certificate_loads_nothing_for_it() -> None:
    ask = "import sys, hanse.fleet.certificates.acme_renewal; print({'acme', 'requests'} & {*sys.modules})"
    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert answer.stdout == "set()\n"
