"""The order form: its fields, what they tell browsers, what is wrong with what was typed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from boutique_payment.api import Card
from boutique_shipping.api import Address
from markupsafe import Markup

LABELS = {
    "email": "the e-mail address",
    "street_address": "the street",
    "zip_code": "the postal code",
    "city": "the city",
    "state": "the state or region",
    "country": "the country",
    "card_number": "the card number",
    "expiry_month": "the month",
    "expiry_year": "the year",
    "card_cvv": "the security code",
}
"""What a field is called in a sentence."""

DEMO = {
    "email": "someone@example.com",
    "street_address": "1600 Amphitheatre Parkway",
    "zip_code": "94043",
    "city": "Mountain View",
    "state": "CA",
    "country": "United States",
    "card_number": "4432 8015 6152 0454",
    "expiry_month": "1",
    "expiry_year": "2039",
    "card_cvv": "672",
}
"""What stands in the form at first: who wants to see a shop work need not invent a card."""

_NUMERIC = 'inputmode="numeric" maxlength="{}" autocomplete="{}"'
ATTRIBUTES = {
    "email": 'maxlength="254" autocomplete="email"',
    "street_address": 'maxlength="200" autocomplete="street-address"',
    "zip_code": 'maxlength="16" autocomplete="postal-code"',
    "city": 'maxlength="100" autocomplete="address-level2"',
    "state": 'maxlength="100" autocomplete="address-level1"',
    "country": 'maxlength="100" autocomplete="country-name"',
    "card_number": _NUMERIC.format(23, "cc-number"),
    "expiry_month": _NUMERIC.format(2, "cc-exp-month"),
    "expiry_year": _NUMERIC.format(4, "cc-exp-year"),
    "card_cvv": _NUMERIC.format(4, "cc-csc"),
}
"""Attributes of each field: how long, which keyboard, what a browser may fill in."""

SAFE_ATTRIBUTES = {name: Markup(text) for name, text in ATTRIBUTES.items()}  # noqa: S704  constants

SECRET = frozenset({"card_number", "card_cvv"})
"""Never sent back to the browser."""

OPTIONAL = frozenset({"state"})
"""Not every country has them."""

LENGTHS = {"street_address": 200, "zip_code": 16, "city": 100, "state": 100, "country": 100}
"""Characters of what is written on a parcel."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_CARD = re.compile(r"[0-9]{12,19}")
_CVV = re.compile(r"[0-9]{3,4}")


def clean(typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed, without the spaces people leave around and in numbers."""
    cleaned = {name: typed.get(name, "").strip() for name in LABELS}
    cleaned["card_number"] = re.sub(r"[\s-]", "", cleaned["card_number"])
    return cleaned


def mistakes(cleaned: Mapping[str, str]) -> dict[str, str]:
    """A sentence for each field that cannot be right, in the order of the form; empty if none.

    Whether the card is good is the payment's to say; here is seen only what was typed wrong.
    """
    found = {name: _mistake(name, cleaned[name]) for name in LABELS}
    return {name: sentence for name, sentence in found.items() if sentence}


def shown_again(cleaned: Mapping[str, str]) -> dict[str, str]:
    """What the form may show again: everything but what is secret about a card."""
    return {name: "" if name in SECRET else text for name, text in cleaned.items()}


def address_of(cleaned: Mapping[str, str]) -> Address:
    """Where the goods go."""
    return Address(
        street_address=cleaned["street_address"],
        city=cleaned["city"],
        country=cleaned["country"],
        zip_code=cleaned["zip_code"],
        state=cleaned["state"],
    )


def card_of(cleaned: Mapping[str, str]) -> Card:
    """What is charged; `mistakes` found none."""
    return Card(
        number=cleaned["card_number"],
        cvv=cleaned["card_cvv"],
        expiration_year=int(cleaned["expiry_year"]),
        expiration_month=int(cleaned["expiry_month"]),
    )


def _mistake(name: str, text: str) -> str:
    if not text:
        return "" if name in OPTIONAL else f"Please fill in {LABELS[name]}."
    if len(text) > LENGTHS.get(name, len(text)):
        return f"Please shorten {LABELS[name]} to {LENGTHS[name]} characters."
    match name:
        case "email" if not _EMAIL.fullmatch(text):
            return "An e-mail address looks like name@example.com."
        case "card_number" if not _CARD.fullmatch(text):
            return "A card number has 12 to 19 digits, as they stand on its front."
        case "card_cvv" if not _CVV.fullmatch(text):
            return "The security code is the three digits on the card's back."
        case "expiry_month" if not _whole(text, 1, 12):
            return "A month is a number from 1 to 12."
        case "expiry_year" if not _whole(text, 2000, 2100):
            return "A year has four digits, like 2039."
        case _:
            return ""


def _whole(text: str, least: int, most: int) -> bool:
    return text.isascii() and text.isdigit() and least <= int(text) <= most
