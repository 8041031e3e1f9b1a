"""What a confirmation says."""

from pathlib import Path

from boutique_checkout.api import Order
from boutique_currency.rules import written
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hanse import Struct

TEMPLATE = "confirmation.html"


class Letter(Struct, frozen=True):
    """One letter.

    Attributes:
        to: The address.
        subject: One line.
        html: What it says.
    """

    to: str
    subject: str
    html: str


class Letters:
    """Writes letters; whatever a customer typed is text in them and never markup."""

    def __init__(self) -> None:
        environment = Environment(
            autoescape=True,
            loader=FileSystemLoader(Path(__file__).parent),
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
        )
        environment.filters["written"] = written
        self._confirmation = environment.get_template(TEMPLATE)

    def confirmation(self, to: str, order: Order) -> Letter:
        """The letter that tells a customer what was bought."""
        subject = f"Your order {order.order_id}"
        return Letter(to, subject, self._confirmation.render(subject=subject, order=order))
