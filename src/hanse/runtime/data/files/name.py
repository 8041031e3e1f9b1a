"""What a file is called: cleaned when it comes, quoted when it goes out."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from hanse.runtime.contract.file import NAME_LENGTH_MAX

NAMELESS = "file"

_SEPARATORS = re.compile(r"[/\\]")
_PLAIN = re.compile(r"[^A-Za-z0-9 ._-]")
_ENDING_MAX = 16

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Control characters, and those that turn the direction of writing, so that a name lies."""


def cleaned(given: str) -> str:
    """The last part of a path, without what is not seen, of bounded length and never empty."""
    last = _SEPARATORS.split(given[-4 * NAME_LENGTH_MAX :])[-1]
    seen = "".join(one for one in last if unicodedata.category(one) not in _UNSEEN)
    name = " ".join(unicodedata.normalize("NFC", seen).split()).strip(". ")
    if len(name) > NAME_LENGTH_MAX:
        stem, dot, ending = name.rpartition(".")
        ending = dot + ending if dot and len(ending) <= _ENDING_MAX else ""
        name = (stem if ending else name)[: NAME_LENGTH_MAX - len(ending)] + ending
    return name or NAMELESS


def attachment(name: str) -> bytes:
    """`Content-Disposition` that has it saved and never shown (RFC 6266; RFC 8187)."""
    plain = _PLAIN.sub("_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}".encode()
