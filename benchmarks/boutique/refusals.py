"""How a refusal travels between the peers' services: as JSON, and typed again where it arrives.

The types are the boutique's own, so that its rules and its storefront serve everybody alike.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import msgspec
from boutique_cart.api import CartFull, TooMany
from boutique_catalog.api import NoSuchProduct, OutOfStock
from boutique_checkout.api import AlreadyBuying, CartEmpty, NoSuchOrder, OrderUndone
from boutique_currency.api import AmountTooLarge, UnsupportedCurrency
from boutique_payment.api import (
    CardExpired,
    CardNotAccepted,
    InvalidCard,
    NoSuchPayment,
    PaymentRefunded,
)

from hanse import HanseError, InvalidArgument, Unavailable

TYPES = {
    error.code: error
    for error in (
        AlreadyBuying,
        AmountTooLarge,
        CardExpired,
        CardNotAccepted,
        CartEmpty,
        CartFull,
        InvalidArgument,
        InvalidCard,
        NoSuchOrder,
        NoSuchPayment,
        NoSuchProduct,
        OrderUndone,
        OutOfStock,
        PaymentRefunded,
        TooMany,
        UnsupportedCurrency,
    )
}


def said(error: HanseError) -> bytes:
    """A refusal for the wire."""
    fields = msgspec.to_builtins(error.fields())
    return msgspec.json.encode({"code": error.code, "detail": error.detail, "fields": fields})


def heard(body: bytes | str) -> HanseError:
    """A refusal from the wire; what is none means that the service is not well."""
    try:
        told = msgspec.json.decode(body)
        return TYPES[told["code"]](told["detail"], **told["fields"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return Unavailable("The service did not answer.")
