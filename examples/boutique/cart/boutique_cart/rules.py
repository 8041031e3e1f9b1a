"""What goes into a cart, and how much."""

from boutique_cart.api import ITEMS_MAX, QUANTITY_MAX, Cart, CartFull, CartItem, TooMany


def added(cart: Cart, item: CartItem) -> Cart:
    """The cart with something more in it; what is there already of it becomes more.

    Raises:
        CartFull: It holds as many different products as it can.
        TooMany: It would hold more of this one than the shop sells at once.
    """
    quantities = {one.product_id: one.quantity for one in cart.items}
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
    return Cart(cart.user_id, tuple(CartItem(*one) for one in quantities.items()))
