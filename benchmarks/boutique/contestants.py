"""Who competes: which processes make a shop, how it is opened, and what its processes use."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks import machine
from benchmarks.data.contestants import run_module
from benchmarks.environment import ROOT
from benchmarks.events.servers import Broker, nats
from benchmarks.server import Server

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from benchmarks.data.postgres import Postgres

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
PEERS = (FASTAPI, GRPC)

PEER_TABLES = "benchmarks.boutique.peer_data.tables"
"""Run, it makes the tables of a peer and fills its shop; Hanse's services do that by themselves."""


class Process(msgspec.Struct, frozen=True):
    """One process of a shop: the file it runs, the services in it."""

    module: str
    services: tuple[str, ...]

    def socket(self, folder: Path) -> Path | None:
        """Where it listens below the folder; None for the storefront, which has a port."""
        return None if STOREFRONT in self.services else folder / f"{self.services[0]}.sock"


class Ground(msgspec.Struct, frozen=True):
    """What a shop stands on, fresh: a database, and for Hanse a broker.

    Attributes:
        settings: Environment of its processes.
        postgres: Whose database.
        broker: Who carries its events, if there are any.
    """

    settings: Mapping[str, str]
    postgres: Postgres
    broker: Broker | None

    def cpu_seconds(self) -> float:
        """Of both, so far."""
        broker = self.broker.cpu_seconds() if self.broker else 0.0
        return self.postgres.cpu_seconds() + broker


class Shop:
    """A shop that is open, all its processes, and what it stands on."""

    def __init__(self, servers: list[Server], ground: Ground) -> None:
        self.servers = servers
        self._ground = ground

    @property
    def url(self) -> str:
        """Where its storefront is; that was opened last."""
        return f"http://127.0.0.1:{self.servers[-1].port}"

    def cpu_seconds(self) -> float:
        """User and system time of all processes so far, PostgreSQL and NATS among them."""
        return sum(server.cpu_seconds() for server in self.servers) + self._ground.cpu_seconds()

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
def open_shop(name: str, postgres: Postgres) -> Generator[Shop]:
    """Start all processes of a contestant and wait until each listens.

    Raises:
        ServerError: One did not come up.
    """
    with (
        _ground(name, postgres) as ground,
        tempfile.TemporaryDirectory(prefix="shop") as folder,
        contextlib.ExitStack() as stack,
    ):
        servers = [
            stack.enter_context(_server(process, Path(folder), ground))
            for process in processes(name)
        ]
        yield Shop(servers, ground)


def database_of(name: str) -> str:
    """What a contestant's database is called."""
    return f"shop_{name}"


@contextlib.contextmanager
def _ground(name: str, postgres: Postgres) -> Generator[Ground]:
    database = database_of(name)
    settings = {"BENCH_POSTGRES": postgres.host, "BENCH_DATABASE": database}
    postgres.create(database)
    try:
        if name in PEERS:
            run_module(PEER_TABLES, {**settings, "PYTHONPATH": search_path()})
            postgres.checkpoint()
            yield Ground(settings, postgres, None)
        else:
            with nats() as broker:
                machine.keep_to(broker.pid, machine.SERVER_CPU)
                yield Ground({**settings, **broker.settings}, postgres, broker)
    finally:
        postgres.drop(database)


def _server(process: Process, folder: Path, ground: Ground) -> Server:
    told = {**settings(process, folder), **ground.settings}
    return Server(process.module, told, unix_path=process.socket(folder))


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
