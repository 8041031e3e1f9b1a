"""What constructors ask for by type, and how everything that is missing is told at once."""

from datetime import UTC, datetime
from typing import Annotated

import pytest

from hanse import PUBLIC, Clock, Contract, Host, HostConfig, Range, Service, rpc
from hanse.kit.clock import ManualClock
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.config.secret import Secret
from hanse.runtime.config.settings import Settings, Sources
from hanse.runtime.mutual.tls import Tls
from hanse.runtime.wiring import kept_in_database, wants_database
from hanse.testing import World, fake


class Stock(Contract):
    @rpc("POST /stock/v1/count", allow=PUBLIC)
    async def count(self) -> int: ...


class ShopSettings(Settings):
    name: str
    key: Secret
    limit: Annotated[int, Range(1)] = 5


class Printer:
    def __init__(self, name: str) -> None:
        self.name = name


class Shop(Service):
    def __init__(
        self, stock: Stock, settings: ShopSettings, clock: Clock, printer: Printer, size: int = 3
    ) -> None:
        self.stock = stock
        self.settings = settings
        self.clock = clock
        self.printer = printer
        self.size = size

    @rpc("POST /shop/v1/told", allow=PUBLIC)
    async def told(self) -> tuple[str, ...]:
        return (
            self.settings.name, self.settings.key.reveal(), str(self.settings.limit),
            self.clock.now().isoformat(), self.printer.name, str(self.size),
            str(await self.stock.count()),
        )  # fmt: skip


class Ping(Service, package="ring.v1"):
    def __init__(self, pong: "Pong") -> None:
        self.pong = pong

    @rpc(allow=PUBLIC)
    async def ping(self, times: int) -> str:
        return "ping " + await self.pong.pong(times - 1) if times else "end"


class Pong(Service, package="ring.v1"):
    def __init__(self, ping: Ping) -> None:
        self.ping = ping

    @rpc(allow=PUBLIC)
    async def pong(self, times: int) -> str:
        return "pong " + await self.ping.ping(times - 1) if times else "end"


