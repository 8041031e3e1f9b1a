"""Who competes: which processes make a shop, how it is opened, and what its processes use."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks.environment import ROOT
from benchmarks.server import Server

if TYPE_CHECKING:
    from collections.abc import Generator

EXAMPLE = ROOT / "examples" / "boutique"
INNER = (
    "ad",
    "cart",
    "catalog",
    "currency",
    "email",
    "payment",
    "recommendation",
    "shipping",
    "checkout",
)
STOREFRONT = "storefront"

TOGETHER = "hanse_together"
APART = "hanse_apart"
FASTAPI = "fastapi_aiohttp"
GRPC = "grpc_aio"
NAMES = (TOGETHER, APART, FASTAPI, GRPC)


class Process(msgspec.Struct, frozen=True):
    """One process of a shop: the file it runs, the services in it."""

    module: str
    services: tuple[str, ...]

    def socket(self, folder: Path) -> Path | None:
        """Where it listens below the folder; None for the storefront, which has a port."""
        return None if STOREFRONT in self.services else folder / f"{self.services[0]}.sock"


class Shop:
    """A shop that is open, and all its processes."""

    def __init__(self, servers: list[Server]) -> None:
        self.servers = servers

    @property
    def url(self) -> str:
        """Where its storefront is; that was opened last."""
        return f"http://127.0.0.1:{self.servers[-1].port}"

    def cpu_seconds(self) -> float:
        """User and system time of all processes so far."""
        return sum(server.cpu_seconds() for server in self.servers)

    def check(self) -> None:
        """Raise if one of its processes has ended."""
        for server in self.servers:
            server.check()


def processes(name: str) -> list[Process]:
    """What a contestant is made of, the storefront last."""
    if name == TOGETHER:
        return [Process("benchmarks.boutique.hanse_host", (*INNER, STOREFRONT))]
    each = (*INNER, STOREFRONT)
    if name == APART:
        return [Process("benchmarks.boutique.hanse_host", (service,)) for service in each]
    folder = {FASTAPI: "fastapi_shop", GRPC: "grpc_shop"}[name]
    return [Process(f"benchmarks.boutique.{folder}.{service}", (service,)) for service in each]


@contextlib.contextmanager
def open_shop(name: str) -> Generator[Shop]:
    """Start all processes of a contestant and wait until each listens.

    Raises:
        ServerError: One did not come up.
    """
    with tempfile.TemporaryDirectory(prefix="shop") as folder, contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(_server(process, Path(folder))) for process in processes(name)
        ]
        yield Shop(servers)


def _server(process: Process, folder: Path) -> Server:
    return Server(process.module, settings(process, folder), unix_path=process.socket(folder))


def settings(process: Process, folder: Path) -> dict[str, str]:
    """Environment variables that tell a process what it serves and where the others are."""
    return {
        "BENCH_SOCKETS": str(folder),
        "BENCH_SERVICES": " ".join(process.services),
        "PYTHONPATH": search_path(),
        # grpcio writes lines about its own set-up otherwise; that is no part of the work.
        "GRPC_VERBOSITY": "ERROR",
    }


def search_path() -> str:
    """Where Python finds the boutique's small distributions, for whoever imports them."""
    return ":".join(str(EXAMPLE / name) for name in (*INNER, STOREFRONT, "load"))
