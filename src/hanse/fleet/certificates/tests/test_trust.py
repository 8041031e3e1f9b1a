"""Trust: the right commands for each system, and that curl and Chromium believe what they bring."""

import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from conftest import absent
from hanse.fleet.certificates.development import public_file
from hanse.fleet.certificates.shown import Certificates
from hanse.fleet.certificates.trust_plan import Machine, Plan, plan
from hanse.fleet.certificates.trust_store import Command, Subject, read_subject

REFRESH = shutil.which("update-ca-certificates", path=f"{os.environ['PATH']}:/usr/sbin")
EMPTY: dict[str, str] = {}
BEGUN = datetime(2026, 11, 1, tzinfo=UTC)

# A system each: a folder that tells it, what is on its PATH, and the commands that are right there.
SYSTEMS = {
    "Debian": (
        "usr/local/share/ca-certificates",
        "update-ca-certificates",
        [
            "install -m 644 FILE ROOT/usr/local/share/ca-certificates/SLUG.crt",
            "/bin/update-ca-certificates",
        ],
        ["rm -f ROOT/usr/local/share/ca-certificates/SLUG.crt", "/bin/update-ca-certificates"],
    ),
    "Fedora": (
        "etc/pki/ca-trust/source/anchors",
        "update-ca-trust",
        [
            "install -m 644 FILE ROOT/etc/pki/ca-trust/source/anchors/SLUG.pem",
            "/bin/update-ca-trust",
        ],
        ["rm -f ROOT/etc/pki/ca-trust/source/anchors/SLUG.pem", "/bin/update-ca-trust"],
    ),
    "Arch": (
        "etc/ca-certificates/trust-source/anchors",
        "update-ca-trust",
        [
            "install -m 644 FILE ROOT/etc/ca-certificates/trust-source/anchors/SLUG.crt",
            "/bin/update-ca-trust",
        ],
        ["rm -f ROOT/etc/ca-certificates/trust-source/anchors/SLUG.crt", "/bin/update-ca-trust"],
    ),
    "openSUSE": (
        "etc/pki/trust/anchors",
        "update-ca-certificates",
        ["install -m 644 FILE ROOT/etc/pki/trust/anchors/SLUG.pem", "/bin/update-ca-certificates"],
        ["rm -f ROOT/etc/pki/trust/anchors/SLUG.pem", "/bin/update-ca-certificates"],
    ),
}


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    folder = tmp_path / "certificates"
    folder.mkdir()
    Certificates(folder, machine="anna-laptop").look(datetime.now(UTC))
    return read_subject(public_file(folder))


def machine(folder: Path, *programs: str, **other: Any) -> Machine:
    """A machine with these programs on its PATH and nothing else."""
    known: dict[str, Any] = {
        "root": folder / "root",
        "home": folder / "home",
        "is_root": False,
        "for_whom": "",
        "is_mac": False,
        "which": lambda program: f"/bin/{program}" if program in programs else None,
        "ask": lambda command: None,
    }
    return Machine(**(known | other))


def commands(found: Plan, subject: Subject, folder: Path) -> list[str]:
    text = [" ".join(command) for step in found.steps for command in step.commands]
    names = {"FILE": str(subject.file), "SLUG": subject.slug, "NICK": subject.nickname}
    names |= {"ROOT": str(folder / "root"), "HOME": str(folder / "home")}
    for name, value in names.items():
        text = [line.replace(value, name) for line in text]
    return text


def make(folder: Path, name: str) -> Path:
    made = folder / name
    made.parent.mkdir(parents=True, exist_ok=True)
    made.touch()
    return made


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_system_gets_its_own_commands(tmp_path: Path, subject: Subject, system: str) -> None:
    # Given a system, told by its folder and its program
    folder, program, add, remove = SYSTEMS[system]
    here = machine(tmp_path, program)
    (here.root / folder).mkdir(parents=True)
    # Then these are the steps, all for root
    found = plan(here, subject, uninstall=False)
    assert commands(found, subject, tmp_path) == add
    assert [step.needs_root for step in found.steps] == [True]
    # And nothing is to be undone before they were taken
    assert plan(here, subject, uninstall=True).steps == ()
    # When the file lies there, but the bundle was not made of it, since somebody was interrupted
    suffix = add[0][-4:]
    (here.root / folder / f"{subject.slug}{suffix}").write_text(subject.pem)
    assert commands(plan(here, subject, uninstall=False), subject, tmp_path) == add
    assert commands(plan(here, subject, uninstall=True), subject, tmp_path) == remove


