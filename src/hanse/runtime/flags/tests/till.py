"""A service with flags, to test with."""

from datetime import date
from enum import Enum
from typing import Annotated, Literal

from hanse import PUBLIC, Meta, Service, Struct, rpc
from hanse.flags import Flags, flag

LAST_DAY = date(2026, 6, 30)


class Layout(Enum):
    OLD = "old"
    NEW = "new"


class Limits(Struct, frozen=True):
    items: int
    total: float = 100.0


class Checkout(Flags):
    new_tax = flag(False, owner="payments", until=LAST_DAY, doc="Taxes by the new table.")
    price = flag("list", owner="sales", until=LAST_DAY, doc="What is asked.", sticky=True)
    layout = flag(Layout.OLD, owner="shop", until=LAST_DAY, doc="How it looks.")
    tries = flag(
        3, owner="shop", until=None, doc="Of a card.", kind=Annotated[int, Meta(ge=1, le=9)]
    )
    rate = flag(0.5, owner="shop", until=None, doc="Of what is logged.")
    speed = flag("slow", owner="shop", until=None, doc="Of the belt.", kind=Literal["slow", "fast"])
    limits = flag(Limits(10), owner="shop", until=None, doc="Of a cart.")


class Till(Service):
    """Shows what its flags say."""

    def __init__(self, flags: Checkout) -> None:
        self._flags = flags

    @rpc("GET /till/v1/flags/{name}", allow=PUBLIC)
    async def read(self, name: str) -> str:
        """A flag for who asks, as text."""
        return str(getattr(self._flags, name))

    @rpc("GET /till/v1/visitors/{key}", allow=PUBLIC)
    async def visitor(self, key: str) -> str:
        """The price for a visitor."""
        return (await self._flags.keyed(key)).price
