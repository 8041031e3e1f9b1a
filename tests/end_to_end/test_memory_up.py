"""Hosts that have more memory than they may: replaced without a failed request, or killed, and seen."""

from collections.abc import Iterator
from typing import Any

import pytest

from hanse.fleet.engine.limits.cgroup import limits_cpu
from tests.end_to_end.fleet import ECHO, Fleet, fleet, until
from tests.end_to_end.steady_users import users
from tests.end_to_end.terminal import fetch, hanse

PATH = "/echo/v1/numbers/7"
LIMIT = 200
PLACEMENT = f"""
default = "apart"
memory_bytes = {LIMIT}_000_000
cpu = 1.5
"""
RULES = """
[deploy]
slo = 0.05
latency = false
"""
KEEPING = """

    @rpc("POST /echo/v1/kept", allow=PUBLIC)
    async def keep(self, megabytes: int) -> int:
        \"\"\"Never lets go of so much.\"\"\"
        KEPT.append(b"x" * (megabytes * 1_000_000))
        return len(KEPT)
"""
CODE = ECHO.replace("import os\n", "import os\n\nKEPT = []\n") + KEEPING
LEAKING = CODE.replace("return number\n", 'KEPT.append(b"x" * 60_000_000)\n        return number\n')


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Every service in a host of its own that may have 200 MB."""
    with fleet(tmp_path_factory.mktemp("shop"), PLACEMENT) as made:
        made.write("hanse.toml", (made.folder / "hanse.toml").read_text() + RULES)
        made.write("echo/service.py", CODE)
        made.up()
        yield made


def keep(shop: Fleet, megabytes: int) -> int:
    return fetch(f"{shop.url}/echo/v1/kept", {"megabytes": megabytes})[0]


def echo(shop: Fleet) -> dict[str, Any]:
    """The only host of Echo, once there is no more than that, and it is ready."""

    def alone() -> dict[str, Any] | None:
        found = [one for one in shop.processes("host").values() if one["group"] == "echo"]
        return found[0] if len(found) == 1 and found[0]["state"] == "ready" else None

    return until(alone, "one host of Echo")


def said(shop: Fleet, words: str) -> str:
    """A note of the fleet with these words."""

    def found() -> str | None:
        return next((one for one in shop.status()["notes"] if words in one), None)

    return until(found, words)


def test_a_host_that_has_too_much_is_replaced_and_one_that_runs_away_killed(shop: Fleet) -> None:
    first = echo(shop)
    # when it has too much
    with users(shop.url, PATH) as asked:
        assert keep(shop, LIMIT - first["memory_bytes"] // 1_000_000 + 40) == 200
        note = said(shop, "so it was replaced")
        second = echo(shop)
    # then another one has its place, and nobody has noticed
    assert f"{first['name']} had 2" in note
    assert "where memory_bytes allows 200 MB" in note
    assert (second["name"] != first["name"], second["restarts"]) == (True, 1)
    assert set(asked.answers) == {"ok 7"}, asked.answers
    # when it runs away
    keep(shop, 2 * LIMIT)
    note = said(shop, "so it was killed and started again, 2 times in a row now")
    # then it is back
    third = echo(shop)
    assert (third["name"], third["restarts"]) == (second["name"], 2)
    assert f"{third['name']} had " in note
    assert note in shop.log("control")


def test_a_release_that_leaks_is_taken_back(shop: Fleet) -> None:
    with users(shop.url, PATH) as asked:
        shop.write("echo/service.py", LEAKING)
        done = hanse("deploy", "echo", "--json", folder=shop.folder)
        shop.write("echo/service.py", CODE)
    assert '"gone back"' in done.stdout, done.stdout + done.stderr
    assert "had more memory than memory_bytes allows; its twin had not." in done.stdout
    assert shop.get(PATH) == 7
    assert set(asked.answers) == {"ok 7"}, asked.answers


def test_a_limit_that_the_kernel_does_not_keep_is_said(shop: Fleet) -> None:
    notes = [
        one for one in shop.status()["notes"] if "cpu is not limited (echo, nap, relay)" in one
    ]
    assert bool(notes) != limits_cpu()
