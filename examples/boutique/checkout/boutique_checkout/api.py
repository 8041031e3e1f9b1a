"""What others may know of checkout."""

from boutique_cart.api import UserId
from boutique_catalog.api import NoSuchProduct
from boutique_currency.api import AmountTooLarge, CurrencyCode, UnsupportedCurrency
from boutique_email.api import EmailAddress, Order
from boutique_payment.api import Card, CardExpired, CardNotAccepted, InvalidCard
from boutique_shipping.api import Address

from hanse import PUBLIC, Aborted, Contract, FailedPrecondition, rpc

__all__ = ["AlreadyBuying", "CartEmpty", "ChargedNotShipped", "Checkout", "PaymentUnclear"]


class AlreadyBuying(Aborted):
    """This cart is being bought at this moment, as after two clicks on one button."""

    code = "already_buying"


class CartEmpty(FailedPrecondition):
    """There is nothing to buy."""

    code = "cart_empty"


class PaymentUnclear(FailedPrecondition):
    """Nobody can tell whether the card was charged. Nothing was shipped, the cart is as it was."""

    code = "payment_unclear"


class ChargedNotShipped(FailedPrecondition):
    """The card was charged and nothing was shipped. The cart is as it was.

    Attributes:
        transaction_id: What the shop needs to give the money back.
    """

    code = "charged_not_shipped"
    transaction_id: str


class Checkout(Contract, package="checkout.v1"):
    """Turns a cart into an order. Only services call it."""

    @rpc(
        allow=PUBLIC,
        errors=(
            AlreadyBuying, CartEmpty, NoSuchProduct, UnsupportedCurrency, AmountTooLarge,
            InvalidCard, CardNotAccepted, CardExpired, PaymentUnclear, ChargedNotShipped,
        ),
    )  # fmt: skip
    async def place_order(
        self,
        user_id: UserId,
        user_currency: CurrencyCode,
        address: Address,
        email: EmailAddress,
        card: Card,
    ) -> Order:
        """Buys what is in the user's cart.

        Charges the card, ships, empties the cart and sends a confirmation. It charges once at most
        and never tries a charge again. Until the card is charged an error leaves all as it was.

        Args:
            user_id: Whose cart is bought.
            user_currency: What is paid in.
            address: Where the goods go.
            email: Where the confirmation goes.
            card: What is charged.
        """
        ...
