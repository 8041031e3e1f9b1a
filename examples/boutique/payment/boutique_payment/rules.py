"""Which cards the shop takes."""

from datetime import datetime
from typing import Literal

Brand = Literal["Visa", "Mastercard"]
ACCEPTED: tuple[Brand, ...] = ("Visa", "Mastercard")

_SHORTEST, _LONGEST = 12, 19
_VISA_LENGTHS = frozenset({13, 16, 19})
_MASTERCARD_LENGTH = 16


def digits(number: str) -> str | None:
    """A card's number without the gaps people type it with; None if no card is numbered so."""
    bare = number.replace(" ", "").replace("-", "")
    if not (bare.isascii() and bare.isdigit() and _SHORTEST <= len(bare) <= _LONGEST):
        return None
    return bare if _luhn(bare) % 10 == 0 else None


def _luhn(bare: str) -> int:
    """The sum of ISO/IEC 7812, annex B: every second digit from the right counts twice."""
    once = sum(map(int, bare[-1::-2]))
    return once + sum(sum(divmod(2 * int(digit), 10)) for digit in bare[-2::-2])


def brand(bare: str) -> Brand | None:
    """Whose card it is, by the first digits; None for one the shop does not take."""
    if bare[0] == "4" and len(bare) in _VISA_LENGTHS:
        return "Visa"
    if len(bare) != _MASTERCARD_LENGTH:
        return None
    if 51 <= int(bare[:2]) <= 55 or 2221 <= int(bare[:4]) <= 2720:
        return "Mastercard"
    return None


def is_cvv(cvv: str) -> bool:
    """Whether both brands could have printed it: three digits."""
    return len(cvv) == 3 and cvv.isascii() and cvv.isdigit()


def expired(year: int, month: int, now: datetime) -> bool:
    """Whether the card's last month is over."""
    return (year, month) < (now.year, now.month)
