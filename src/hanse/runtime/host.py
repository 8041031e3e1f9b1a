"""A host: one process that runs services."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from hanse.kit.clock import Clock, SystemClock, unix_seconds
from hanse.runtime.addresses import Addresses
from hanse.runtime.asgi.asgi_door import AsgiDoor
from hanse.runtime.asgi.mounted_app import MountedApp
from hanse.runtime.background import Background, Surroundings
from hanse.runtime.call.admission import Admission
from hanse.runtime.call.children import make_task
from hanse.runtime.call.deadline import Deadlines
from hanse.runtime.call.endpoint import Endpoint
from hanse.runtime.call.room import Room
from hanse.runtime.call.threads import Threads
from hanse.runtime.config.settings import Sources
from hanse.runtime.contract.describe import describe
from hanse.runtime.contract.service import contract_of, contract_to_serve
from hanse.runtime.data.files.provided import as_provided, files_of
from hanse.runtime.data.idempotency.once import once_in
from hanse.runtime.data.provided import database_of
from hanse.runtime.doors import Doors
from hanse.runtime.events.relay.post import post_of
from hanse.runtime.gauges import Gauges
from hanse.runtime.host_config import HostConfig
from hanse.runtime.http.connections import Connections
from hanse.runtime.http.encode import date_line
from hanse.runtime.instruments import Instruments
from hanse.runtime.link.link_door import LinkDoor
from hanse.runtime.offload import Offload
from hanse.runtime.placement.directory import Directory
from hanse.runtime.placement.placement import Placement
from hanse.runtime.placement.shares import Shares
from hanse.runtime.recorder import Recorder
from hanse.runtime.remote.frames import LINK_PATH
from hanse.runtime.server.dispatch import Dispatcher
from hanse.runtime.server.door import Door
from hanse.runtime.server.files import Files
from hanse.runtime.server.router import Router
from hanse.runtime.server.system import add_docs, add_figures, add_health, add_metrics
from hanse.runtime.sign_in import make_authenticator
from hanse.runtime.stall.watch import StallWatch
from hanse.runtime.sweep import Sweep
from hanse.runtime.telemetry.metrics import Metrics
from hanse.runtime.telemetry.sampler import Sampler
from hanse.runtime.telemetry.span import SPANS_MAX, SpanBuffer
from hanse.runtime.wiring import Wiring, with_brought

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
    from pathlib import Path

    from hanse.runtime.contract.description import ContractDescription
    from hanse.runtime.contract.method import Method
    from hanse.runtime.credentials.authenticator import Authenticator

S = TypeVar("S")


class Host:
    """Runs services: builds them, listens, answers, and stops without losing a request.

        host = Host([Greeter], HostConfig(port=8000))
        async with host:
            greeting = await host.get(Greeter).greet("Ada")

    Args:
        services: Their classes; each is built once, with what its constructor asks for.
        config: How to listen and whom to believe.
        sources: Where the settings of services come from.
        clock: Business time.
        provided: Other things constructors may ask for, by type.
        wrap: Wraps every call that services make; for faults in tests.

    Attributes:
        authenticator: Knows who calls, and revokes; None where nobody can sign in.
        database: What its services share; None for a host without data.
        kept_files: What they keep files in; None for a host without.
        routes: Lists every verb and path that is served.
        post: By which their events go; None for a host without broker or database.

    Raises:
        WiringError: A constructor asks for what is not there, or more is wrong; with all problems.
    """

    def __init__(
        self,
        services: Sequence[type],
        config: HostConfig | None = None,
        *,
        sources: Sources | None = None,
        clock: Clock | None = None,
        provided: Mapping[type, Any] | None = None,
        wrap: Callable[[Method, Callable[..., Any]], Callable[..., Any]] | None = None,
    ) -> None:
        self.config = config or HostConfig()
        self.limits, self.deadlines, provided = self.config.limits, Deadlines(), provided or {}
        self.draining, self.date, self.beginnings = False, b"", dict[bytes, bytes]()
        self.connections, self.metrics, self.spans = Connections(), Metrics(), SpanBuffer(SPANS_MAX)
        self._instruments = Instruments(self.deadlines, self.metrics, self.spans)
        self.admission = Admission(self.limits, self.deadlines, self.metrics)
        self.room = Room(self.limits.body_room, self.metrics, self._instruments.tally)
        self._gauges = Gauges(self.metrics, self.connections, self.admission, self.spans)
        self.authenticator: Authenticator | None = make_authenticator(self.config)
        self._threads, self._offload = Threads(self.config.threads), Offload()
        services = with_brought(services, provided)
        self._contracts = [contract_to_serve(service) for service in services]
        self._router, self._mounted = Router(), list[MountedApp]()
        self.routes = self._router.table
        self._dispatcher = Dispatcher(self._router, self.config.cors)
        self.resolve, self.finish = self._dispatcher.resolve, self._dispatcher.finish
        self._doors, self._sweep = Doors(self.config), Sweep(self._look)
        self._stack = AsyncExitStack()
        self._shares = Shares(self.config.shares_file, self.config.name)
        self._placement, own = self._place(wrap), self._shares.own
        clock = clock or SystemClock()
        self.database = database_of(self.config.database, provided, clock, self.metrics, own)
        self.post = post_of(self.config.broker, self.database, self.metrics)
        self._recorder = Recorder(self.config, self.spans, self.metrics)
        self._services = self._build(services, sources, clock, provided)
        self._watch = StallWatch(self._instruments, self._placement.local, self.config.stall_file)
        self._tick_date()

    def get(self, contract: type[S]) -> S:
        """The contract as an object, for programs and tests: calls act as the service `host`."""
        model = contract_of(contract)
        proxy = self._placement.connect(model, "host") if model else None
        if proxy is None:
            raise LookupError(f"{contract.__name__} is not served here and has no address.")
        return cast("S", proxy)

    def describe(self) -> list[ContractDescription]:
        """What is served, as plain data."""
        return [describe(contract) for contract in self._contracts]

    def mount(self, prefix: str, app: Any) -> None:
        """Serves an ASGI app below a prefix; services' routes win over it."""
        mounted = MountedApp(app, prefix)
        self._mounted.append(mounted)
        self._router.mount(prefix, mounted)

    def files(self, prefix: str, folder: Path, max_age: int = 0) -> None:
        """Serves the files of a folder below a prefix."""
        self._router.mount(prefix, Files(folder, prefix, max_age))

    @property
    def asgi(self) -> AsgiDoor:
        """The host as an ASGI app, to be mounted in one; run `lifespan` beside it."""
        return AsgiDoor(self._dispatcher, self.room)

    @asynccontextmanager
    async def lifespan(self, _app: object = None) -> AsyncGenerator[None]:
        """The host's life inside another app's: `FastAPI(lifespan=host.lifespan)`."""
        async with self:
            yield

    @property
    def url(self) -> str:
        """Address of the door that is open, once it listens; `LookupError` where there is none."""
        return self._doors.url

    @property
    def listening(self) -> bool:
        """Whether callers are let in."""
        return self._doors.listening

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        if loop.get_task_factory() is None:
            loop.set_task_factory(cast("Any", make_task))
        try:
            await self._open()
        except BaseException:
            self._doors.close()
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def run(self) -> None:
        """Serves until SIGTERM or SIGINT, then drains."""
        loop = asyncio.get_running_loop()
        stopping = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stopping.set)
        async with self:
            await stopping.wait()

    async def stop(self) -> None:
        """Turns unready, lets running requests finish, then ends everything else."""
        self.draining = True
        self._doors.close()
        await self.connections.drain(self.limits.drain_timeout)
        await self._doors.wait_closed()
        await self._stack.aclose()

    def _place(self, wrap: Any) -> Placement:
        local = [contract.full_name for contract in self._contracts]
        return Placement(
            local,
            Directory(self.config.directory, self.config.directory_file, local, self._shares),
            site=self.config.site,
            instruments=self._instruments,
            own=self._doors.own,
            wrap=wrap,
        )

    def _build(
        self,
        services: Sequence[type],
        sources: Sources | None,
        clock: Clock,
        provided: Mapping[type, Any],
    ) -> list[Any]:
        self.kept_files = files_of(self.database, self.config.file_store)
        wiring = Wiring(
            connect=self._placement.connect,
            clock=clock,
            provided={Offload: self._offload, **as_provided(self.kept_files), **provided},
            sources=sources or Sources(),
            database=self.database,
        )
        door, self._once = self._door(), once_in(self.database)
        endpoints = self._placement.endpoints
        for contract in self._contracts:
            for method in contract.methods.values():
                endpoints[method.full_name] = self._endpoint(method)
        built = wiring.build(services, self._placement.problems() + self._doors.problems())
        inside = Surroundings(self.post, self._instruments, self._threads, self.config.mail)
        self.background = Background(built, wiring.made, inside)
        addresses = Addresses(self._router, door, self.limits.json_depth, self.kept_files)
        for contract, instance in zip(self._contracts, built, strict=True):
            here = [endpoints[method.full_name] for method in contract.methods.values()]
            addresses.serve(instance, here, map(self._endpoint, instance.__pages__))
        self._serve_system(services)
        self._router.add("GET", LINK_PATH, LinkDoor(self, endpoints, door), hidden=True)
        return built

    def _endpoint(self, method: Method) -> Endpoint:
        observer = self._instruments.observer(method, "server", method.service)
        return Endpoint(method, observer=observer, threads=self._threads, once=self._once)

    def _door(self) -> Door:
        return Door(
            authenticator=self.authenticator,
            admission=self.admission,
            deadlines=self.deadlines,
            sampler=Sampler(self.config.traces_per_second, time.monotonic),
            site=self.config.site,
        )

    def _serve_system(self, services: Sequence[type]) -> None:
        data, trusted = self.database, not self.config.open_metrics
        add_health(self._router, lambda: not self.draining and (data is None or data.ready))
        add_metrics(self._router, self.metrics, self._placement.applied, trusted_only=trusted)
        add_figures(self._router, self._instruments.tally, services, data)
        if self.config.docs:
            add_docs(self._router, self.describe, services, self.config.name)

    async def _open(self) -> None:
        stack = self._stack
        await stack.enter_async_context(self._recorder)
        for part in filter(None, (self.database, self.post)):
            await stack.enter_async_context(part)
        for close in (self._threads.close, self._offload.close, self._placement.close):
            stack.callback(close)
        if self.authenticator is not None:
            stack.push_async_callback(self.authenticator.close)
        self._watch.start(asyncio.get_running_loop())
        self._sweep.start()
        for stop in (self._watch.stop, self._sweep.stop):
            stack.callback(stop)
        for instance in (*self._services, *self._mounted):
            if hasattr(instance, "__aenter__"):
                await stack.enter_async_context(instance)
        await stack.enter_async_context(self.background)
        await self._doors.open(self)

    def _look(self, now: float) -> None:
        """Looks at all connections, instead of a timer for each, and at what else may change."""
        for part in (self._watch, self._recorder, self._doors, self._placement):
            part.look()
        for connection in self.connections:
            connection.look(now)
        self._gauges.read(self.room)
        if self.database is not None:
            self.database.look(now)
        self._tick_date()

    def _tick_date(self) -> None:
        self.date = date_line(int(unix_seconds()))
        self.beginnings.clear()
