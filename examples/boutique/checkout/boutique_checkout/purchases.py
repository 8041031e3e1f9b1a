"""Which carts are being bought right now."""

from collections.abc import Generator
from contextlib import contextmanager

from boutique_checkout.api import AlreadyBuying


class Purchases:
    """One purchase of a cart at a time, on this host; there are no more than calls under way."""

    def __init__(self) -> None:
        self._under_way: set[tuple[str, str]] = set()

    @contextmanager
    def of(self, site: str, user_id: str) -> Generator[None]:
        """The block buys this cart, and nobody else does.

        Raises:
            AlreadyBuying: Somebody else does.
        """
        cart = (site, user_id)
        if cart in self._under_way:
            raise AlreadyBuying(
                "This cart is being bought already; look for the confirmation before you try again."
            )
        self._under_way.add(cart)
        try:
            yield
        finally:
            self._under_way.discard(cart)
