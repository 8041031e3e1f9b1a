"""Addresses of letters: which are some, and what of a text may stand in a header."""

from __future__ import annotations

import re

from hanse.runtime.errors import InvalidArgument, Violation

ADDRESS_MAX = 254
NAME_MAX = 200
SUBJECT_MAX = 500

_ADDRESS = re.compile(
    r"[^\s\x00-\x1f\x7f-\xa0\"(),:;<>@\[\\\]]{1,64}@[^\s\x00-\x1f\x7f-\xa0\"(),:;<>@\[\\\]]+"
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_TURNING = re.compile(
    r"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]+"
)
"""What has others be read in another order, or is read by nobody."""


def checked_address(text: str, field: str) -> str:
    """An address as it goes to the server: its domain in ASCII.

    Raises:
        InvalidArgument: It is none.
    """
    plain = _plain(text)
    if plain:
        return plain
    said = f"{field}: an e-mail address is like ada@example.org, of {ADDRESS_MAX} characters."
    raise InvalidArgument(said, violations=(Violation(field, "an e-mail address", said),))


def is_address(text: str) -> bool:
    """Whether a letter can go there, or come from there."""
    return bool(_plain(text))


def domain_of(address: str) -> str:
    """What stands behind the @."""
    return address.rpartition("@")[2]


def one_line(text: str, length: int) -> str:
    """A text as a header may have it: spaces for all that breaks lines, none of what turns it."""
    return _UNSEEN.sub(" ", _TURNING.sub("", text)).strip()[:length]


def _plain(text: str) -> str:
    """An address with its domain in ASCII; empty if it is none."""
    local, _, domain = text.rpartition("@")
    if len(text) > ADDRESS_MAX or not _ADDRESS.fullmatch(text) or _has_stray_dots(local):
        return ""
    if _TURNING.search(text):
        return ""
    plain = _in_ascii(domain)
    fits = plain and len(local) + len(plain) < ADDRESS_MAX
    return f"{local}@{plain}" if fits else ""


def _has_stray_dots(local: str) -> bool:
    return local.startswith(".") or local.endswith(".") or ".." in local


def _in_ascii(domain: str) -> str:
    try:
        plain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    labels = plain.split(".")
    return plain.lower() if all(_LABEL.fullmatch(one) for one in labels) else ""
