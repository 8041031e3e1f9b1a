"""What went wrong, in the shop's own words."""

from __future__ import annotations

import msgspec
from boutique_cart.api import CartFull, TooMany
from boutique_checkout.api import AlreadyBuying, OrderUndone
from boutique_payment.api import CardExpired, CardNotAccepted, InvalidCard

from hanse import FailedPrecondition, HanseError, Internal, InvalidArgument, NotFound, OutOfRange

TO_SHOP = ("/", "Back to the shop")
TO_BASKET = ("/basket", "Back to the basket")


class Failure(msgspec.Struct, frozen=True):
    """A page that says what went wrong.

    Attributes:
        status: Of HTTP.
        title: In a few words.
        sentence: What happened and what to do.
        way: A path and what it leads to.
    """

    status: int
    title: str
    sentence: str
    way: tuple[str, str] = TO_SHOP


NO_SUCH_PAGE = Failure(
    404,
    "That is not on board",
    "We looked in every hold. It may be sold out for good, or the address has a slip in it.",
)
NO_SUCH_ORDER = Failure(
    404,
    "We do not know this order here",
    "An order is shown only in the browser it was placed with, and not for ever. "
    "Everything about it stands in the confirmation we sent by e-mail.",
)
ROUGH_SEA = Failure(
    503,
    "The sea is rough just now",
    "Part of the shop does not answer. Your basket is safe; please try again in a moment.",
)
OUR_FAULT = Failure(
    500,
    "Something went overboard",
    "That was our mistake, not yours. We have noted it; please try again.",
)
ORDER_UNKNOWN = Failure(
    503,
    "We cannot tell yet whether your order went through",
    "Somebody keeps us waiting. We go on with it, and you are charged once at most: look for our "
    "e-mail before you order again.",
    TO_BASKET,
)


def failure_of(error: HanseError) -> Failure:
    """The page for an error while somebody looks around or fills a basket."""
    match error:
        case NotFound():
            return NO_SUCH_PAGE
        case TooMany():
            sentence = f"We sell at most {error.limit} of one thing at once, so that all get some."
            return Failure(409, "That is more than we can pack", sentence, TO_BASKET)
        case CartFull():
            sentence = f"It holds {error.limit} different things. Take something out first."
            return Failure(409, "Your basket is full", sentence, TO_BASKET)
        case OutOfRange() | InvalidArgument() | FailedPrecondition():
            return Failure(400, "That cannot be done", error.detail or OUR_FAULT.sentence)
        case Internal():
            return OUR_FAULT
        case _:
            return ROUGH_SEA


def order_failure_of(error: HanseError) -> Failure:
    """The page for an error while an order is placed that no other form input can mend."""
    match error:
        case OrderUndone():
            return Failure(502, "Your order could not be placed", error.detail, TO_BASKET)
        case AlreadyBuying():
            return Failure(409, "One order after the other", error.detail, TO_BASKET)
        case NotFound() | OutOfRange() | InvalidArgument() | FailedPrecondition():
            return failure_of(error)
        case _:
            return ORDER_UNKNOWN


def sold_out(name: str) -> Failure:
    """The page for an order of more than there is."""
    sentence = f"There are fewer of “{name}” than you want. Take fewer, or something else instead."
    return Failure(409, "Somebody was faster", sentence, TO_BASKET)


def card_mistake(error: HanseError) -> dict[str, str]:
    """What to say at which field of the order form; empty if the error is not about the card."""
    match error:
        case InvalidCard(field="number") | CardNotAccepted():
            return {"card_number": error.detail}
        case InvalidCard():
            return {"card_cvv": error.detail}
        case CardExpired():
            return {"expiry_year": error.detail}
        case _:
            return {}
