"""What others may know of payments."""

from typing import Annotated, Any, Literal

from boutique_currency.api import Money

from hanse import PUBLIC, Contract, FailedPrecondition, InvalidArgument, Length, Range, Struct, rpc

__all__ = ["Card", "CardExpired", "CardNotAccepted", "InvalidCard", "Payments"]


class Card(Struct, frozen=True):
    """A credit card. It never shows itself: not in a log, not in a traceback, not in an error.

    Attributes:
        number: Digits, in groups or not.
        cvv: The three digits on its back.
        expiration_year: With the century.
        expiration_month: It is good to the end of this month.
    """

    number: Annotated[str, Length(1, 32)]
    cvv: Annotated[str, Length(1, 4)]
    expiration_year: Annotated[int, Range(2000, 2100)]
    expiration_month: Annotated[int, Range(1, 12)]

    def __repr__(self) -> str:
        return "Card(***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("number", "***")]


class InvalidCard(InvalidArgument):
    """No card has such a number, or such digits on its back: a slip of the keyboard."""

    code = "invalid_card"
    field: Literal["number", "cvv"]


class CardNotAccepted(FailedPrecondition):
    """A card, but not one of those the shop takes."""

    code = "card_not_accepted"
    accepted: tuple[str, ...]


class CardExpired(FailedPrecondition):
    """The card was good once."""

    code = "card_expired"


class Payments(Contract, package="payment.v1"):
    """Takes the money. Only services call it."""

    @rpc(allow=PUBLIC, errors=(InvalidCard, CardNotAccepted, CardExpired))
    async def charge(self, amount: Money, card: Card) -> str:
        """Charges a card; answers the number of the transaction. Twice asked is twice charged."""
        ...
