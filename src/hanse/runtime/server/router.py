"""Finds what serves a path: one look in a dictionary, or, with parameters, a walk over segments."""

from __future__ import annotations

import re
from urllib.parse import unquote

from hanse.runtime.http.message import Resource

BROKEN_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
"""What some would read as it stands and others as a mistake."""

NO_PARAMETERS: dict[str, str] = {}


class Verbs(dict[bytes, "Resource"]):
    """What serves one path, by verb.

    Attributes:
        hidden: For peers that are not trusted there is nothing at this path, whatever the verb.
    """

    hidden = False

    def allowed(self) -> bytes:
        """The `Allow` header's value."""
        verbs = {*self, b"OPTIONS"}
        if b"GET" in self:
            verbs.add(b"HEAD")
        return b", ".join(sorted(verbs))


class _Node:
    """One segment of the paths that have parameters."""

    __slots__ = ("literal", "parameters", "verbs")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        # By what follows the value, like the colon of a custom verb; the longest come first.
        self.parameters: dict[str, _Node] = {}
        self.verbs: tuple[Verbs, tuple[str, ...]] | None = None


class Router:
    """All routes of a host, and prefixes below which something else decides.

    Attributes:
        exact: What serves paths without parameters, by path as it comes.
    """

    def __init__(self) -> None:
        self.exact: dict[bytes, Verbs] = {}
        self._root = _Node()
        self._above: dict[bytes, _Node] = {}  # by all before a last segment with a parameter
        self._prefixes: list[tuple[bytes, Resource]] = []

    def add(self, verb: str, path: str, resource: Resource, *, hidden: bool = False) -> None:
        """Serves `verb path` by `resource`, when `hidden` for trusted peers only.

        Raises:
            ValueError: Something else does already.
        """
        verbs = self._verbs(path)
        if verb.encode() in verbs:
            raise ValueError(f"Two services have the route {verb} {path}; rename one of them.")
        verbs[verb.encode()] = resource
        verbs.hidden = hidden

    def mount(self, prefix: str, resource: Resource) -> None:
        """Serves everything below `prefix` that no route serves; the longest prefix wins."""
        self._prefixes.append((prefix.rstrip("/").encode(), resource))
        self._prefixes.sort(key=lambda mounted: -len(mounted[0]))

    def find(self, path: bytes) -> tuple[Verbs, dict[str, str]] | None:
        """What serves a raw path, with the values of its parameters."""
        exact = self.exact.get(path)
        if exact is not None:
            return exact, NO_PARAMETERS
        return self._walk(path)

    def table(self) -> list[tuple[str, str]]:
        """Every verb and path that has a route, by path."""
        found = [(path.decode(), verbs) for path, verbs in self.exact.items()]
        waiting = [("", self._root)]
        while waiting:
            above, node = waiting.pop()
            if node.verbs is not None:
                found.append(
                    (above.format(*(f"{{{name}}}" for name in node.verbs[1])), node.verbs[0])
                )
            waiting += [(f"{above}/{literal}", child) for literal, child in node.literal.items()]
            waiting += [
                (f"{above}/{{}}{suffix}", child) for suffix, child in node.parameters.items()
            ]
        return sorted((verb.decode(), path) for path, verbs in found for verb in verbs)

    def mounted(self, path: bytes) -> Resource | None:
        """What is mounted above a path."""
        for prefix, resource in self._prefixes:
            if path == prefix or path.startswith(prefix + b"/"):
                return resource
        return None

    def _verbs(self, path: str) -> Verbs:
        if "{" not in path:
            return self.exact.setdefault(path.encode(), Verbs())
        above = node = self._root
        names = list[str]()
        for segment in path.split("/")[1:]:
            above, node = node, self._grow(node, segment, names)
        before, _, _ = path.rpartition("/")
        if "{" not in before:
            self._above[before.encode()] = above
        if node.verbs is None:
            node.verbs = (Verbs(), tuple(names))
        elif node.verbs[1] != tuple(names):
            raise ValueError(f"{path} names its parameters otherwise than another route does.")
        return node.verbs[0]

    def _grow(self, node: _Node, segment: str, names: list[str]) -> _Node:
        if not segment.startswith("{"):
            return node.literal.setdefault(segment, _Node())
        name, _, suffix = segment[1:].partition("}")
        names.append(name)
        below = node.parameters.setdefault(suffix, _Node())
        longest_first = sorted(node.parameters.items(), key=lambda item: -len(item[0]))
        node.parameters = dict(longest_first)
        return below

    def _walk(self, path: bytes) -> tuple[Verbs, dict[str, str]] | None:
        """Segments are unquoted one by one, so that an encoded slash stays part of its value."""
        if not path.isascii() or BROKEN_PERCENT.search(path):
            return None
        segments = path.decode().split("/")
        found = None
        if b"%" in path:
            try:
                segments = [unquote(part, errors="strict") for part in segments]
            except UnicodeError:
                return None
            exact = self.exact.get("/".join(segments).encode())
            if exact is not None and not any("/" in segment for segment in segments):
                return exact, NO_PARAMETERS
        elif (above := self._above.get(path.rpartition(b"/")[0])) is not None:
            found = _match(above, segments, len(segments) - 1, ())  # as most are
        found = found or _match(self._root, segments, 1, ())
        if found is None:
            return None
        (verbs, names), values = found
        return verbs, dict(zip(names, values, strict=True))


def _match(
    node: _Node, segments: list[str], at: int, values: tuple[str, ...]
) -> tuple[tuple[Verbs, tuple[str, ...]], tuple[str, ...]] | None:
    """Literal segments win over parameters; a parameter takes at least one character."""
    if at == len(segments):
        return (node.verbs, values) if node.verbs is not None else None
    segment = segments[at]
    child = node.literal.get(segment)
    if child is not None and (found := _match(child, segments, at + 1, values)):
        return found
    for suffix, child in node.parameters.items():
        value = segment.removesuffix(suffix)
        fits = segment.endswith(suffix) and value
        if fits and (found := _match(child, segments, at + 1, (*values, value))):
            return found
    return None
