"""`hanse dev`: serves a project while it is written and begins anew at each save."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from hanse.cli.dev.apology import Apology
from hanse.cli.dev.broker import development_broker, note_url
from hanse.cli.dev.database import development_database
from hanse.cli.dev.worker_process import WorkerProcess
from hanse.cli.listener import open_listener, url_of
from hanse.cli.place import open_project, state_folder
from hanse.cli.refusal import Refused, show
from hanse.kit.private_folder import make_private
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.mail.inbox.place import HOME

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from hanse.testing.servers.nats_server import NatsServer
    from hanse.testing.servers.postgres_server import PostgresServer

HANDOVER_SECONDS = 0.3
"""How long a new worker waits for the old one to leave before both answer for a while."""

DRAIN_SECONDS = 6.0
END_SECONDS = 0.5
WATCHED = (".py", ".toml", ".html", ".txt", ".sql")
UNWATCHED = (".hanse",)
RECENT_SECONDS = 5.0
_NO_DOOR = (
    "hanse dev serves at the open door, which hanse.toml switches off. Give it a port, "
    "hanse dev --port 8000, or switch it off in [environments.NAME.host] only."
)


class Options(NamedTuple):
    """What was asked for on the command line.

    Attributes:
        port: None for the one of `hanse.toml`.
        name: Which copy this is; empty for the only one.
        environment: Which one of `hanse.toml` applies.
        debug_port: Where a debugger may attach; 0 for nowhere.
    """

    port: int | None
    name: str
    environment: str
    debug_port: int


class Event(NamedTuple):
    """Something that happened: `stop`, `saved`, `reported` or `ended`."""

    what: str
    worker: WorkerProcess | None = None
    told: Any = None


def dev(options: Options) -> None:
    """Serves until Ctrl-C.

    Raises:
        Refused, ConfigurationError: There is nothing to serve, or nowhere.
    """
    project = open_project(options.environment)
    state = state_folder(project.folder, options.name)
    if options.debug_port:
        _check_debugger()
    table = project.file.host
    wanted = table.open_port if options.port is None else options.port
    if wanted is None:
        raise Refused(_NO_DOOR)
    may_differ = bool(options.name) and options.port is None
    listener = open_listener(table.address, wanted, or_any=may_differ)
    make_private(state)
    order = {
        "folder": str(project.folder),
        "listener": listener.fileno(),
        "url": url_of(listener),
        "state": str(state),
        "environment": options.environment,
        "debug_port": options.debug_port,
        "local": ip_address(listener.getsockname()[0]).is_loopback,
        "database": "",
        "broker": "",
    }
    asyncio.run(Development(listener, order).run())


def _check_debugger() -> None:
    from importlib.util import find_spec

    if find_spec("debugpy") is None:
        raise Refused("--debug needs debugpy, which is not installed: pip install 'hanse[debug]'")


class Development:
    """Keeps one worker serving and a second one loaded, to take its place at the next save."""

    def __init__(self, listener: socket.socket, order: dict[str, Any]) -> None:
        self._listener = listener
        self._order = order
        self._folder = Path(order["folder"])
        self._apology = Apology(listener)
        self._events: asyncio.Queue[Event] = asyncio.Queue(64)
        self._tasks: set[asyncio.Task[None]] = set()
        self._workers: set[WorkerProcess] = set()
        self._serving: WorkerProcess | None = None
        self._spare: WorkerProcess | None = None
        self._since = 0.0
        self._greeted = False
        self._database: PostgresServer | None = None
        self._broker: NatsServer | None = None

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._happened, Event("stop"))
        self._since = time.time()
        self._spare = await WorkerProcess.start(self._listener)
        self._keep(self._watch())
        await self._replace()
        try:
            await self._handle_events()
        finally:
            await self._end()

    async def _handle_events(self) -> None:
        while True:
            event = await self._events.get()
            if event.what == "stop":
                return
            if event.what == "saved":
                self._since = _saved_at(event.told)
                await self._replace()
            elif event.worker is self._serving:
                await self._hear(event)

    async def _hear(self, event: Event) -> None:
        """Handles what the worker that should serve has to say."""
        if event.what == "ended":
            await self._apologize([f"The services ended by themselves ({_ending(event.told)})."])
        elif event.told.get("wants_database"):
            await self._begin_with_database()
        elif event.told.get("wants_broker"):
            await self._begin_with_broker()
        elif event.told.get("problems"):
            self._serving = None
            await self._apologize(event.told["problems"])
        else:
            self._greet(event.told["curl"], inbox=event.told["inbox"])
            self._spare = await WorkerProcess.start(self._listener)

    async def _begin_with_database(self) -> None:
        """Starts the database that services ask for and nobody named, once, and loads them anew."""
        self._serving = None
        try:
            self._database = development_database(Path(self._order["state"]))
            await asyncio.to_thread(self._database.start)
        except ConfigurationError as error:
            await self._apologize(list(error.problems))
            return
        self._order["database"] = self._database.url()
        await self._replace()

    async def _begin_with_broker(self) -> None:
        """The same with a broker for their events."""
        self._serving = None
        try:
            self._broker = development_broker(Path(self._order["state"]))
            await asyncio.to_thread(self._broker.start)
            note_url(Path(self._order["state"]), self._broker.url)
        except ConfigurationError as error:
            await self._apologize(list(error.problems))
            return
        self._order["broker"] = self._broker.url
        await self._replace()

    async def _apologize(self, problems: list[str]) -> None:
        self._serving = None
        show(problems)
        click.echo("Mend it and save: it loads again by itself. Until then every answer is 503.\n")
        await self._apology.begin(problems)
        if self._spare is None:
            self._spare = await WorkerProcess.start(self._listener)

    async def _replace(self) -> None:
        """Has the spare worker load the project as it is now, in place of the one that serves."""
        old, worker = self._serving, self._spare or await WorkerProcess.start(self._listener)
        self._serving, self._spare = worker, None
        self._workers.add(worker)
        worker.order(self._order)
        if old is not None:
            await self._retire(old)
        await self._apology.end()
        worker.release()
        self._keep(self._listen(worker))

    async def _retire(self, worker: WorkerProcess) -> None:
        worker.drain()
        with suppress(TimeoutError):
            await asyncio.wait_for(worker.wait(), HANDOVER_SECONDS)
        # Two processes cannot be open to a debugger at one port.
        patience = 0.0 if self._order["debug_port"] else DRAIN_SECONDS
        self._keep(worker.end(patience))

    async def _listen(self, worker: WorkerProcess) -> None:
        report = await worker.report()
        if report is not None:
            await self._events.put(Event("reported", worker, report))
        code = await worker.wait()
        worker.close()
        self._workers.discard(worker)
        await self._events.put(Event("ended", worker, code))

    async def _watch(self) -> None:
        from watchfiles import (
            DefaultFilter,
            awatch,  # pyright: ignore[reportUnknownVariableType] - mentions a library not used here
        )

        ordinary = DefaultFilter(ignore_dirs=(*DefaultFilter.ignore_dirs, *UNWATCHED))

        def wanted(change: Any, path: str) -> bool:
            return path.endswith(WATCHED) and ordinary(change, path)

        async for changes in awatch(self._folder, watch_filter=wanted, debounce=100, step=20):
            await self._events.put(Event("saved", told=sorted(path for _, path in changes)))

    def _greet(self, curl: str, *, inbox: bool) -> None:
        took = f"{time.time() - self._since:.2f} s"
        if self._greeted:
            click.echo(f"reloaded in {took}")
            return
        self._greeted = True
        url = self._order["url"]
        click.secho(f"{self._folder.name} answers at {url} ", bold=True, nl=False)
        click.echo(f"after {took}")
        click.echo(f"  docs   {url}/docs")
        if curl:
            click.echo(f"  try    {curl}")
        if inbox:
            click.echo(f"  mail   {url}{HOME}/")
        if self._order["debug_port"]:
            click.echo(f"  debug  127.0.0.1:{self._order['debug_port']}, no deadline passes")
        click.echo("Each save reloads it. Ctrl-C ends it.\n")

    async def _end(self) -> None:
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        workers = self._workers | ({self._spare} if self._spare else set[WorkerProcess]())
        await asyncio.gather(*(worker.end(END_SECONDS) for worker in workers))
        for worker in workers:
            worker.close()
        if self._database is not None:
            await asyncio.to_thread(self._database.stop)
        if self._broker is not None:
            await asyncio.to_thread(self._broker.stop)

    def _happened(self, event: Event) -> None:
        with suppress(asyncio.QueueFull):
            self._events.put_nowait(event)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _saved_at(paths: list[str]) -> float:
    """When the last of these files was written, as far as they tell."""
    now = time.time()
    times: list[float] = []
    for path in paths:
        with suppress(OSError):
            times.append(Path(path).stat().st_mtime)
    last = max(times, default=now)
    return last if now - RECENT_SECONDS < last < now else now


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
