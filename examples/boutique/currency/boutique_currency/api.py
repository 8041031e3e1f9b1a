"""What others may know of currencies."""

from boutique_currency.money import CurrencyCode, Money
from hanse import PUBLIC, Contract, InvalidArgument, OutOfRange, Struct, rpc

__all__ = [
    "AmountTooLarge",
    "Currencies",
    "CurrencyCode",
    "CurrencyList",
    "Money",
    "UnsupportedCurrency",
]


class CurrencyList(Struct, frozen=True):
    """The currencies the shop sells in, in the order of the alphabet."""

    currency_codes: tuple[str, ...]


class UnsupportedCurrency(InvalidArgument):
    """The shop has no rate for this currency."""

    code = "unsupported_currency"
    currency_code: str


class AmountTooLarge(OutOfRange):
    """The amount is not countable in the currency asked for."""

    code = "amount_too_large"


class Currencies(Contract):
    """What money is worth."""

    @rpc("GET /currencies/v1/currencies", allow=PUBLIC)
    async def get_supported_currencies(self) -> CurrencyList:
        """All the currencies `convert` knows."""
        ...

    @rpc(
        allow=PUBLIC,
        errors=(UnsupportedCurrency, AmountTooLarge),
        idempotent=True,
        concurrency=4096,  # a page asks for a dozen at once
    )
    async def convert(self, amount: Money, to_code: CurrencyCode) -> Money:
        """The amount in another currency, rounded to its smallest coin, half to even."""
        ...
