"""What a confirmation says."""

from boutique_checkout.api import Order
from boutique_currency.rules import written

from hanse import Struct
from hanse.mail import Letter, letter


class Line(Struct, frozen=True):
    """So many of one thing, and what a piece of it costs."""

    name: str
    pieces: int
    cost: str


@letter("letters/confirmation")
class Confirmation(Letter):
    """Tells a customer what was bought, in words that need no more than a template.

    Attributes:
        address: Where it goes, a line each.
    """

    order_id: str
    tracking_id: str
    lines: tuple[Line, ...]
    shipping: str
    total: str
    address: tuple[str, ...]


def confirmation(order: Order) -> Confirmation:
    """The letter about an order."""
    to = order.shipping_address
    town = " ".join(filter(None, (to.zip_code, to.city)))
    return Confirmation(
        order_id=order.order_id,
        tracking_id=order.shipping_tracking_id,
        lines=tuple(
            Line(line.name, line.item.quantity, written(line.cost)) for line in order.items
        ),
        shipping=written(order.shipping_cost),
        total=written(order.total),
        address=(to.street_address, ", ".join(filter(None, (town, to.state))), to.country),
    )
