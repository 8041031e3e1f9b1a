"""`hanse status` on terminals of any width: no name is cut, figures give way."""

import io

import pytest
from rich.console import Console

from hanse.cli.fleet.status import drawn
from hanse.fleet.control.api import FleetStatus, ProcessStatus

NAMES = ["recommendations-and-more-1", "checkout-with-payment-12"]
SERVICES = ("shop.v1.RecommendationsOfFriends", "shop.v1.Checkout", "shop.v1.Payments", "x.v1.Ads")


def process(name):
    return ProcessStatus(
        name=name, kind="host", state="backing off", services=SERVICES, release="r1", pid=7, up_seconds=7200,
        restarts=3, cpu=0.5, memory_bytes=420_000_000, requests_per_second=12_345, p99_seconds=0.0163, note="",
    )  # fmt: skip


def shown(width):
    processes = tuple(process(name) for name in NAMES)
    fleet = FleetStatus(
        project="shop", environment="", version="1", pid=1, changing="", problems=(), url="http://x",
        tls_url="", notes=(), processes=processes,
    )  # fmt: skip
    text = io.StringIO()
    Console(file=text, width=width).print(drawn(fleet))
    return text.getvalue()


@pytest.mark.parametrize("width", [70, 80, 100, 120, 200])
def test_no_name_is_cut(width):
    text = shown(width)

    for name in (*NAMES, "backing off", "RecommendationsOfFriends"):
        assert name in text
    assert "…" not in text
    assert all(len(line) <= width for line in text.splitlines())


def test_all_figures_are_there_where_there_is_room():
    text = shown(160)

    for figure in ("2 h", "3", "0.50", "420 MB", "12345", "16.3 ms"):
        assert figure in text
    assert "420 MB" not in shown(80)
