"""Reads JSON and base64url that strangers signed, in the one spelling the standards allow."""

from __future__ import annotations

import base64
import json
import math
from typing import Any, cast


def read_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`.

    Raises:
        ValueError: It is not UTF-8, not JSON, not an object, nested too deeply, holds a member
            twice (two readers could see two different values), or a number that is not finite.
    """
    try:
        value: object = _DECODER.decode(raw.decode("utf-8"))
    except RecursionError:
        raise ValueError("The JSON is nested too deeply.") from None
    if not isinstance(value, dict):
        raise ValueError("The JSON is not an object.")  # noqa: TRY004 (one error for bad input)
    return cast("dict[str, Any]", value)


def read_base64url(text: str) -> bytes:
    """The bytes in unpadded base64url (RFC 7515 section 2).

    Encoding again and comparing refuses padding, foreign characters, line breaks and stray low
    bits at once: each byte string has exactly one spelling.

    Raises:
        ValueError: It is spelled in any other way.
    """
    raw = text.encode("ascii")
    decoded = base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != raw:
        raise ValueError("The text is not unpadded base64url.")
    return decoded


def write_base64url(raw: bytes) -> str:
    """`raw` in unpadded base64url."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("The JSON holds a member twice.")
    return members


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("The JSON holds a number out of range.")
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
)
