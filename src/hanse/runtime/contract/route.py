"""The HTTP route of a method: `POST /crm/v1/contacts/{contact_id}:merge`."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

Verb = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
VERBS: tuple[Verb, ...] = ("GET", "POST", "PUT", "PATCH", "DELETE")
BODILESS: frozenset[str] = frozenset({"GET", "DELETE"})

_PACKAGE = re.compile(r"/([a-z][a-z0-9_]*)/(v[0-9]+(?:(?:alpha|beta)[0-9]+)?)(?:/|$)")
_SEGMENT = re.compile(r"(?:[a-z0-9][a-z0-9_.-]*|\{[a-z_][a-z0-9_]*\})(?::[a-z][a-zA-Z0-9_]*)?")
_PARAMETER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


class Route(msgspec.Struct, frozen=True):
    """A verb and a path template in the style of Google's AIPs (aip.dev/122, aip.dev/136)."""

    verb: Verb
    path: str

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names in braces, in order."""
        return tuple(_PARAMETER.findall(self.path))

    @property
    def package(self) -> str:
        """Domain and version the path begins with, e.g. `crm.v1`."""
        found = _PACKAGE.match(self.path)
        return f"{found[1]}.{found[2]}" if found else ""


def parse_route(text: str) -> Route:
    """Reads `VERB /domain/v1/…`.

    Raises:
        ValueError: The text is no route; the message says what one looks like.
    """
    verb, _, path = text.partition(" ")
    if verb not in VERBS:
        raise ValueError(f"{verb!r} is no verb; a route is one of {', '.join(VERBS)} and a path")
    if not _PACKAGE.match(path):
        raise ValueError(f"{path!r} must begin with domain and version, like /crm/v1/contacts")
    for segment in path.split("/")[1:]:
        if not _SEGMENT.fullmatch(segment):
            raise ValueError(f"segment {segment!r} of {path!r} must be lower case or {{name}}")
    route = Route(verb, path)
    if len(set(route.parameters)) != len(route.parameters):
        raise ValueError(f"{path!r} names a parameter twice")
    return route