def test_macos_gets_its_keychain(tmp_path: Path, subject: Subject) -> None:
    asked: dict[Command, str | None] = {}
    here = machine(tmp_path, "security", is_mac=True, ask=lambda command: asked.get(command))
    assert commands(plan(here, subject, uninstall=False), subject, tmp_path) == [
        "security add-trusted-cert -d -r trustRoot -k ROOT/Library/Keychains/System.keychain FILE"
    ]
    keychain = str(here.root / "Library/Keychains/System.keychain")
    asked["security", "verify-cert", "-c", str(subject.file)] = "...successful."
    asked["security", "find-certificate", "-a", "-Z", keychain] = (
        f"SHA-256 hash: {subject.fingerprint.upper()}"
    )
    assert plan(here, subject, uninstall=False).steps == ()
    assert commands(plan(here, subject, uninstall=True), subject, tmp_path) == [
        "security remove-trusted-cert -d FILE",
        f"security delete-certificate -Z {subject.fingerprint.upper()} ROOT/Library/Keychains/System.keychain",
    ]


def test_an_unknown_system_is_told_where_the_authority_lies(
    tmp_path: Path, subject: Subject
) -> None:
    found = plan(machine(tmp_path), subject, uninstall=False)
    assert found.steps == ()
    assert str(subject.file) in found.notes[0]


BROWSERS = (
    ".pki/nssdb",
    "snap/chromium/current/.pki/nssdb",
    ".mozilla/firefox/abc.default",
    "snap/firefox/common/.mozilla/firefox/x.default",
)


def test_every_browser_database_of_the_user_is_found(tmp_path: Path, subject: Subject) -> None:
    for folder in BROWSERS:
        make(tmp_path / "home", f"{folder}/cert9.db")
    make(tmp_path / "home", ".mozilla/firefox/empty/prefs.js")
    found = plan(machine(tmp_path, "certutil"), subject, uninstall=False)
    assert commands(found, subject, tmp_path) == [
        f"/bin/certutil -A -d sql:HOME/{folder} -t C,, -n NICK -i FILE" for folder in BROWSERS
    ]
    assert not any(step.needs_root for step in found.steps)


def test_chromium_that_was_never_started_gets_a_database(tmp_path: Path, subject: Subject) -> None:
    found = plan(machine(tmp_path, "certutil", "chromium"), subject, uninstall=False)
    assert commands(found, subject, tmp_path) == [
        "mkdir -p -m 700 HOME/.pki/nssdb",
        "/bin/certutil -N -d sql:HOME/.pki/nssdb --empty-password",
        "/bin/certutil -A -d sql:HOME/.pki/nssdb -t C,, -n NICK -i FILE",
    ]
    # And there is nothing to undo in what does not exist
    assert plan(machine(tmp_path, "certutil", "chromium"), subject, uninstall=True).steps == ()


@pytest.mark.parametrize(
    ("programs", "hint"),
    [
        (("chromium", "apt-get"), "sudo apt install libnss3-tools"),
        (("chromium", "dnf"), "sudo dnf install nss-tools"),
        (("chromium", "pacman"), "sudo pacman -S nss"),
    ],
)
def test_without_certutil_it_is_said_how_to_get_it(
    tmp_path: Path, subject: Subject, programs: tuple[str, ...], hint: str
) -> None:
    found = plan(machine(tmp_path, *programs), subject, uninstall=False)
    assert found.steps == ()
    assert hint in found.notes[-1]


def test_by_sudo_the_browsers_of_root_are_left_alone(tmp_path: Path, subject: Subject) -> None:
    here = machine(tmp_path, "certutil", "chromium", is_root=True, for_whom="anna")
    found = plan(here, subject, uninstall=False)
    assert found.steps == ()
    assert "as anna" in found.notes[-1]


def ask(command: Command) -> str | None:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout if answer.returncode == 0 else None


