"""Rounds over HTTP: every operation of every contestant, and whose CPU time it took."""

from __future__ import annotations

import contextlib
import resource
import statistics
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks import machine
from benchmarks.data.over_http import asked, refusals
from benchmarks.data.over_http.asked import Asked
from benchmarks.data.over_http.request import Caller
from benchmarks.environment import say
from benchmarks.load import CONNECTIONS, Load, LoadError, WrkReport, run_script, run_wrk

if TYPE_CHECKING:
    from collections.abc import Generator

    from benchmarks.data.contestants import Contestant
    from benchmarks.data.plan import Plan
    from benchmarks.data.postgres import Postgres
    from benchmarks.rounds import Timing
    from benchmarks.rpc.question import Issuer
    from benchmarks.server import Server

# Reads first: what is written meanwhile is in no answer of theirs, but has to be vacuumed.
OPERATIONS = ("get", "query", "update", "create")
CONNECTIONS_QUICK = 32
WRITES = Path(__file__).with_name("writes.lua")


class HttpRound(msgspec.Struct, frozen=True, tag="http"):
    """One closed-loop run of one operation. CPU times are microseconds a request.

    Attributes:
        busy: Share of its core that service and PostgreSQL used together; well below 1 means
            that they waited: for the disk, or for wrk.
        stolen: Share of the two cores the hypervisor gave to others meanwhile.
    """

    peer: str
    operation: str
    connections: int
    requests_per_second: float
    service_us: float
    postgres_us: float
    client_us: float
    busy: float
    stolen: float

    @property
    def requests_per_cpu_second(self) -> float:
        """Of the service's processes, PostgreSQL not counted."""
        return 1e6 / self.service_us

    @property
    def all_us(self) -> float:
        """CPU time of service, PostgreSQL and wrk together."""
        return self.service_us + self.postgres_us + self.client_us


class HttpBench:
    """Contestants whose databases are filled."""

    def __init__(
        self, contestants: list[Contestant], postgres: Postgres, plan: Plan, issuer: Issuer
    ) -> None:
        self.contestants = contestants
        self.postgres = postgres
        self.plan = plan
        self.issuer = issuer
        self._loads: dict[tuple[str, str], Load] = {}

    def prove(self) -> None:
        """See that each refuses what it must, and learn what its right answers look like.

        Raises:
            LoadError: One answered anything wrongly.
        """
        for one in self.contestants:
            questions = Asked(self.plan, one.dialect, self.issuer)
            with self._server(one) as server, contextlib.closing(Caller(server.port)) as caller:
                try:
                    refusals.check(questions, caller, self.issuer)
                    self._loads[one.name, "get"] = asked.learn_gets(questions, caller)
                    self._loads[one.name, "query"] = asked.learn_queries(questions, caller)
                except LoadError as error:
                    words = server.last_words()
                    raise LoadError(f"{one.name} {error}; it wrote: {words}") from error

    def measure(self, timing: Timing) -> list[HttpRound]:
        """Find everybody's best number of connections, then take turns at it.

        Raises:
            LoadError: An answer was wrong.
            ServerError: A process did not start.
        """
        best = self._best(timing)
        done: list[HttpRound] = []
        for turn in range(timing.rounds):
            for one in self.contestants:
                self.postgres.checkpoint()
                with self._server(one) as server:
                    for operation in OPERATIONS:
                        connections = best[one.name, operation]
                        self._drive(one, server, operation, connections, timing.warm_up)
                        done.append(self._round(one, server, operation, connections, timing))
                say(f"  round {turn + 1}/{timing.rounds} {_words(done[-len(OPERATIONS) :])}")
        return done

    def _best(self, timing: Timing) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        pairs = [(one, operation) for one in self.contestants for operation in OPERATIONS]
        if timing.rounds == 1:
            return {(one.name, operation): CONNECTIONS_QUICK for one, operation in pairs}
        for one in self.contestants:
            with self._server(one) as server:
                for operation in OPERATIONS:
                    self._drive(one, server, operation, CONNECTIONS[0], timing.warm_up)
                    rates = {
                        each: self._rate(one, server, operation, each, timing.calibration)
                        for each in CONNECTIONS
                    }
                    found[one.name, operation] = max(rates, key=lambda each: rates[each])
            say(f"  {one.name}: best with {[found[one.name, each] for each in OPERATIONS]}")
        return found

    @contextlib.contextmanager
    def _server(self, one: Contestant) -> Generator[Server]:
        with one.server(self.postgres, self.issuer.settings) as server:
            yield server
            server.check()

    def _rate(
        self, one: Contestant, server: Server, operation: str, connections: int, seconds: float
    ) -> float:
        report = self._drive(one, server, operation, connections, seconds)
        return report.requests / report.seconds

    def _drive(
        self, one: Contestant, server: Server, operation: str, connections: int, seconds: float
    ) -> WrkReport:
        port = server.port
        load = self._loads.get((one.name, operation))
        if load is not None:
            return run_wrk(load, port=port, connections=connections, seconds=seconds)
        questions = Asked(self.plan, one.dialect, self.issuer)
        if operation == "create":
            given = asked.creates(questions)
        else:
            given = asked.changes(questions, one.revisions(self.postgres, self.plan))
        return run_script(WRITES, given, port=port, connections=connections, seconds=seconds)

    def _round(
        self, one: Contestant, server: Server, operation: str, connections: int, timing: Timing
    ) -> HttpRound:
        before = self._times(server)
        report = self._drive(one, server, operation, connections, timing.seconds)
        after = self._times(server)
        service, postgres, client, stolen = (
            end - begin for begin, end in zip(before, after, strict=True)
        )
        each = 1e6 / report.requests
        return HttpRound(
            peer=one.name,
            operation=operation,
            connections=connections,
            requests_per_second=report.requests / report.seconds,
            service_us=service * each,
            postgres_us=postgres * each,
            client_us=client * each,
            busy=(service + postgres) / report.seconds,
            stolen=stolen / report.seconds / 2,
        )

    def _times(self, server: Server) -> tuple[float, float, float, float]:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (
            server.cpu_seconds(),
            self.postgres.cpu_seconds(),
            children.ru_utime + children.ru_stime,
            machine.stolen_seconds(),
        )


def median(done: list[HttpRound], peer: str, operation: str, figure: str) -> float | None:
    """Of one figure of one operation, None if it was not measured."""
    values = [
        getattr(one, figure) for one in done if one.peer == peer and one.operation == operation
    ]
    return statistics.median(values) if values else None


def _words(done: list[HttpRound]) -> str:
    each = ", ".join(
        f"{one.operation} {one.requests_per_second:,.0f}/s ({one.service_us:.0f} µs CPU, "
        f"PostgreSQL {one.postgres_us:.0f})"
        for one in done
    )
    return f"{done[0].peer}: {each}"