class Hasty(Service, package="hasty.v1"):
    """Calls nobody in its constructor, but when it is entered."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock
        self.counted = -1

    async def __aenter__(self):
        self.counted = await self.stock.count()
        return self

    async def __aexit__(self, *_):
        self.counted = -2

    @rpc(allow=PUBLIC)
    async def told(self) -> int:
        return self.counted


def one_stock():
    return fake(Stock, count=lambda: 7)


async def test_a_constructor_gets_what_it_asks_for():
    clock = ManualClock(datetime(2026, 5, 1, tzinfo=UTC))
    world = World(
        Shop, one_stock(), clock=clock, provided={Printer: Printer("laser")},
        settings={"shop": {"name": "Corner", "key": "open sesame"}},
    )  # fmt: skip
    async with world:
        told = await world.get(Shop).told()

    assert told == (
        "Corner", "open sesame", "5", "2026-05-01T00:00:00+00:00", "laser", "3", "7",
    )  # fmt: skip


async def test_services_may_need_each_other():
    async with World(Ping, Pong) as world:
        assert await world.get(Ping).ping(3) == "ping pong ping end"


async def test_a_service_with_a_life_is_entered_before_the_doors_open_and_left_after():
    async with World(Hasty, one_stock()) as world:
        assert await world.get(Hasty).told() == 7


async def test_settings_may_be_handed_over_ready_made():
    ready = ShopSettings(name="Ready", key=Secret("k"))
    world = World(Shop, one_stock(), provided={Printer: Printer("p"), ShopSettings: ready})
    async with world:
        assert (await world.get(Shop).told())[0] == "Ready"


class Lost(Service, package="lost.v1"):
    def __init__(self, stock: Stock, printer: Printer, untyped) -> None: ...

    @rpc(allow=PUBLIC)
    async def one(self) -> None: ...


class Foggy(Service, package="foggy.v1"):
    def __init__(self, stock: "Nowhere") -> None: ...  # noqa: F821  a name that is nowhere is what is tested

    @rpc(allow=PUBLIC)
    async def one(self) -> None: ...


class OtherSettings(Settings):
    name: str = ""


class Twofold(Service, package="twofold.v1"):
    def __init__(self, one: OtherSettings, two: ShopSettings) -> None: ...

    @rpc(allow=PUBLIC)
    async def one(self) -> None: ...


def problems_of(*services, **options):
    with pytest.raises(ConfigurationError) as caught:
        Host(services, **options)
    return caught.value.problems


def test_everything_that_is_missing_is_told_together():
    problems = problems_of(
        Lost, Shop, Foggy, Lost,
        config=HostConfig(
            directory={
                "far.v1.Far": ("ftp://far",),
                "empty.v1.Empty": (),
                "open.v1.Open": ("http://10.0.0.1:80",),
                "stock.v1.Stock": ("nonsense",),
            },
            mutual_port=1,
        ),
        sources=Sources(tables={"shop": {"limit": 0}, "shup": {}}),
    )  # fmt: skip

    told = "\n".join(problems)
    for expected in (
        "far.v1.Far: 'ftp://far' is no address: unix:/path, http://host:port or https://…",
        "The directory has no address for empty.v1.Empty; give it one.",
        "open.v1.Open: http://10.0.0.1:80: hosts call each other over unix:… or https://… with tls",
        "stock.v1.Stock: 'nonsense' is no address",
        "mutual_port is set without tls",
        "lost.v1.Lost is served by two of the listed services",
        "Lost(printer: Printer): a host gives contracts, Settings, Clock, what its database holds",
        "Lost(untyped: no type)",
        "Shop(printer: Printer)",
        "shop.name is not set and has no default",
        "shop.key is not set",
        "shop.limit from table [shop] is wrong",
        "Did you mean shop?",
        "Foggy: its constructor's types cannot be read (name 'Nowhere' is not defined)",
    ):
        assert expected in told
    assert len(problems) == len(set(problems)) == 14


def test_a_contract_that_nobody_serves_is_told_with_the_remedy():
    [problem] = problems_of(Hasty)

    assert problem == (
        "Hasty(stock: Stock): nobody serves stock.v1.Stock; list a service that does, or give its "
        "address in the directory"
    )


def test_a_section_is_one_class():
    problems = problems_of(Twofold, sources=Sources(tables={"twofold": {"name": "x"}}))

    assert problems == (
        "Twofold wants ShopSettings of the section [twofold], which is OtherSettings; one section is "
        "one class",
    )


def test_a_host_runs_services_only():
    class Nothing: ...

    with pytest.raises(TypeError, match="Nothing is no Service"):
        Host([Nothing])
    with pytest.raises(TypeError, match="Stock is a contract; list the service"):
        Host([Stock])


def test_a_service_that_calls_another_in_its_constructor_is_told_to_wait():
    class Early(Service, package="early.v1"):
        def __init__(self, stock: Stock) -> None:
            stock.count().send(None)

        @rpc(allow=PUBLIC)
        async def one(self) -> None: ...

    with pytest.raises(Exception, match=r"not built yet|no running event loop"):
        Host([Early, one_stock()])


def test_files_of_an_identity_that_are_not_there_are_named():
    with pytest.raises(ConfigurationError, match="/nowhere/ca.pem"):
        Host(
            [one_stock()],
            HostConfig(tls=Tls("/nowhere/c.pem", "/nowhere/k.pem", "/nowhere/ca.pem")),
        )


class Unreadable(Service, package="unreadable.v1"):
    def __init__(self, things: "Things") -> None: ...  # noqa: F821  nobody made it

    @rpc(allow=PUBLIC)
    async def ask(self) -> int: ...


@pytest.mark.parametrize("look", [kept_in_database, wants_database])
def test_what_a_constructor_asks_for_is_never_passed_over(look):
    with pytest.raises(
        ConfigurationError, match="Unreadable: its constructor's types cannot be read"
    ):
        look([Unreadable])
