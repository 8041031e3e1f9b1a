"""Carts, stock, payments, orders and letters of the peers: what each change is, in SQL.

The rules are the boutique's own; what is done once is so by a key in a table, as there.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import time
from uuid import uuid4

from boutique_cart.api import CartItem
from boutique_catalog.api import OutOfStock
from boutique_checkout.api import AlreadyBuying, NoSuchOrder
from boutique_payment.api import NoSuchPayment, PaymentRefunded
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from benchmarks.boutique.peer_data.tables import (
    Cart,
    Letter,
    Order,
    Payment,
    Product,
    Reservation,
    engine,
    every,
    one,
)
from hanse import Aborted

FRESH_SECONDS = 1.0
"""As long as Hanse's catalog shows again what it has read."""

TRIES = 10


class Remembered:
    """What was made of all products, for a second."""

    def __init__(self, make) -> None:
        self._make = make
        self._made, self._until = None, 0.0

    async def get(self):
        if self._made is None or time.monotonic() > self._until:
            rows = await every(select(Product.doc).order_by(Product.place))
            self._made = self._make([row.doc for row in rows])
            self._until = time.monotonic() + FRESH_SECONDS
        return self._made


async def cart(user_id: str) -> tuple[tuple[CartItem, ...], str]:
    """What is in it, and of which version it is."""
    row = await one(select(Cart.items, Cart.version).where(Cart.user_id == user_id))
    return (_items(row.items), f"{user_id}.{row.version}") if row else ((), "")


async def change_cart(user_id: str, change) -> None:
    """Changes a cart as it is, or as it is once somebody else has changed it."""
    for _ in range(TRIES):
        row = await one(select(Cart).where(Cart.user_id == user_id))
        changed = change(_items(row.items) if row else (), row.order_id if row else "")
        if changed is None or await one(_written(user_id, row, *changed)):
            return
    raise Aborted("Somebody else changes this cart all the time.")


def _written(user_id, row, items, order_id):
    values = {
        "items": [[item.product_id, item.quantity] for item in items],
        "order_id": order_id,
    }
    if row is None:
        new = insert(Cart).values(user_id=user_id, version=1, **values)
        return new.on_conflict_do_nothing().returning(Cart.version)
    found = (Cart.user_id == user_id, Cart.version == row.version)
    changed = update(Cart).where(*found).values(version=row.version + 1, **values)
    return changed.returning(Cart.version)


def _items(listed) -> tuple[CartItem, ...]:
    return tuple(CartItem(*item) for item in listed)


async def reserve(order_id: str, items) -> None:
    """All or none, and once an order."""
    noted = insert(Reservation).values(order_id=order_id, released=False)
    async with engine.begin() as connection:
        fresh = noted.on_conflict_do_nothing().returning(Reservation.order_id)
        if (await connection.execute(fresh)).first() is None:
            return
        for item in sorted(items, key=lambda item: item.product_id):
            enough = (Product.product_id == item.product_id, Product.pieces >= item.quantity)
            taken = update(Product).where(*enough).values(pieces=Product.pieces - item.quantity)
            if (await connection.execute(taken.returning(Product.pieces))).first() is None:
                raise OutOfStock("There are fewer of this.", product_id=item.product_id)


async def release(order_id: str, items) -> None:
    """Puts back what was taken for an order, once."""
    given = (Reservation.order_id == order_id, Reservation.released.is_(False))
    async with engine.begin() as connection:
        freed = update(Reservation).where(*given).values(released=True)
        if (await connection.execute(freed.returning(Reservation.order_id))).first() is None:
            return
        for item in sorted(items, key=lambda item: item.product_id):
            back = update(Product).where(Product.product_id == item.product_id)
            await connection.execute(back.values(pieces=Product.pieces + item.quantity))


async def authorize(amount: dict, brand: str) -> str:
    """The key that a card was shown for."""
    payment_id = str(uuid4())
    values = {"payment_id": payment_id, "amount": amount, "brand": brand, "state": "authorized"}
    await one(insert(Payment).values(**values).returning(Payment.payment_id))
    return payment_id


async def charge(payment_id: str) -> dict:
    """What is charged now; the same key twice is the same charge."""
    row = await one(select(Payment).where(Payment.payment_id == payment_id))
    if row is None:
        raise NoSuchPayment("No card was shown for this.")
    if row.state == "authorized":
        open_ = (Payment.payment_id == payment_id, Payment.state == "authorized")
        row = await one(update(Payment).where(*open_).values(state="charged").returning(Payment))
    if row is None or row.state == "refunded":
        raise PaymentRefunded("This was given back already.")
    return row.amount


async def refund(payment_id: str) -> None:
    """Gives back what was charged; what was not never is."""
    given = update(Payment).where(Payment.payment_id == payment_id).values(state="refunded")
    if await one(given.returning(Payment.payment_id)) is None:
        raise NoSuchPayment("No card was shown for this.")


async def begin(user_id: str, cart_version: str, email: str, doc) -> str:
    """An order of a cart at its version; a second one is refused."""
    order_id = str(uuid4())
    values = {"order_id": order_id, "user_id": user_id, "cart": cart_version, "email": email}
    new = insert(Order).values(**values, state="begun", doc=doc | {"order_id": order_id})
    if await one(new.on_conflict_do_nothing().returning(Order.order_id)) is None:
        raise AlreadyBuying("This cart is being bought already.")
    return order_id


async def place(order_id: str, doc) -> None:
    """It is placed, and complete now."""
    placed = update(Order).where(Order.order_id == order_id).values(state="placed", doc=doc)
    await one(placed.returning(Order.order_id))


async def give_up(order_id: str) -> None:
    """It came to nothing, and its cart can be bought after all."""
    failed = update(Order).where(Order.order_id == order_id).values(state="failed", cart=None)
    await one(failed.returning(Order.order_id))


async def placed(order_id: str):
    """Whose an order is, where its letter went, and the order."""
    row = await one(
        select(Order.user_id, Order.email, Order.doc).where(
            Order.order_id == order_id, Order.state == "placed"
        )
    )
    if row is None:
        raise NoSuchOrder("There is no such order.")
    return row


async def newest(user_id: str) -> str:
    """The number of somebody's last order."""
    row = await one(
        select(Order.order_id)
        .where(Order.user_id == user_id, Order.state == "placed")
        .order_by(Order.create_time.desc())
        .limit(1)
    )
    if row is None:
        raise NoSuchOrder("There is no such order.")
    return row.order_id


async def keep_letter(order_id: str, to: str, said: dict[str, str]) -> None:
    """A letter, once an order."""
    new = insert(Letter).values(order_id=order_id, to=to, **said)
    await one(new.on_conflict_do_nothing().returning(Letter.order_id))
