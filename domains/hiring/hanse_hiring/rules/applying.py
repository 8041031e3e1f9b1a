"""The form to apply with: its fields, how they are cleaned, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from hanse_hiring.api import CV_BYTES

MINUTES_WATCHED = 10
APPLICATIONS_MAX = 30
"""So many for one job within so many minutes; then people are asked to come back."""

LINKS_MAX = 5


class Field(NamedTuple):
    """One field of the form.

    Attributes:
        label: Above it.
        said: What it is called in a sentence.
        length: Characters at most.
        kind: Of `<input>`; `area` for several lines, `file` for what is no text.
        fill: What browsers may put there (HTML, autofill).
        required: Whether it has to be filled in.
        hint: What to write, where the label does not say it all.
    """

    label: str
    said: str
    length: int
    kind: str = "text"
    fill: str = "off"
    required: bool = False
    hint: str = ""


CV = "cv"
CV_MEGABYTES = CV_BYTES // 1024**2
CV_ENDINGS = ".pdf,.doc,.docx,.odt,.txt"

FIELDS = {
    "name": Field("Your name", "your name", 120, fill="name", required=True),
    "email": Field("E-mail", "your e-mail address", 254, "email", "email", required=True),
    "phone": Field(
        "Phone", "your phone number", 40, "tel", "tel", hint="Only if you would rather be called."
    ),
    CV: Field(
        "CV", "your CV", 0, "file",
        hint=f"PDF, Word, OpenDocument or text, {CV_MEGABYTES} MB at most.",
    ),
    "links": Field(
        "Links", "the links", 1_004, "area",
        hint="Code, talks, a profile. One on each line, five at most.",
    ),
    "message": Field(
        "What should we know?", "the message", 4_000, "area",
        hint="What you would like to work on, and something you built. No letter is needed.",
    ),
}  # fmt: skip
"""In the order of the form."""

CV_MISTAKES = {
    "file_too_large": f"This file has more than {CV_MEGABYTES} MB. Please choose a smaller one.",
    "file_kind": "This is no PDF, Word, OpenDocument or text file. Please save it as a PDF.",
    "file_gone": "We kept your file for a day, and it is gone since. Please choose it again.",
}
"""A sentence for each reason why it was not taken."""

KEPT = "kept"
"""A field that stands for a CV that came with a form to be corrected."""

CONSENT = "consent"
TRAP = "website"
"""A field that people do not see and programs fill in."""

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{4,38}")
_LINK = re.compile(r"https?://[\w-]+(\.[\w-]+)+(:[0-9]{1,5})?([/?#]\S*)?")
_LINK_LENGTH = 200


def clean(typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed, without spaces around; a link without `https://` gets it."""
    texts = (name for name, field in FIELDS.items() if field.kind != "file")
    cleaned = {name: typed.get(name, "").strip() for name in texts}
    cleaned["email"] = cleaned["email"].lower()
    cleaned["links"] = "\n".join(_address(line) for line in links(cleaned["links"]))
    return cleaned


def links(text: str) -> tuple[str, ...]:
    """Each line that is not empty."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def mistakes(cleaned: Mapping[str, str], *, consent: bool, cv: str = "") -> dict[str, str]:
    """A sentence for each field that cannot be right, in the order of the form; empty if none.

    Args:
        cleaned: What was typed.
        consent: Whether the box is ticked.
        cv: Why the CV was not taken, a key of `CV_MISTAKES`; empty if it was, or there is none.
    """
    found = {
        name: _mistake(name, cleaned[name]) if name in cleaned else CV_MISTAKES.get(cv, "")
        for name in FIELDS
    }
    if not consent:
        found[CONSENT] = "Please tick the box; without it we may not keep what you send."
    return {name: sentence for name, sentence in found.items() if sentence}


def _address(line: str) -> str:
    return line if "://" in line else f"https://{line}"


def _is_link(text: str) -> bool:
    return len(text) <= _LINK_LENGTH and _LINK.fullmatch(text) is not None


def _mistake(name: str, text: str) -> str:
    field = FIELDS[name]
    if not text:
        return f"Please fill in {field.said}." if field.required else ""
    if len(text) > field.length:
        return f"Please shorten {field.said} to {field.length:,} characters."
    match name:
        case "email" if not _EMAIL.fullmatch(text):
            return "An e-mail address looks like name@example.com."
        case "phone" if not _PHONE.fullmatch(text):
            return "A phone number has digits, and spaces between them: +370 600 00000."
        case "links" if len(links(text)) > LINKS_MAX:
            return f"Please keep the {LINKS_MAX} best links."
        case "links" if wrong := [one for one in links(text) if not _is_link(one)]:
            return f"This is no link: {wrong[0][:60]}. Write one on each line, like https://…"
        case _:
            return ""
