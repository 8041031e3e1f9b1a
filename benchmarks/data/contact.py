"""Which contacts are there before anybody asks: the same for every contestant, made by counting."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Callable, Iterable
from typing import Any

STAGES = ("lead", "prospect", "customer", "partner", "former")
FIRST_NAMES = ("Ada", "Bela", "Chloe", "Dmitri", "Edith", "Farid", "Grace", "Hedy", "Ivan", "Jun")
LAST_NAMES = ("Abel", "Berg", "Cohen", "Diaz", "Engel", "Fox", "Garcia", "Haas", "Ito", "Jansen",
              "Kovacs", "Lopez", "Meyer", "Novak", "Okafor", "Patel", "Quist")  # fmt: skip
COMPANIES = ("Acme Bicycles", "Northwind Traders", "Initech", "Globex", "Umbrella Repairs")
CITIES = ("Vienna", "Lisbon", "Tallinn", "Nairobi", "Osaka", "Quito", "Bergen")
TAGS = ("newsletter", "vip", "trial", "reseller", "conference", "referred")

MADE = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
SEEN_STEP = datetime.timedelta(seconds=61)
# A prime that divides no number of rows here, so that everybody was seen at another time.
_SEEN_STRIDE = 7919

# Where the text of one site's rows differs from another's.
_SITE, _SITE_HEX = "@SITE@", "@HX@"

Columns = Callable[[str, str, int, int], Iterable[str]]
"""How a contestant lays out a row: site, the site in hex, number, rows → columns of COPY."""


def site_name(site: int) -> str:
    """What a tenant is called."""
    return f"site-{site:05d}"


def contact_id(site: int, number: int) -> uuid.UUID:
    """A UUIDv7 whose time is the site and whose chance is the number."""
    return uuid.UUID(_id_text(f"{site:04x}", number))


def contact(site: int, number: int, rows: int) -> dict[str, Any]:
    """All fields of one contact, as JSON has them.

    Args:
        site: Which tenant's.
        number: Which of the tenant's, from 0.
        rows: How many the tenant has.
    """
    return _fields(site_name(site), number, rows)


def seen_at(place: int) -> str:
    """When whoever has this place in the order of being seen was seen."""
    return (MADE + place * SEEN_STEP).isoformat().replace("+00:00", "Z")


def seen_from(place: int, rows: int, *, stage: str, limit: int) -> list[int]:
    """Numbers of the first contacts of a stage that were seen from this place on, in that order."""
    inverse = pow(_SEEN_STRIDE, -1, rows)
    numbers = (each * inverse % rows for each in range(place, rows))
    found = (number for number in numbers if _stage(number) == stage)
    return [number for number, _ in zip(found, range(limit), strict=False)]


def block(rows: int, columns: Columns) -> Callable[[int], bytes]:
    """All rows of any site as the text of COPY; one site's differ from another's in two words."""
    lines = ("\t".join(columns(_SITE, _SITE_HEX, number, rows)) for number in range(rows))
    text = "".join(f"{line}\n" for line in lines).encode("ascii")

    def of(site: int) -> bytes:
        named = text.replace(_SITE.encode(), site_name(site).encode())
        return named.replace(_SITE_HEX.encode(), f"{site:04x}".encode())

    return of


def document_columns(site: str, site_hex: str, number: int, rows: int) -> Iterable[str]:
    """A row of a collection: what the runtime keeps, and all fields as one document."""
    made = MADE.isoformat()
    fields = dict(_fields(site, number, rows).items())
    document = json.dumps(fields, separators=(",", ":"))
    return (site, _id_text(site_hex, number), "1", made, made, r"\N", "1", document)


def plain_columns(site: str, site_hex: str, number: int, rows: int) -> Iterable[str]:
    """A row of a table that has a column a field."""
    made = MADE.isoformat()
    yield from (site, _id_text(site_hex, number), "1", made, made)
    for name, value in _fields(site, number, rows).items():
        yield _copied(name, value)


def _copied(name: str, value: Any) -> str:
    if value is None:
        return r"\N"
    if name == "tags":
        return "{" + ",".join(value) + "}"
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else str(value)


def _id_text(site_hex: str, number: int) -> str:
    return f"0190{site_hex}-0000-7000-8000-{number:012x}"


def _stage(number: int) -> str:
    return STAGES[number * 3 % len(STAGES)]


def _fields(site: str, number: int, rows: int) -> dict[str, Any]:
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = LAST_NAMES[number % len(LAST_NAMES)]
    return {
        "first_name": first,
        "last_name": last,
        "email": f"{first.lower()}.{last.lower()}.{number}@{site}.example",
        "phone": f"+43 1 {number:08d}" if number % 3 else None,
        "company": COMPANIES[number % len(COMPANIES)],
        "stage": _stage(number),
        "score": number * 37 % 1000,
        "address": {
            "street": f"{number % 250 + 1} Market Street",
            "city": CITIES[number % len(CITIES)],
            "postal_code": f"{number % 9000 + 1000}",
            "country": "AT",
        },
        "tags": [TAGS[(number + step) % 6] for step in (0, 1, 3)][: number % 4],
        "last_seen": seen_at(number * _SEEN_STRIDE % rows),
        "note": None if number % 2 else f"Asked for an offer, number {number}.",
    }
