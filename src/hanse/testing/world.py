"""A world: services, their host, its clock and its doors, alive for the length of one test."""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from hanse.kit.clock import ManualClock, unix_ns
from hanse.runtime.call.context import DEFAULT_LOCALE, DEFAULT_SITE, Origin, running
from hanse.runtime.call.proxy import make_proxy
from hanse.runtime.config.settings import Sources
from hanse.runtime.contract.service import contract_of
from hanse.runtime.data.database import Database
from hanse.runtime.data.files.store_config import FileStoreConfig
from hanse.runtime.host import Host
from hanse.runtime.host_config import HostConfig
from hanse.runtime.identity.principal import VISITOR, Principal
from hanse.runtime.mail.mail_config import MailConfig
from hanse.runtime.wiring import wants_broker, wants_database
from hanse.testing.acting import acting, within_context
from hanse.testing.events.settled import PATIENCE_SECONDS, until_settled
from hanse.testing.http_client import HttpClient
from hanse.testing.servers.nats_server import shared_broker
from hanse.testing.servers.postgres_server import shared_server
from hanse.testing.servers.templates import shared_templates
from hanse.testing.site_guard import SiteGuard, guard, guarded_by_default

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from types import TracebackType

    from hanse.runtime.call.context import Context
    from hanse.runtime.credentials.development import DevelopmentIssuer
    from hanse.runtime.credentials.issuer import Issuer
    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.telemetry.span import Span
    from hanse.testing.faults import Faults

S = TypeVar("S")

MORNING = datetime(2026, 1, 1, 9, tzinfo=UTC)
"""The moment a world begins in, unless it is told another."""


