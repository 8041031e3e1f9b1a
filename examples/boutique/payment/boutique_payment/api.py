"""What others may know of payments."""

from typing import Annotated, Any, Literal

from boutique_currency.api import Money

from hanse import (
    PUBLIC,
    Contract,
    FailedPrecondition,
    InvalidArgument,
    Length,
    NotFound,
    Range,
    Struct,
    rpc,
)

__all__ = [
    "Card",
    "CardExpired",
    "CardNotAccepted",
    "InvalidCard",
    "NoSuchPayment",
    "PaymentId",
    "PaymentRefunded",
    "Payments",
]

PaymentId = Annotated[str, Length(1, 64)]
"""What a card was shown for."""


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


class NoSuchPayment(NotFound):
    """No card was shown for it."""

    code = "no_such_payment"


class PaymentRefunded(FailedPrecondition):
    """The money was given back, or the card was let go."""

    code = "payment_refunded"


class Payments(Contract, package="payment.v1"):
    """Takes the money, in two: a card is shown once, and what is written down never needs it."""

    @rpc(allow=PUBLIC, errors=(InvalidCard, CardNotAccepted, CardExpired))
    async def authorize(self, amount: Money, card: Card) -> PaymentId:
        """Looks at a card and says under which key it can be charged; no money moves yet."""
        ...

    @rpc(allow=PUBLIC, errors=(NoSuchPayment, PaymentRefunded), idempotent=True)
    async def charge(self, payment_id: PaymentId) -> Money:
        """Charges what was authorized. The same key twice is the same charge."""
        ...

    @rpc(allow=PUBLIC, errors=(NoSuchPayment,), idempotent=True)
    async def refund(self, payment_id: PaymentId) -> None:
        """Gives back what was charged, once; what was not charged yet is never charged then."""
        ...
