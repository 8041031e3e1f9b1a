"""UUIDs as people see them: `contact_01h455vb4pex5vsknk084sn02q` (TypeID, specification 0.3)."""

from __future__ import annotations

import re
from uuid import UUID

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)
_TO_DIGITS = str.maketrans(ALPHABET, "0123456789abcdefghijklmnopqrstuv")

SUFFIX_LENGTH = 26
PREFIX_LENGTH_MAX = 63
TYPE_ID_LENGTH_MAX = PREFIX_LENGTH_MAX + 1 + SUFFIX_LENGTH

_PREFIX = re.compile(r"(?:[a-z](?:[a-z_]*[a-z])?)?")
_SUFFIX = re.compile(f"[0-7][{ALPHABET}]{{25}}")


def type_id(prefix: str, number: int) -> str:
    """The text of a UUID, given as its number of 128 bits, behind a prefix that is one."""
    pairs = _PAIRS
    suffix = (
        f"{pairs[number >> 120]}{pairs[number >> 110 & 1023]}{pairs[number >> 100 & 1023]}"
        f"{pairs[number >> 90 & 1023]}{pairs[number >> 80 & 1023]}{pairs[number >> 70 & 1023]}"
        f"{pairs[number >> 60 & 1023]}{pairs[number >> 50 & 1023]}{pairs[number >> 40 & 1023]}"
        f"{pairs[number >> 30 & 1023]}{pairs[number >> 20 & 1023]}{pairs[number >> 10 & 1023]}"
        f"{pairs[number & 1023]}"
    )
    return f"{prefix}_{suffix}" if prefix else suffix


def parse_type_id(text: str) -> tuple[str, UUID]:
    """The prefix and the UUID of a text.

    Raises:
        ValueError: It is no TypeID; there is one way only to write each.
    """
    prefix, separator, suffix = text.rpartition("_")
    if separator and not prefix:
        raise ValueError("a TypeID without a prefix has no underscore")
    if not is_prefix(prefix):
        raise ValueError(f"{prefix[:PREFIX_LENGTH_MAX]!r} is no prefix of a TypeID")
    return prefix, uuid_of_suffix(suffix)


def uuid_of_suffix(suffix: str) -> UUID:
    """The UUID that the 26 characters at the end of a TypeID stand for.

    Raises:
        ValueError: They are no such 26.
    """
    if _SUFFIX.fullmatch(suffix) is None:
        raise ValueError("a TypeID ends in 26 characters of lower-case base32, the first up to 7")
    return UUID(int=int(suffix.translate(_TO_DIGITS), 32))


def is_prefix(text: str) -> bool:
    """Whether a text can stand in front: `a` to `z` and inner underscores, 63 at most, or none."""
    return len(text) <= PREFIX_LENGTH_MAX and _PREFIX.fullmatch(text) is not None
