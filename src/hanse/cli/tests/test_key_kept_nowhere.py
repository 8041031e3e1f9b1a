"""What `hanse key` leaves on disk: no key, and a pepper no deployment takes. Runs in a bare copy too."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = '[project]\nname = "crm"\nservices = ["crm:Crm"]\n'
SERVICE = """
from hanse import PUBLIC, Service, rpc


class Crm(Service):
    @rpc("GET /crm/v1/count", allow=PUBLIC)
    async def count(self) -> int:
        return 3
"""
PEPPER = {"HANSE_API_KEYS__PEPPER": "a pepper that is long enough"}


def hanse(folder: Path, *verb: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Runs a verb, with every place a program may write to inside the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HANSE_")}
    places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_STATE_HOME"), str(folder))
    return subprocess.run(
        [sys.executable, "-m", "hanse.cli", *verb],
        cwd=folder, env=kept | places | more, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("pepper", [{}, PEPPER], ids=["development", "deployment"])
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_a_minted_key_stands_in_no_file(tmp_path: Path, pepper: dict[str, str], form) -> None:
    (tmp_path / "hanse.toml").write_text(PROJECT)

    told = hanse(tmp_path, "key", "reports", *form, **pepper)

    secret = told.stdout[told.stdout.index("hk_") :][16 : 16 + 43]
    assert len(secret) == 43
    assert secret.isalnum()
    assert secret not in told.stderr
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert ("development.pepper" in {path.name for path in files}) == (not pepper)
    assert [path for path in files if secret.encode() in path.read_bytes()] == []


def test_the_pepper_of_development_is_none_of_a_deployment(tmp_path: Path) -> None:
    file = tmp_path / "hanse.toml"
    file.write_text(PROJECT)
    (tmp_path / "crm.py").write_text(SERVICE)
    table = json.loads(hanse(tmp_path, "key", "reports", "--json").stdout)["toml"]
    # the last line ends it, should it find a pepper after all
    host = '[host]\nport = "off"\nsettings_folder = ".hanse"\nsocket = "nowhere/here.sock"\n'
    file.write_text(PROJECT + host + table)

    refused = hanse(tmp_path, "run")

    assert refused.returncode == 1
    assert refused.stderr.startswith("API keys need the pepper their hashes were made with. ")
