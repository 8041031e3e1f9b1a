"""`hanse trust`, run by a user who is not root: does what it may, and says the rest word for word."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conftest import absent
from hanse.fleet.certificates.shown import Certificates
from tests.end_to_end.terminal import clean_environment

PROGRAM = (sys.executable, "-m", "hanse.cli")
NOBODY = 65534
UNPRIVILEGED = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"),
    *("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"),
)
CERTIFICATES = ".hanse/up/certificates"


class Home:
    """A project with an authority, and somebody at home who may change nothing but that home."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.folder = folder / "home"
        self.folder.mkdir()
        (self.project / CERTIFICATES).mkdir(parents=True)
        (self.project / "hanse.toml").touch()
        self.is_root = os.geteuid() == 0
        if self.is_root:
            if shutil.which("setpriv") is None:
                absent("setpriv (util-linux)")
            os.chown(self.folder, NOBODY, NOBODY)

    def found_authority(self) -> None:
        Certificates(self.project / CERTIFICATES, machine="anna-laptop").look(datetime.now(UTC))

    def trust(self, *options: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [
                *(UNPRIVILEGED if self.is_root else ()),
                *PROGRAM,
                "trust",
                *options,
            ],
            cwd=self.project,
            env=clean_environment(HOME=str(self.folder), PYTHONDONTWRITEBYTECODE="1"),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def home() -> Iterator[Home]:
    # Not in tmp_path, which is closed to everybody but the user of the suite: NSS reads no
    # database below a folder it may not enter.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Home(Path(folder))


def purposes(steps: list[dict[str, object]]) -> list[str]:
    return [str(step["purpose"]).partition(" of ")[0].partition(":")[0] for step in steps]


def test_browsers_are_told_and_what_needs_root_is_said_as_it_is_typed(
    home: Home, chromium: str
) -> None:
    if (
        shutil.which("certutil") is None
        or shutil.which("update-ca-certificates", path="/usr/sbin") is None
    ):
        pytest.skip("certutil (libnss3-tools) or update-ca-certificates is missing")
    home.found_authority()
    # When somebody who is not root asks for trust
    answer = home.trust("--json")
    # Then their browser is told, and the commands for root are left to them: it is not all done
    assert answer.returncode == 1, answer.stderr
    told = json.loads(answer.stdout)
    assert purposes(told["done"]) == ["the browser"]
    assert purposes(told["left"]) == ["the system"]
    copy, refresh = told["left"][0]["commands"]
    assert copy.startswith(
        f"sudo install -m 644 {home.project}/{CERTIFICATES}/authority.crt /usr/local/share/"
    )
    assert refresh == "sudo /usr/sbin/update-ca-certificates"
    assert told["name"].startswith("Hanse development on anna-laptop (")
    # And the second time there is nothing more to do for the browser
    again = json.loads(home.trust("--json").stdout)
    assert [one.partition(" of ")[0] for one in again["already"]] == ["the browser"]
    assert again["done"] == []
    # And undone it is as before: the system never knew it, so nothing is left
    undone = home.trust("--uninstall", "--json")
    assert undone.returncode == 0, undone.stderr
    told = json.loads(undone.stdout)
    assert (purposes(told["done"]), told["left"]) == (["the browser"], [])
    assert json.loads(home.trust("--uninstall", "--json").stdout)["done"] == []


def test_people_read_what_will_be_changed_before_and_what_was_after(
    home: Home, chromium: str
) -> None:
    home.found_authority()
    lines = home.trust().stdout.splitlines()
    order = (
        "Trust Hanse development on",
        "It can sign for localhost",
        "to change: the system",
        "This needs root",
    )
    places = [next(n for n, line in enumerate(lines) if part in line) for part in order]
    assert places == sorted(places)


def test_without_an_authority_it_is_said_who_makes_it(home: Home) -> None:
    answer = home.trust()
    assert answer.returncode == 1
    assert "There is no development authority yet" in answer.stderr
    assert "hanse up makes it" in answer.stderr


def test_what_is_no_certificate_is_said(home: Home) -> None:
    (home.project / CERTIFICATES / "authority.crt").write_text("hello")
    answer = home.trust()
    assert answer.returncode == 1
    assert "authority.crt is no certificate" in answer.stderr