def carry_out(found: Plan) -> None:
    for step in found.steps:
        for command in step.commands:
            subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def debian(tmp_path: Path) -> Machine:
    """A Debian in a folder: its own lists, changed by the real program."""
    if REFRESH is None or not sys.platform.startswith("linux"):
        absent("update-ca-certificates")
    root = tmp_path / "root"
    for folder in ("usr/local/share/ca-certificates", "etc/ssl/certs", "etc/hooks"):
        (root / folder).mkdir(parents=True)
    refresh = tmp_path / "refresh"
    places = {
        "--localcertsdir": "usr/local/share/ca-certificates",
        "--etccertsdir": "etc/ssl/certs",
    }
    places |= {"--hooksdir": "etc/hooks"}
    options = " ".join(f"{option} '{root / folder}'" for option, folder in places.items())
    refresh.write_text(f"#!/bin/sh\nexec {REFRESH} {options}\n")
    refresh.chmod(0o755)
    which = {"update-ca-certificates": str(refresh)}.get
    return machine(tmp_path, which=which, ask=ask, is_root=True)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def gateway(subject: Subject, folder: Path) -> Iterator[str]:
    """HTTPS at localhost with the certificate of the authority's folder."""
    (folder / "public").mkdir()
    (folder / "public" / "index.html").write_text("<title>Hello</title>")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(subject.file.parent / "server.pem")
    with HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder / "public")) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # whoever does not trust it hangs up
        thread = threading.Thread(target=partial(server.serve_forever, 0.05))
        thread.start()
        yield f"https://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_on_debian_curl_believes_it_until_it_is_undone(
    tmp_path: Path, subject: Subject, debian: Machine
) -> None:
    bundle = debian.root / "etc/ssl/certs/ca-certificates.crt"
    bundle.touch()
    with gateway(subject, tmp_path) as url:
        curl = ("curl", "--silent", "--fail", "--noproxy", "*", "--cacert", str(bundle), url)
        # Given a system that does not know the authority
        assert ask(curl) is None
        # When the steps are taken
        carry_out(plan(debian, subject, uninstall=False))
        # Then curl believes the gateway, and there is nothing left to do
        assert ask(curl) == "<title>Hello</title>"
        again = plan(debian, subject, uninstall=False)
        assert (again.steps, len(again.already)) == ((), 1)
        # And undone it is as before
        carry_out(plan(debian, subject, uninstall=True))
        assert ask(curl) is None
        assert plan(debian, subject, uninstall=True).steps == ()
    assert list((debian.root / "usr/local/share/ca-certificates").iterdir()) == []


def test_chromium_believes_it_until_it_is_undone(
    tmp_path: Path, subject: Subject, chromium: str
) -> None:
    if shutil.which("certutil") is None:
        pytest.skip("certutil (libnss3-tools) is missing")
    here = machine(tmp_path, which=shutil.which, ask=ask)
    home = str(here.home)
    here.home.mkdir()
    with gateway(subject, tmp_path) as url:
        # Given a Chromium that never ran for this user
        assert "ERR_CERT_AUTHORITY_INVALID" in visit(chromium, url, home)
        # When the steps are taken: others on the way to the system's list need root
        for_browsers = [
            step for step in plan(here, subject, uninstall=False).steps if not step.needs_root
        ]
        assert len(for_browsers) == 1
        carry_out(Plan(tuple(for_browsers), (), ()))
        # Then it shows the page
        assert visit(chromium, url, home) == "Hello"
        assert [
            one for one in plan(here, subject, uninstall=False).steps if not one.needs_root
        ] == []
        # And undone it warns again
        carry_out(plan(here, subject, uninstall=True))
        assert "ERR_CERT_AUTHORITY_INVALID" in visit(chromium, url, home)


def visit(chromium: str, url: str, home: str) -> str:
    """Title of a page, or the browser's error. In a process of its own, as HOME is read once."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            env=os.environ | {"HOME": home},
            args=["--no-sandbox", "--no-proxy-server"],
        )
        page = browser.new_page()
        try:
            page.goto(url)
            return page.title()
        except Error as error:
            return str(error)
        finally:
            browser.close()


@pytest.mark.parametrize("constrained", [None, "com"])
def test_an_authority_that_could_sign_for_others_is_trusted_by_nobody(
    tmp_path: Path, constrained: str | None
) -> None:
    """Root reads the file where whoever runs the project may write."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hanse development on here")])
    draft = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    )
    draft = (
        draft.serial_number(1).not_valid_before(BEGUN).not_valid_after(BEGUN + timedelta(days=9))
    )
    draft = draft.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    if constrained:
        draft = draft.add_extension(
            x509.NameConstraints([x509.DNSName(constrained)], None), critical=True
        )
    file = tmp_path / "authority.crt"
    file.write_bytes(draft.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))

    with pytest.raises(ValueError, match="more than this machine"):
        read_subject(file)
