"""Which methods there are, how they are reached, and in which form they take a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hanse.catalog.compatibility.finding import Hit, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.contract.description import MethodDescription, UploadDescription

_VERSION = "Serve it on; what is to be otherwise has another name, or another version: shop.v2."
CONTRACT_REMOVED = Rule("contract_removed", "Nobody serves a contract any more.", _VERSION)
METHOD_REMOVED = Rule(
    "method_removed", "A method is gone.",
    "Serve it until nobody calls it: an internal one goes when no service that runs names it. Who "
    "renames a method takes one away.",
)  # fmt: skip
ROUTE_CHANGED = Rule("route_changed", "A method has another address, or none.", _VERSION)
STREAMING_CHANGED = Rule(
    "streaming_changed", "A method answers many items one by one, or one at once.", _VERSION
)
BODY_CHANGED = Rule("body_changed", "The body of a request is another thing.", _VERSION)
UPLOAD_NARROWED = Rule(
    "upload_narrowed", "Files are refused that were taken.",
    "Go on taking them; what is to be refused can be told by an error after it was looked at.",
)  # fmt: skip
RULES = (
    CONTRACT_REMOVED, METHOD_REMOVED, ROUTE_CHANGED, STREAMING_CHANGED, BODY_CHANGED,
    UPLOAD_NARROWED,
)  # fmt: skip


def removed_hits(place: str) -> Iterator[Hit]:
    """Told of a method that is gone."""
    yield Hit(METHOD_REMOVED, place, "is gone: who calls it is told unimplemented.")


def route_hits(place: str, before: MethodDescription, after: MethodDescription) -> Iterator[Hit]:
    """Told where a method that had a route has another one; names in it do not count."""
    was, now = _route(before), _route(after)
    if before.path is not None and was != now:
        says = f"was {before.verb} {before.path}, and is {_said(after)}."
        yield Hit(ROUTE_CHANGED, place, says)


def streaming_hits(
    place: str, before: MethodDescription, after: MethodDescription
) -> Iterator[Hit]:
    """Told where one answers as a stream and the other at once."""
    if before.streams != after.streams:
        says = "is a stream now, and was one answer." if after.streams else "is a stream no more."
        yield Hit(STREAMING_CHANGED, place, says)


def body_hits(place: str, before: MethodDescription, after: MethodDescription) -> Iterator[Hit]:
    """Told where the body is another argument, or of another form."""
    forms = [(one.body, one.upload is not None, one.as_it_came) for one in (before, after)]
    if forms[0] != forms[1]:
        was, now = (_form(one) for one in (before, after))
        yield Hit(BODY_CHANGED, place, f"its body was {was}, and is {now}.")


def upload_hits(place: str, before: MethodDescription, after: MethodDescription) -> Iterator[Hit]:
    """Told where files are refused that were taken."""
    if before.upload is None or after.upload is None:
        return
    if after.upload.max_bytes < before.upload.max_bytes:
        says = f"takes {after.upload.max_bytes} bytes, and took {before.upload.max_bytes}."
        yield Hit(UPLOAD_NARROWED, place, says)
    elif refused := _refused(before.upload, after.upload):
        yield Hit(UPLOAD_NARROWED, place, f"no longer takes {refused}.")


def _refused(before: UploadDescription, after: UploadDescription) -> str:
    if not after.kinds:
        return ""
    if not before.kinds:
        return f"files that are none of {', '.join(after.kinds)}"
    return ", ".join(kind for kind in before.kinds if kind not in after.kinds)


def _route(method: MethodDescription) -> tuple[str | None, str]:
    return method.verb, re.sub(r"\{[^}]*\}", "{}", method.path or "")


def _said(method: MethodDescription) -> str:
    return f"{method.verb} {method.path}" if method.path else "internal"


def _form(method: MethodDescription) -> str:
    if method.upload is not None:
        return f"the file {method.body!r}"
    if method.as_it_came:
        return f"{method.body!r} as it came"
    return f"{method.body!r} by itself" if method.body else "an object of all arguments"
