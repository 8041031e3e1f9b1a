"""Money that adds up: whole units and billionths of one, never a float."""

from __future__ import annotations

from typing import Annotated

from hanse import Length, Range, Struct

NANOS_A_UNIT = 1_000_000_000
UNITS_MAX = 10**15
"""More than all the money there is, and still a whole number in every language."""

CurrencyCode = Annotated[str, Length(3, 3)]
"""Three letters of ISO 4217, like `EUR`."""


class Money(Struct, frozen=True):
    """An amount in one currency, exact. Minus 1.75 dollars is `Money("USD", -1, -750_000_000)`.

    Attributes:
        currency_code: Three letters of ISO 4217.
        units: Whole units.
        nanos: Billionths of a unit beside them, of the same sign.

    Raises:
        ValueError: Units and nanos are of different signs, or two currencies meet in one sum.
    """

    currency_code: CurrencyCode
    units: Annotated[int, Range(-UNITS_MAX, UNITS_MAX)]
    nanos: Annotated[int, Range(1 - NANOS_A_UNIT, NANOS_A_UNIT - 1)] = 0

    def __post_init__(self) -> None:
        if self.units * self.nanos < 0:
            raise ValueError("Expected units and nanos of one sign")

    @property
    def total_nanos(self) -> int:
        """The whole amount in billionths."""
        return self.units * NANOS_A_UNIT + self.nanos

    def __add__(self, other: Money) -> Money:
        if self.currency_code != other.currency_code:
            raise ValueError(f"{other.currency_code} cannot be added to {self.currency_code}")
        return money_of(self.currency_code, self.total_nanos + other.total_nanos)

    def __mul__(self, times: int) -> Money:
        return money_of(self.currency_code, self.total_nanos * times)


def money_of(currency_code: str, total_nanos: int) -> Money:
    """An amount given in billionths."""
    units, nanos = divmod(abs(total_nanos), NANOS_A_UNIT)
    if total_nanos < 0:
        return Money(currency_code, -units, -nanos)
    return Money(currency_code, units, nanos)
