"""What goes into a cart and out of it, and how much."""

from boutique_cart.api import ITEMS_MAX, QUANTITY_MAX, CartFull, CartItem, TooMany


def added(items: tuple[CartItem, ...], item: CartItem) -> tuple[CartItem, ...]:
    """What is in a cart with something more in it; what is there of it becomes more.

    Raises:
        CartFull: It holds as many different products as it can.
        TooMany: It would hold more of this one than the shop sells at once.
    """
    quantities = {one.product_id: one.quantity for one in items}
    quantity = quantities.get(item.product_id, 0) + item.quantity
    if quantity > QUANTITY_MAX:
        raise TooMany(
            f"The shop sells {QUANTITY_MAX} of one product at once; take fewer.",
            product_id=item.product_id,
            limit=QUANTITY_MAX,
        )
    quantities[item.product_id] = quantity
    if len(quantities) > ITEMS_MAX:
        raise CartFull(
            f"A cart holds {ITEMS_MAX} different products; buy these first.", limit=ITEMS_MAX
        )
    return tuple(CartItem(*one) for one in quantities.items())


def taken(items: tuple[CartItem, ...], bought: tuple[CartItem, ...]) -> tuple[CartItem, ...]:
    """What is left in a cart when something is taken out; what is not there is no matter."""
    gone = {one.product_id: one.quantity for one in bought}
    left = ((one.product_id, one.quantity - gone.get(one.product_id, 0)) for one in items)
    return tuple(CartItem(*one) for one in left if one[1] > 0)
