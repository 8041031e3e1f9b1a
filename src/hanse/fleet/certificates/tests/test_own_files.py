"""Own certificate files: what is wrong with them is said, and what was right stays while it can."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from hanse.fleet.certificates.shown import Certificates, Shown

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


class Shop:
    """A root, an intermediate, and a certificate of shop.example by it, in two files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.chain = folder / "shop.crt"
        self.key = folder / "shop.key"
        self.middle_key = new_key()
        root_key = new_key()
        root = certify("root", root_key, "root", root_key)
        self.middle = certify("middle", self.middle_key, "root", root_key)
        self.root = root
        self.renew()
        self.look_again = Certificates(
            folder, machine="m", domains=("shop.example",), own=(self.chain, self.key)
        )

    def renew(self, key: CertificateIssuerPrivateKeyTypes | None = None, **other: object) -> None:
        key = key or new_key()
        self.leaf = certify("shop.example", key, "middle", self.middle_key, **other)
        self.put(self.leaf, self.middle)
        self.put_key(key)

    def put(self, *chain: x509.Certificate) -> None:
        self.chain.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in chain))

    def put_key(self, key: CertificateIssuerPrivateKeyTypes, passphrase: bytes = b"") -> None:
        cipher = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        self.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, cipher))

    def look(self, now: datetime = NOW) -> Shown:
        return self.look_again.look(now)


def certify(
    name: str,
    key: CertificateIssuerPrivateKeyTypes,
    issuer: str,
    issuer_key: CertificateIssuerPrivateKeyTypes,
    begins: datetime = NOW - DAY,
    ends: datetime = NOW + 60 * DAY,
    named: bool = True,
) -> x509.Certificate:
    draft = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .public_key(key.public_key())
    )
    if named:
        draft = draft.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False
        )
    return draft.sign(issuer_key, SHA256())


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_sound_pair_is_shown_whole_and_without_a_word(shop: Shop) -> None:
    found = shop.look()
    assert found.certificate is not None
    assert found.certificate.chain == shop.chain.read_text()
    assert found.certificate.key == shop.key.read_text()
    assert found.notes == ()
    assert not (shop.folder / "authority.pem").exists()


def test_rsa_from_openssl_is_taken_too(shop: Shop) -> None:
    command = (
        "openssl req -x509 -newkey rsa:2048 -noenc -keyout shop.key -out shop.crt -days 9 "
        "-subj /CN=shop.example -addext subjectAltName=DNS:shop.example,DNS:*.shop.example"
    )
    subprocess.run(command.split(), cwd=shop.folder, check=True, capture_output=True)
    found = shop.look(datetime.now(UTC))
    assert found.certificate is not None
    assert found.notes == ("The gateway's certificate expires in 8 days: renew it.",)


SPOILED = {
    "no certificate there": lambda shop: shop.chain.unlink(),
    "no key there": lambda shop: shop.key.unlink(),
    "no PEM": lambda shop: shop.chain.write_text("hello"),
    "a key that is none": lambda shop: shop.key.write_text("hello"),
    "too large": lambda shop: shop.chain.write_bytes(b"x" * 300_000),
    "somebody else's key": lambda shop: shop.put_key(new_key()),
    "a key behind a passphrase": lambda shop: shop.put_key(new_key(), b"secret"),
    "the issuer first": lambda shop: shop.put(shop.middle, shop.leaf),
    "a stranger in the chain": lambda shop: shop.put(shop.leaf, shop.root),
    "too many": lambda shop: shop.put(shop.leaf, *([shop.middle] * 10)),
    "a short key": lambda shop: shop.renew(rsa.generate_private_key(65537, 1024)),
    "a kind of key no browser knows": lambda shop: shop.renew(ed25519.Ed25519PrivateKey.generate()),
    "no names": lambda shop: shop.renew(named=False),
    "expired": lambda shop: shop.renew(ends=NOW),
    "not yet": lambda shop: shop.renew(begins=NOW + DAY),
}
SAID = {
    "no certificate there": "shop.crt cannot be read",
    "no key there": "shop.key cannot be read",
    "no PEM": "-----BEGIN CERTIFICATE-----",
    "a key that is none": "-----BEGIN PRIVATE KEY-----",
    "too large": "larger than 256 kB",
    "somebody else's key": "does not fit the certificate",
    "a key behind a passphrase": "openssl pkey -in",
    "the issuer first": "begins with somebody else's certificate",
    "a stranger in the chain": "Certificate 2 in",
    "too many": "10 at most",
    "a short key": "RSA of 2048 bits",
    "a kind of key no browser knows": "ECDSA on P-256",
    "no names": "subject alternative name",
    "expired": "expired on 21 November 2026 at 12:00 UTC",
    "not yet": "counts from 22 November 2026",
}


@pytest.mark.parametrize("how", SPOILED)
def test_what_is_wrong_is_said_and_the_gateway_serves_without_tls(shop: Shop, how: str) -> None:
    SPOILED[how](shop)
    found = shop.look()
    assert found.certificate is None
    assert SAID[how] in found.notes[0]
    assert "without TLS" in found.notes[1]
    # And when it is mended, it is taken up
    shop.renew()
    assert shop.look().notes == ()
    assert shop.look().certificate is not None


@pytest.mark.parametrize("how", [how for how in SPOILED if how not in {"expired", "not yet"}])
def test_what_was_right_is_shown_on_while_its_successor_is_wrong(shop: Shop, how: str) -> None:
    # Given a sound pair that is shown
    before = shop.look().certificate
    # When what lies there is spoiled, as by somebody who is about to write the second file
    SPOILED[how](shop)
    # Then it is said, and the old one stays
    found = shop.look()
    assert SAID[how] in found.notes[0]
    assert found.certificate is before
    # Until it expires
    assert shop.look(NOW + 60 * DAY).certificate is None
    assert SAID[how] in shop.look(NOW + 60 * DAY).notes[0]


def test_a_renewed_pair_is_taken_up(shop: Shop) -> None:
    before = shop.look().certificate
    shop.renew()
    after = shop.look().certificate
    assert after is not None
    assert after != before
    assert shop.look().certificate is after


def test_it_is_said_in_time_that_it_will_expire(shop: Shop) -> None:
    assert shop.look(NOW + 45 * DAY).notes == ()
    assert "expires in 14 days" in shop.look(NOW + 46 * DAY).notes[0]


def test_a_domain_the_certificate_does_not_name_is_said(shop: Shop) -> None:
    look = Certificates(
        shop.folder, machine="m", domains=("shop.example", "b.example"), own=(shop.chain, shop.key)
    )
    found = look.look(NOW)
    assert found.certificate is not None
    assert "does not name b.example, only shop.example" in found.notes[0]


def test_a_star_names_what_is_right_below_it(shop: Shop) -> None:
    key = new_key()
    shop.put(certify("*.shop.example", key, "middle", shop.middle_key), shop.middle)
    shop.put_key(key)
    names = ("a.shop.example", "shop.example", "a.b.shop.example")
    look = Certificates(shop.folder, machine="m", domains=names, own=(shop.chain, shop.key))
    assert "name shop.example, a.b.shop.example, only" in look.look(NOW).notes[0]
