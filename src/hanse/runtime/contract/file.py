"""`File`: what is known of a file that was sent; `Accepts`: which ones a field takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, get_args, get_origin

import msgspec

from hanse.runtime.contract.immutable import unwrapped
from hanse.runtime.contract.rules import Length, Pattern, Range

MEGABYTE = 1024 * 1024

BYTES_MAX = 10 * MEGABYTE
"""What a file may have where nobody says otherwise."""

NAME_LENGTH_MAX = 200

TEXT = "text/plain"
"""Any text: what is in it besides, as CSV or HTML, its content does not prove."""

ANYTHING = "application/octet-stream"
"""What is of no kind that is known."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a host keeps: what stands for it in entities, arguments and answers.

    It comes of a form or of an upload. Its fields are found out by the host, never believed.

    Attributes:
        id: `file_…`.
        name: What the sender called it, without folders, for people only.
        size: Bytes.
        media_type: Which kind its content is of, whatever it was called.
        sha256: Of its content, in hexadecimal digits.
    """

    id: Annotated[str, Length(1, 90)]
    name: Annotated[str, Length(1, NAME_LENGTH_MAX)]
    size: Annotated[int, Range(0)]
    media_type: Annotated[str, Length(1, 100)]
    sha256: Annotated[str, Pattern("^[0-9a-f]{64}$")]


class Accepts:
    """Which files a field takes: `Annotated[File, Accepts("application/pdf", max_bytes=5 * MB)]`.

    Args:
        kinds: Media types, as `application/pdf` or `image/*`; any, if there are none.
        max_bytes: Bytes one may have.

    Raises:
        ValueError: A kind is none that content can prove, or the bound is below one.
    """

    __slots__ = ("kinds", "max_bytes")

    def __init__(self, *kinds: str, max_bytes: int = BYTES_MAX) -> None:
        for kind in kinds:
            first, slash, second = kind.partition("/")
            if not (first and slash and second) or kind != kind.lower() or ";" in kind:
                raise ValueError(f'{kind!r} is no media type; write "application/pdf" or "image/*"')
            if first == "text" and kind not in {TEXT, "text/*"}:
                raise ValueError(f'content does not prove {kind}; write "{TEXT}" for any text')
        if max_bytes < 1:
            raise ValueError("max_bytes is below one")
        self.kinds = kinds
        self.max_bytes = max_bytes

    def takes(self, media_type: str) -> bool:
        """Whether a kind is among those."""
        wide = media_type.partition("/")[0] + "/*"
        return not self.kinds or media_type in self.kinds or wide in self.kinds

    def told(self) -> str:
        """What it takes, for people."""
        return ", ".join(self.kinds) or "files of any kind"


class RefusedFiles(msgspec.Struct, frozen=True):
    """Files of a form that were not taken: of a wrong kind, or too large.

    A form that has an argument of this type is called all the same, and says itself what is wrong.

    Attributes:
        codes: By the name of a file's field `file_kind` or `file_too_large`.
    """

    codes: Mapping[str, str] = {}


class FileField(NamedTuple):
    """A field that holds a file.

    Attributes:
        accepts: What it takes.
        required: It has no default, and may not be None.
    """

    accepts: Accepts
    required: bool


def file_fields(struct: type[msgspec.Struct]) -> dict[str, FileField]:
    """Those fields of a struct whose value is one file, or none."""
    return {
        field.name: FileField(accepts_in(field.type), field.required)
        for field in msgspec.structs.fields(struct)
        if is_file(field.type)
    }


def refused_field(struct: type[msgspec.Struct]) -> str:
    """The field that takes what is said of files that were refused; empty if there is none."""
    fields = msgspec.structs.fields(struct)
    return next((one.name for one in fields if unwrapped(one.type) is RefusedFiles), "")


def accepted_body(struct: type[msgspec.Struct], body: str) -> Accepts | None:
    """Which files a body takes, if the argument of that name is one; else None."""
    annotation = next(
        (one.type for one in msgspec.structs.fields(struct) if one.name == body), None
    )
    return accepts_in(annotation) if annotation is not None and is_file(annotation) else None


def is_file(annotation: Any) -> bool:
    """Whether values of a type are one file, or none."""
    plain = unwrapped(annotation)
    if plain is File:
        return True
    options = get_args(plain)
    others = [one for one in options if one is not type(None)]
    return type(None) in options and len(others) == 1 and is_file(others[0])


def accepts_in(annotation: Any) -> Accepts:
    """What is said of files in a type, at any place of it; the defaults if nothing is."""
    if get_origin(annotation) is Annotated:
        found = next((one for one in get_args(annotation)[1:] if isinstance(one, Accepts)), None)
        return found or accepts_in(get_args(annotation)[0])
    inside = (one for one in get_args(unwrapped(annotation)) if one is not type(None))
    return next((accepts_in(one) for one in inside), Accepts())
