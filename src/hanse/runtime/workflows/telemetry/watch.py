"""Counts what instances do, times their steps, and leaves a trace that says who began them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from hanse.kit.clock import monotonic
from hanse.runtime.call.observer import Observer
from hanse.runtime.errors import HanseError

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from hanse.runtime.call.context import Call
    from hanse.runtime.data.database import Database
    from hanse.runtime.figures.tally import Tally
    from hanse.runtime.telemetry.metrics import Metrics, Series
    from hanse.runtime.telemetry.span import SpanBuffer
    from hanse.runtime.workflows.journal.entry import State
    from hanse.runtime.workflows.model import WorkflowModel

COUNT_SECONDS = 60.0
COUNTED = 100_000
"""More than so many that wait or are held are not told apart."""

STEPS_MAX = 4096

_COUNT = f"""
select (select count(*) from (
    select from hanse.workflow where wake_time is not null limit {COUNTED}) one) as waiting,
  (select count(*) from (
    select from hanse.workflow where state = 'held' limit {COUNTED}) one) as held
"""  # noqa: S608  put together of constants


class Instruments(Protocol):
    """Where a host keeps numbers and spans."""

    @property
    def metrics(self) -> Metrics: ...

    @property
    def spans(self) -> SpanBuffer: ...

    @property
    def tally(self) -> Tally: ...


class Surroundings(Protocol):
    """What a host has for it."""

    @property
    def instruments(self) -> Instruments: ...


class Watch:
    """That of one host; it sees nothing before it is given where to write it down."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._metrics: Metrics | None = None
        self._spans: SpanBuffer | None = None
        self._tally: Tally | None = None
        self._observers: dict[tuple[str, str], RunObserver] = {}
        self._counters: dict[tuple[str, str], Series] = {}
        self._next_count = 0.0

    def join(self, host: Surroundings) -> None:
        """Says where numbers and spans go."""
        self._metrics, self._spans = host.instruments.metrics, host.instruments.spans
        self._tally = host.instruments.tally

    def begun(self, name: str) -> None:
        """Counts an instance that begins, also one in a transaction that may be undone yet."""
        if self._metrics is not None:
            counter = self._counters.get((name, "")) or self._began(self._metrics, name)
            counter.add()

    def ended(self, name: str, state: State) -> None:
        """Counts an instance that ended, or is held."""
        if self._metrics is not None:
            counter = self._counters.get((name, state)) or self._over(self._metrics, name, state)
            counter.add()

    def ran(self, model: WorkflowModel, call: Call, code: str, link: str) -> None:
        """Notes that an instance has left the memory: that was one run of its code."""
        observer = self._observer(model, "")
        if observer is not None:
            observer.link = link
            observer.finished(call, code)

    def tried(self, model: WorkflowModel, step: str, call: Call, code: str) -> None:
        """Notes one try of a step."""
        observer = self._observer(model, step)
        if observer is not None:
            observer.finished(call, code)

    async def look(self, running: int, due: datetime | None) -> None:
        """Shows how much there is; now and then also what only the database knows."""
        if self._metrics is None:
            return
        self._gauge("hanse_workflows_running", "Workflows in the memory of this host.").set(running)
        late: timedelta | None = None if due is None else self._database.clock.now() - due
        self._gauge(
            "hanse_workflows_late_seconds", "How long the first has been due that none has taken."
        ).set(0.0 if late is None else max(0.0, late.total_seconds()))
        if monotonic() >= self._next_count:
            self._next_count = monotonic() + COUNT_SECONDS
            await self._count()

    def _began(self, metrics: Metrics, name: str) -> Series:
        counter = metrics.counter(
            "hanse_workflows_started_total", "Workflows that began.", workflow=name
        )
        self._counters[name, ""] = counter
        return counter

    def _over(self, metrics: Metrics, name: str, state: State) -> Series:
        meaning = "Workflows that ended, or are held for people."
        counter = metrics.counter(
            "hanse_workflows_ended_total", meaning, workflow=name, outcome=state
        )
        self._counters[name, state] = counter
        return counter

    async def _count(self) -> None:
        try:
            row = await self._database.fetch_row(_COUNT)
        except HanseError:  # the database tells itself that it is away
            return
        if row is not None:
            meaning = "Workflows that go on at a time that is known; a hundred thousand at most."
            self._gauge("hanse_workflows_waiting", meaning).set(row["waiting"])
            self._gauge("hanse_workflows_held", "Workflows held for people.").set(row["held"])

    def _gauge(self, name: str, meaning: str) -> Series:
        assert self._metrics is not None, "it has joined a host"
        return self._metrics.gauge(name, meaning)

    def _observer(self, model: WorkflowModel, step: str) -> RunObserver | None:
        known = self._observers.get((model.name, step))
        if known is not None or self._metrics is None or self._spans is None:
            return known
        if len(self._observers) >= STEPS_MAX:
            return None
        service, name = model.method.service, ".".join(filter(None, (model.method.rpc_name, step)))
        metrics = self._metrics.of(service, name)
        # What an instance does in all is not done until then: its steps are.
        tally = self._tally if step else None
        made = RunObserver(service, f"{service}/{name}", "internal", metrics, self._spans, tally)
        self._observers[model.name, step] = made
        return made


class RunObserver(Observer):
    """Records runs of workflows and their steps: all of one instance are of one trace.

    Attributes:
        link: The step that began the instance, as W3C `traceparent`.
    """

    link = ""

    def _attributes(self, call: Call) -> tuple[tuple[str, str], ...]:
        linked = (("link.traceparent", self.link),) if self.link else ()
        return (("workflow.id", call.origin.cause), *linked)
