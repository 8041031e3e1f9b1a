"""Runs each behaviour three ways: in one host, over a Unix socket, over mutual TLS."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hanse import Host, HostConfig
from hanse.runtime.call.admission import Limits
from hanse.runtime.call.tests.warehouse import Diary, Shelf, Shop, Stock
from hanse.runtime.mutual.tls import Tls

STOCK = "stock.v1.Stock"


def pytest_asyncio_loop_factories(config, item):
    """Hosts run on uvloop, people's tests on asyncio's own loop: everything holds on both."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@dataclass
class Placed:
    """A caller's host and a callee's, which are one when placed together."""

    caller: Host
    callee: Host
    diary: Diary

    def get(self, contract):
        return self.caller.get(contract)

    @property
    def stock(self) -> Stock:
        return self.caller.get(Stock)

    @property
    def shop(self) -> Shop:
        return self.caller.get(Shop)

    def counted(self, method: str) -> dict[str, int]:
        """How calls of a method ended, at the callee."""
        counts = self.callee.metrics.of(STOCK, method).codes
        return {code: count for code, count in counts.items() if count}

    def spans(self):
        hosts = [self.caller] if self.caller is self.callee else [self.caller, self.callee]
        return [span for host in hosts for span in host.spans.drain()]


@pytest.fixture(params=["together", "unix", "mtls"])
def way(request):
    return request.param


@pytest.fixture
async def place(way, tmp_path, request):
    """Places a caller and a callee; call it with options of `HostConfig` for the callee."""
    stack = AsyncExitStack()

    async def placed(**options) -> Placed:
        diary = Diary()
        options = {"limits": Limits(drain_timeout=2), **options}
        given = {Diary: diary}
        if way == "together":
            config = HostConfig(port=None, **options)
            host = await stack.enter_async_context(Host([Shop, Shelf], config, provided=given))
            return Placed(host, host, diary)
        if way == "unix":
            tls, door = None, {"port": None, "socket": tmp_path / "stock.sock"}
        else:
            tls = request.getfixturevalue("identity")
            door = {"port": None, "mutual_port": 0, "tls": tls}
        callee = Host([Shelf], HostConfig(**door, **options), provided=given)
        await stack.enter_async_context(callee)
        address = (
            f"unix:{tmp_path / 'stock.sock'}"
            if way == "unix"
            else callee.url.replace("http:", "https:")
        )
        config = HostConfig(port=None, tls=tls, directory={STOCK: (address,)})
        caller = await stack.enter_async_context(Host([Shop], config, provided=given))
        return Placed(caller, callee, diary)

    yield placed
    await stack.aclose()


@pytest.fixture
async def placed(place) -> Placed:
    """Two that have met: on a busy machine a handshake takes longer than a test's deadline."""
    both = await place()
    await both.stock.left()
    both.spans()
    return both


@pytest.fixture(scope="session")
def identity(tmp_path_factory) -> Tls:
    """A host's certificate of a new authority."""
    return make_identity(tmp_path_factory.mktemp("identity"))


def make_identity(folder) -> Tls:
    authority_key, host_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certificate("authority", authority_key, "authority", authority_key, ca=True)
    host = _certificate("host", host_key, "authority", authority_key, ca=False)
    for name, certificate in (("authority", authority), ("host", host)):
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "host.key").write_bytes(
        host_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return Tls(*(str(folder / name) for name in ("host.pem", "host.key", "authority.pem")))


def _certificate(subject, key, issuer, issuer_key, *, ca):
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        # Python 3.13 looks at chains strictly: keys are named, and an authority's may sign.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=not ca,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=ca,
                crl_sign=ca,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if not ca:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
