"""The development authority: what browsers and openssl believe of it, and when it is renewed."""

import socket
import ssl
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from hanse.fleet.certificates.authority import found_authority, may_sign
from hanse.fleet.certificates.pair import pem_of
from hanse.fleet.certificates.shown import Certificates
from hanse.fleet.gateway.picture import Certificate

NOW = datetime.now(UTC).replace(microsecond=0)  # openssl and Python's ssl look at the real clock
DAY = timedelta(days=1)


def certificates(folder: Path, *domains: str) -> Certificates:
    return Certificates(folder, machine="anna-laptop", domains=domains)


def shown(look: Certificates, now: datetime = NOW) -> Certificate:
    found = look.look(now).certificate
    assert found is not None
    return found


def leaf(certificate: Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.chain.encode())


@contextmanager
def serving(certificate: Certificate, folder: Path) -> Iterator[int]:
    """A server that shakes hands with everybody who comes, one after the other."""
    pair = folder / "served.pem"
    pair.write_text(certificate.key + certificate.chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)

    def serve() -> None:
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            try:
                context.wrap_socket(accepted, server_side=True).close()
            except OSError:
                accepted.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def shakes_hands(port: int, authority: Path, name: str) -> bool:
    context = ssl.create_default_context(cafile=str(authority))
    with socket.create_connection(("127.0.0.1", port)) as plain:
        try:
            context.wrap_socket(plain, server_hostname=name).close()
        except ssl.SSLCertVerificationError:
            return False
    return True


def test_who_trusts_the_authority_believes_the_gateway_under_its_own_names(tmp_path: Path) -> None:
    # Given a project with sites of this machine and one of the internet
    look = certificates(tmp_path, "shop.localhost", "shop.test", "shop.example")
    # When its certificate is asked for
    found = look.look(NOW)
    assert found.certificate is not None
    # Then it counts for all of this machine's names, and the other one is said to be left out
    with serving(found.certificate, tmp_path) as port:
        believed = {
            name: shakes_hands(port, tmp_path / "authority.crt", name)
            for name in (
                "localhost",
                "127.0.0.1",
                "::1",
                "shop.localhost",
                "shop.test",
                "shop.example",
            )
        }
    assert believed.pop("shop.example") is False
    assert set(believed.values()) == {True}
    assert "does not sign for shop.example" in "".join(found.notes)


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("localhost", True), ("a.b.localhost", True), ("shop.test", True), ("127.9.9.9", True),
        ("::1", True), ("shop.example", False), ("notlocalhost", False), ("localhost.evil.com", False),
        ("8.8.8.8", False), ("128.0.0.1", False), ("::2", False),
    ],
)  # fmt: skip
def test_its_constraints_make_it_useless_for_anything_else(
    tmp_path: Path, name: str, counts: bool
) -> None:
    # Given somebody who stole the key and signs what they like
    authority = found_authority("anna-laptop", NOW)
    (tmp_path / "authority.crt").write_text(pem_of(authority.pair.leaf))
    (tmp_path / "server.crt").write_text(pem_of(authority.issue([name], NOW).leaf))
    # When somebody who trusts it is shown that
    verify = ("openssl", "verify", "-x509_strict", "-CAfile", "authority.crt", "server.crt")
    answer = subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True, check=False)
    # Then it counts for this machine's own names alone, and we would not have signed the others
    assert (answer.returncode == 0) is counts, answer.stdout + answer.stderr
    assert counts or "permitted subtree violation" in answer.stderr + answer.stdout
    assert may_sign(name) is counts


def test_it_can_make_no_further_authority(tmp_path: Path) -> None:
    authority = found_authority("anna-laptop", NOW).pair.leaf
    constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (
        True,
        True,
        0,
    )
    assert "anna-laptop" in authority.subject.rfc4514_string()
    assert f"{NOW:%Y-%m-%d}" in authority.subject.rfc4514_string()
    assert authority.not_valid_after_utc - NOW == timedelta(days=730)


def test_keys_are_closed_to_others_and_all_of_it_is_made_once(tmp_path: Path) -> None:
    first = shown(certificates(tmp_path))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"authority.pem": 0o600, "authority.crt": 0o600, "server.pem": 0o600}
    assert shown(certificates(tmp_path), NOW + 30 * DAY) == first


def test_while_nothing_changes_it_is_the_same_object_so_nothing_is_pushed(tmp_path: Path) -> None:
    look = certificates(tmp_path)
    assert shown(look) is shown(look, NOW + DAY)


def test_two_years_go_by_without_a_day_on_which_it_does_not_count(tmp_path: Path) -> None:
    # Given one process that runs all the time, and one that begins anew each month
    steady = certificates(tmp_path)
    seen: list[str] = []
    for day in range(0, 1460, 5):
        now = NOW + day * DAY
        look = steady if day % 30 else certificates(tmp_path)
        # When it is asked each day for four years
        found = leaf(shown(look, now))
        # Then what it shows counts, for a quarter of a year at least before the authority's end,
        # and never for longer than browsers take
        assert found.not_valid_before_utc <= now < found.not_valid_after_utc - 15 * DAY
        assert found.not_valid_after_utc - found.not_valid_before_utc < timedelta(days=398)
        authority = x509.load_pem_x509_certificate((tmp_path / "authority.crt").read_bytes())
        found.verify_directly_issued_by(authority)
        assert authority.not_valid_after_utc >= found.not_valid_after_utc
        seen.append(authority.subject.rfc4514_string())
    # And each authority has its own name, so that a list of trusted ones can show both
    assert len(set(seen)) == 3


def test_a_clock_that_steps_back_by_an_hour_changes_nothing(tmp_path: Path) -> None:
    look = certificates(tmp_path)
    assert shown(look) is shown(look, NOW - timedelta(hours=1))


def test_other_domains_ask_for_another_certificate_of_the_same_authority(tmp_path: Path) -> None:
    shown(certificates(tmp_path))
    authority = (tmp_path / "authority.crt").read_bytes()
    other = leaf(shown(certificates(tmp_path, "shop.test")))
    names = other.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "shop.test" in names.get_values_for_type(x509.DNSName)
    assert (tmp_path / "authority.crt").read_bytes() == authority


@pytest.mark.parametrize("name", ["authority.pem", "server.pem"])
@pytest.mark.parametrize("content", [b"", b"garbage", b"-----BEGIN PRIVATE KEY-----\n"])
def test_what_a_crash_or_a_person_spoiled_is_made_anew(
    tmp_path: Path, name: str, content: bytes
) -> None:
    shown(certificates(tmp_path))
    (tmp_path / name).write_bytes(content)
    found = shown(certificates(tmp_path))
    with serving(found, tmp_path) as port:
        assert shakes_hands(port, tmp_path / "authority.crt", "localhost")


def test_a_new_authority_is_said_to_be_unknown_to_browsers(tmp_path: Path) -> None:
    assert "hanse trust" in "".join(certificates(tmp_path).look(NOW).notes)
    assert certificates(tmp_path).look(NOW).notes == ()


def test_a_folder_that_cannot_be_written_leaves_the_gateway_without_tls(tmp_path: Path) -> None:
    found = certificates(tmp_path / "missing").look(NOW)
    assert found.certificate is None
    assert "missing" in found.notes[0]
    assert "without TLS" in found.notes[-1]
