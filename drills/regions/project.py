"""The services of the drill: a shop that asks its stock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drills.project import HEAD, write_file

if TYPE_CHECKING:
    from pathlib import Path

STOCK = '''
"""What there is."""

from hanse import PUBLIC, Service, rpc


class Stock(Service, package="stock.v1"):
    """Counts things."""

    @rpc("GET /stock/v1/level", allow=PUBLIC)
    async def level(self) -> int:
        """Always as many."""
        {code}
        return 7
'''

SHOP = '''
"""What is sold."""

from hanse import PUBLIC, Service, rpc

from stock.service import Stock


class Shop(Service, package="shop.v1"):
    """Asks the stock."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    @rpc("GET /shop/v1/offer", allow=PUBLIC)
    async def offer(self) -> int:
        """As many as the stock has."""
        return await self._stock.level()
'''

FAILING = 'raise RuntimeError("a fault of the release")'
"""Of a release of the stock that fails always."""


def write_project(folder: Path) -> None:
    """The whole project, each service in its first release."""
    services = ", ".join(f'"{name}.service:{name.title()}"' for name in ("stock", "shop"))
    write_file(folder / "hanse.toml", HEAD.format(listed=services, placement='default = "apart"'))
    for name, text in (("stock", STOCK.format(code="pass")), ("shop", SHOP)):
        write_file(folder / name / "__init__.py", "")
        write_file(folder / name / "service.py", text)


def write_failing(folder: Path) -> None:
    """Another release of the stock, which fails always."""
    write_file(folder / "stock/service.py", STOCK.format(code=FAILING))


def asks() -> list[dict[str, object]]:
    """What users ask: the shop, and by it the stock."""
    return [{"name": "shop", "path": "/shop/v1/offer", "right": 7}]
