"""What the things in a cart cost, and bringing them."""

from asyncio import TaskGroup

from boutique_cart.api import CartItem
from boutique_catalog.api import Catalog
from boutique_currency.api import Currencies, CurrencyCode, Money
from boutique_shipping.api import Address, Shipping

from boutique_checkout.api import OrderItem


class Pricing:
    """Asks for all prices at once."""

    def __init__(self, catalog: Catalog, currencies: Currencies, shipping: Shipping) -> None:
        self._catalog = catalog
        self._currencies = currencies
        self._shipping = shipping

    async def priced(
        self, items: tuple[CartItem, ...], address: Address, currency: CurrencyCode
    ) -> tuple[tuple[OrderItem, ...], Money]:
        """Each line and what shipping costs; one failure ends the rest."""
        try:
            async with TaskGroup() as group:
                lines = [group.create_task(self._line(item, currency)) for item in items]
                shipping = group.create_task(self._shipping_cost(items, address, currency))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return tuple(line.result() for line in lines), shipping.result()

    async def _line(self, item: CartItem, currency: CurrencyCode) -> OrderItem:
        product = await self._catalog.get_product(item.product_id)
        cost = await self._currencies.convert(product.price_usd, currency)
        return OrderItem(item, product.name, cost)

    async def _shipping_cost(
        self, items: tuple[CartItem, ...], address: Address, currency: CurrencyCode
    ) -> Money:
        return await self._currencies.convert(
            await self._shipping.get_quote(items, address), currency
        )