class World:
    """Runs services in the test's own process and event loop.

        async with World(Greeter, Cart, settings={"cart": {"limit": 3}}) as world:
            cart = world.get(Cart, as_=Principal("member", "ada"))
            await cart.add("apple")
            answer = await world.http().post("/greeter/v1/greetings", {"name": "Ada"})
            assert answer.json == {"text": "Hello, Ada"}

    Everything is real: permissions, validation, deadlines and the HTTP server are those of a host.
    Only business time stands still until `world.clock.advance(…)`. Services that need a database
    have a fresh one in a real PostgreSQL, which tests of one process share and which ends with it;
    where they have events, these go by a real NATS.

    Args:
        services: Their classes, fakes among them.
        principal: Who calls where the test names nobody. The default may do what everybody may.
        settings: Section (a service's name in lower case) → field → value.
        clock: Business time; the default stands at nine on New Year's morning 2026, UTC.
        provided: Other things constructors ask for, by type; a `Database` is then the only one.
        apart: Every call goes over a socket, as between two hosts.
        faults: What goes wrong between services, and at fault points.

    Attributes:
        clock: The clock the services have.
        host: The host itself, once the world has begun.
        database: What its services share, to look into; None in a world without data.

    Raises:
        ConfigurationError: On entering: a service asks for what is not there.
    """

    host: Host
    database: Database | None = None
    _guarded = False

    def __init__(
        self,
        *services: type,
        principal: Principal = VISITOR,
        settings: Mapping[str, Mapping[str, object]] | None = None,
        clock: ManualClock | None = None,
        provided: Mapping[type, Any] | None = None,
        apart: bool = False,
        faults: Faults | None = None,
    ) -> None:
        self.clock = clock or ManualClock(MORNING)
        self._services = services
        self._principal = principal
        self._sources = Sources(tables=settings or {})
        self._provided = provided or {}
        self._apart = apart
        self._faults = faults
        self._stack = AsyncExitStack()
        self._issuer: DevelopmentIssuer | None = None

    async def __aenter__(self) -> Self:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="hanse-world-")))
        try:
            if self._faults is not None:
                self._stack.enter_context(self._faults.watching())
            self.host = Host(
                self._services,
                self._config(folder, await self._fresh_database(folder)),
                sources=self._sources,
                clock=self.clock,
                provided=self._provided,
                wrap=self._faults.wrap if self._faults else None,
            )
            await self._stack.enter_async_context(self.host)
            self.database = self.host.database
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None and self._faults is not None:
            error.add_note(f"The world had {self._faults!r}.")
        await self._stack.aclose()

    def get(self, contract: type[S], *, as_: Principal | None = None, site: str = "") -> S:
        """A contract as an object to call.

        Each call begins a trace of its own, unless it stands in a block of `as_` or in a call.

        Args:
            contract: A contract or service of this world.
            as_: Who calls; left out, the principal of the `as_` block or of the world.
            site: The tenant; left out, that of the block or the default one.

        Raises:
            LookupError: Nobody here serves it.
        """
        inner: Any = self.host.get(contract)
        model = contract_of(contract)
        assert model is not None

        @contextmanager
        def context() -> Generator[None]:
            if as_ is None and not site and running.get() is not None:
                yield
                return
            origin = self._origin()
            who = as_ or origin.principal
            with acting(who, site=site or origin.site, locale=origin.locale):
                yield

        return cast(
            "S",
            make_proxy(
                model,
                lambda method: within_context(
                    context, getattr(inner, method.name), streams=method.signature.streams
                ),
            ),
        )

    @contextmanager
    def as_(
        self, principal: Principal, *, site: str = DEFAULT_SITE, locale: str = DEFAULT_LOCALE
    ) -> Generator[Context]:
        """Calls in the block are made by `principal` and belong to one trace, as in one request.

            with world.as_(Principal("staff", "eve"), site="acme"):
                await world.get(Cart).clear()

        Args:
            principal: Who calls, also over `http()`.
            site: The tenant.
            locale: BCP 47 tag; not sent over `http()`.
        """
        with acting(principal, site=site, locale=locale) as context:
            yield context

    def http(self, as_: Principal | None = None, *, site: str = "") -> HttpClient:
        """A client for the open door; as somebody, it shows a token that this world believes.

        Args:
            as_: Who calls; left out, the principal of the `as_` block or of the world.
            site: The tenant the token is for; left out, that of the block, or none.
        """
        origin = self._origin()
        principal = as_ or origin.principal
        if principal.kind == "visitor":
            return HttpClient(self.host.url)
        assert self._issuer is not None
        token = self._issuer.mint(
            principal.kind,
            principal.id,
            permissions=principal.permissions,
            site=site or ("" if origin.site == DEFAULT_SITE else origin.site),
        )
        return HttpClient(self.host.url, {"authorization": f"Bearer {token}"})

    async def catch_up(self) -> None:
        """Does at once what hosts do by and by and is due: what is kept for a while only goes.

        Raises:
            HanseError: It cannot be done.
        """
        if self.database is not None:
            await self.database.upkeep.catch_up()

    async def settled(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Waits until every event was told, and handled or parked until later by `clock`.

            await world.get(Jobs).publish("smith")
            await world.settled()
            assert await world.get(Notices).sent() == ["smith"]

        Args:
            seconds: How long at most.

        Raises:
            NotSettled: It is not so by then; it says what is left, and where.
        """
        await until_settled(self.host, seconds)

    def spans(self) -> list[Span]:
        """What was recorded of calls since it was last asked, oldest first."""
        return self.host.spans.drain()

    def _origin(self) -> Origin:
        """For whom what is made now asks: for the block it stands in, else for the world."""
        call = running.get()
        return call.origin if call else Origin(principal=self._principal)

    async def _fresh_database(self, folder: Path) -> DatabaseConfig | None:
        if Database in self._provided or not wants_database(self._services):
            return None
        server = shared_server()
        guarded = self._guarded or guarded_by_default()
        if self._faults is None and self.clock.now() == MORNING and not guarded:
            url = await shared_templates().create(self._services, folder / "files", self.clock)
        else:  # what happens at its beginning is what the test is about, or when
            url = await server.create()
        self._stack.callback(server.drop, url)
        if not guarded:
            return server.config(url)
        database = SiteGuard(await guard(server, url), self.clock)
        self._provided = {**self._provided, Database: database}
        return None

    def _config(self, folder: Path, database: DatabaseConfig | None) -> HostConfig:
        socket = folder / "host.sock"
        names = [model.full_name for model in map(contract_of, self._services) if model]
        return HostConfig(
            name="world",
            socket=socket,
            directory=dict.fromkeys(names, (f"unix:{socket}",)) if self._apart else {},
            issuers=(self._development_issuer(folder),),
            database=database,
            broker=shared_broker().config() if wants_broker(self._services) else None,
            mail=cast("Mapping[type, Any]", self._provided).get(MailConfig, MailConfig()),
            file_store=FileStoreConfig(folder=folder / "files")
            if database or Database in self._provided
            else None,
        )

    def _development_issuer(self, folder: Path) -> Issuer:
        from hanse.runtime.credentials.development import DevelopmentIssuer

        self._issuer = DevelopmentIssuer(folder / "identity", lambda: unix_ns() / 1e9)
        return self._issuer.issuer()


class GuardedWorld(World):
    """A world whose server itself keeps sites apart, whatever a statement says.

    It costs a round trip a statement. A test that passes in a `World` and not in this one has found
    a statement that leaves the site of its call. All worlds are such where the variable
    HANSE_TEST_GUARDED is 1, so that a whole suite can be run a second time. HANSE_TEST_POSTGRES and
    HANSE_TEST_PGBOUNCER say where else: see `PostgresServer`.
    """

    _guarded = True
