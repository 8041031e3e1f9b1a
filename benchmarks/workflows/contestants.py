"""Who competes, in which ways each can be run, and what its database says of what was done."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks import environment
from benchmarks.data.contestants import run_module
from benchmarks.workflows import temporal

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from benchmarks.data.postgres import Postgres

HANSE = "hanse"
DBOS = "dbos"
TEMPORAL = "temporal"


class Way(msgspec.Struct, frozen=True):
    """How to run a contestant; which is the best is tried.

    Attributes:
        mode: As the contestant names it.
        processes: Of it, all alike.
        at_once: Workflows under way in each of them.
    """

    mode: str
    processes: int
    at_once: int


class Kept(msgspec.Struct, frozen=True):
    """What somebody else reads of it: finished workflows, and steps kept if these are seen."""

    workflows: int
    steps: int | None


class Ground(msgspec.Struct, frozen=True):
    """What a round stands on: fresh, and gone afterwards.

    Attributes:
        settings: Environment of the contestant's processes.
        kept: What is kept there by now.
        cpu_seconds: Of the server, all its processes that are alive.
    """

    settings: Mapping[str, str]
    kept: Callable[[], Kept]
    cpu_seconds: Callable[[], float]


class Contestant(msgspec.Struct, frozen=True, kw_only=True):
    """One of them.

    Attributes:
        name: Also of its database.
        module: Its process.
        kept: Two numbers, of finished workflows and their steps, by SQL; empty if not PostgreSQL's.
    """

    name: str
    module: str
    modes: tuple[str, ...] = ("",)
    processes: tuple[int, ...] = (1, 2)
    at_once: tuple[int, ...]
    kept: str = ""

    def ways(self) -> list[Way]:
        """All that are tried."""
        return [Way(*one) for one in itertools.product(self.modes, self.processes, self.at_once)]

    @contextlib.contextmanager
    def ground(self, postgres: Postgres) -> Generator[Ground]:
        """A server with nothing in it but tables."""
        with self._database(postgres) if self.kept else _temporal() as ground:
            yield ground

    def make_tables(self, postgres: Postgres) -> None:
        """As the contestant itself makes them, in a database that rounds copy.

        Raises:
            ServerError: It cannot.
        """
        if self.kept:
            postgres.create(self.name)
            settings = {"BENCH_POSTGRES": postgres.host, "BENCH_DATABASE": self.name}
            run_module(self.module, {**settings, "BENCH_ORDER": ""})

    @contextlib.contextmanager
    def _database(self, postgres: Postgres) -> Generator[Ground]:
        name = f"{self.name}_round"
        postgres.create(name, like=self.name)
        postgres.checkpoint()

        def kept() -> Kept:
            ((workflows, steps),) = postgres.run(self.kept, database=name)
            return Kept(int(workflows), int(steps))

        try:
            settings = {"BENCH_POSTGRES": postgres.host, "BENCH_DATABASE": name}
            yield Ground(settings, kept, postgres.cpu_seconds)
        finally:
            postgres.drop(name)


@contextlib.contextmanager
def _temporal() -> Generator[Ground]:
    # Below the clone and not in /tmp, which may be memory.
    with (
        tempfile.TemporaryDirectory(prefix="temporal-", dir=environment.HOME.parent) as folder,
        temporal.serving(Path(folder)) as server,
    ):
        settings = {"BENCH_TEMPORAL": server.address}
        yield Ground(settings, lambda: Kept(server.finished(), None), server.cpu_seconds)


CONTESTANTS = [
    Contestant(
        name=HANSE,
        module="benchmarks.workflows.hanse_app",
        at_once=(64, 200, 600),
        kept="""
            with placed as (
              select id from hanse.workflow where name = 'shop.v1.Shop/Place' and state = 'done'
            )
            select (select count(*) from placed), (
              select count(*) from hanse.journal
              where workflow in (select id from placed) and kind = 'step' and not failed
            )
        """,
    ),
    Contestant(
        name=DBOS,
        module="benchmarks.workflows.dbos_app",
        modes=("asyncio", "threads"),
        at_once=(16, 64),
        kept="""
            select (select count(*) from dbos.workflow_status where status = 'SUCCESS'),
                   (select count(*) from dbos.operation_outputs where output is not null)
        """,
    ),
    Contestant(
        name=TEMPORAL, module="benchmarks.workflows.temporal_app", processes=(1,), at_once=(32, 128)
    ),
]
