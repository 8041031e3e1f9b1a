"""When a receipt is written, and what of an applicant it repeats.

Whoever applies may give the address of anybody: a receipt must be of no use to pester people by.
"""

from __future__ import annotations

import re
import unicodedata

RECEIPTS_A_DAY = 3
"""To one address."""

RECEIPTS_AN_HOUR = 60
"""On a site."""

NAME_LENGTH = 60
NAME_WORDS = 5

_BETWEEN = frozenset(" '\u2019-.")
_DOT_INSIDE = re.compile(r"\.[^ ]")


def greeted(name: str) -> str:
    """A name as a receipt repeats it; empty if it could be a link, or say more than a name."""
    plain = " ".join(name.split())
    if len(plain) > NAME_LENGTH or plain.count(" ") >= NAME_WORDS or _DOT_INSIDE.search(plain):
        return ""
    return plain if all(one in _BETWEEN or _is_letter(one) for one in plain) else ""


def _is_letter(character: str) -> bool:
    """Of any script, with the marks above and below; nothing that turns what is read is one."""
    return unicodedata.category(character)[0] in "LM"
