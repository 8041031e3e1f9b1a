"""UUIDs as people see them: `contact_01h455vb4pex5vsknk084sn02q` (TypeID, specification 0.3)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Sequence

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)
_DIGITS = bytes.maketrans(bytes(range(32)), ALPHABET.encode())
_TO_DIGITS = str.maketrans(ALPHABET, "0123456789abcdefghijklmnopqrstuv")

SUFFIX_LENGTH = 26
PREFIX_LENGTH_MAX = 63
TYPE_ID_LENGTH_MAX = PREFIX_LENGTH_MAX + 1 + SUFFIX_LENGTH

# Digits side by side are drawn apart by halves: of 32 first 16, at last each, from 5 bits to 8.
_HALVES = (16, 8, 4, 2, 1)
_LANE = 32  # bytes that a UUID becomes; its 26 digits are the last of them
_PAD = bytes(_LANE - 16)
_NUMBERS_MAX = 64

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


def type_ids(prefix: str, keys: Sequence[bytes]) -> list[str]:
    """The texts of many UUIDs, given as their 16 bytes: all at once, as one long number."""
    number = int.from_bytes(_PAD + _PAD.join(keys))
    for low, high, gap in _masks(len(keys)):
        number = number & low | (number & high) << gap
    text = number.to_bytes(_LANE * len(keys)).translate(_DIGITS).decode()
    begin = f"{prefix}_" if prefix else ""
    ends = range(_LANE, len(text) + 1, _LANE)
    return [f"{begin}{text[end - SUFFIX_LENGTH : end]}" for end in ends]


@lru_cache(_NUMBERS_MAX)
def _masks(lanes: int) -> list[tuple[int, int, int]]:
    """For each halving: what stays, what moves up, and by how many bits, in so many lanes."""
    found: list[tuple[int, int, int]] = []
    for half in _HALVES:
        every = sum(1 << at for at in range(0, _LANE * lanes * 8, half * 16))
        low = every * ((1 << half * 5) - 1)
        found.append((low, low << half * 5, half * 3))
    return found


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
