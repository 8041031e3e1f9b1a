"""Asks every route that a world has, once for each of two sites, with what is of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from hanse.runtime.contract.description import ContractDescription, MethodDescription
from hanse.testing import World
from hanse.testing.http_client import Answer, HttpClient

SYSTEM = {
    "GET /asyncapi.json": "what is served, of no site",
    "GET /docs": "the same",
    "GET /docs/app.js": "the same",
    "GET /docs/events.js": "the same",
    "GET /docs/schema.js": "the same",
    "GET /docs/style.css": "the same",
    "GET /docs/try.js": "the same",
    "GET /figures": "of the process, for other processes of ours",
    "GET /totals": "of the process, for other processes of ours",
    "GET /hanse.link": "for other hosts, by a protocol of their own",
    "GET /health/live": "of the process",
    "GET /health/ready": "of the process",
    "GET /metrics": "of the process",
    "GET /openapi.json": "what is served, of no site",
}


class Given(NamedTuple):
    """What the owner's site is asked for.

    Attributes:
        mark: Stands in everything that is the owner's.
        values: Arguments by service and name, as `Notes.id`; those of pages by `page.` and name.
        forms: Bodies of forms, by path, with their headers.
        link: Name and query of an address at which a file of the owner's can be had.
        silent: Routes that read and show nothing of a site, with the reason.
        stranger: What the stranger's site is called; its own name stands where the owner's would.
    """

    mark: str
    values: Mapping[str, Any]
    forms: Mapping[str, tuple[bytes, Mapping[str, str]]]
    link: str
    silent: Mapping[str, str]
    stranger: str


class Request(NamedTuple):
    """One of them.

    Attributes:
        route: As it stands in the table.
        reads: Whether its answer is to show something of the site.
        verb, path, body, headers: What is sent.
    """

    route: str
    reads: bool
    verb: Any
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = {}


class EveryRoute:
    """Of one world."""

    def __init__(self, world: World, given: Given) -> None:
        self._world = world
        self._given = given
        self._methods = dict(_named(world.host.describe()))

    async def ask_both(self, owner: HttpClient, stranger: HttpClient) -> int:
        """How many routes showed the owner its mark, which the stranger never saw.

        Raises:
            AssertionError: One did not, or did; or nobody knows what to ask one for.
        """
        table = self._world.host.routes()
        described = {
            one for one, (_, method) in self._methods.items() if one.endswith(f" {method.path}")
        }
        assert not described - {f"{verb} {path}" for verb, path in table}, "the table lacks some"
        requests = [self._request(verb, path) for verb, path in table]
        silent = SYSTEM | self._given.silent
        unknown = set(silent) - {one.route for one in requests}
        assert not unknown - set(SYSTEM), f"there is nothing any more to be silent of: {unknown}"
        reading = [one for one in requests if one.reads and one.route not in silent]
        for one in reading:
            await self._read(owner, one)
        for one in requests:  # what writes comes as well
            await self._refused(stranger, one)
        for one in reading:  # nobody has changed or taken away anything
            await self._read(owner, one)
        return len(reading)

    async def _read(self, owner: HttpClient, one: Request) -> None:
        mine = await _asked(owner, one)
        assert self._shows(mine), f"{one.route} shows its owner nothing: {mine.status} {mine.text}"

    async def _refused(self, stranger: HttpClient, one: Request) -> None:
        theirs = await _asked(stranger, self._by_stranger(one))
        assert not self._shows(theirs), f"{one.route} shows a stranger: {theirs.text}"

    def _by_stranger(self, one: Request) -> Request:
        name, _, query = self._given.link.partition("?")
        if name not in one.path:
            return one
        own = query.replace(self._given.mark, self._given.stranger)
        return one._replace(path=one.path.replace(query, own))

    def _shows(self, answer: Answer) -> bool:
        mark = self._given.mark.encode()
        if mark in answer.body or any(self._given.mark in one for one in answer.headers.values()):
            return True
        return answer.body.startswith(b'{"count":') and answer.json["count"] > 0

    # Requests.

    def _request(self, verb: str, path: str) -> Request:
        route = f"{verb} {path}"
        if path.endswith("/files/{file_id}"):
            return Request(route, True, verb, path.replace("{file_id}", self._given.link))
        if (found := self._methods.get(route)) is None:
            return self._page(route, verb, path)
        service, method = found
        reads = method.verb == "GET" or (method.verb == "POST" and method.idempotent)
        reads = reads and method.upload is None
        values = {
            one.name: self._value(service, one.name, route)
            for one in method.arguments
            if one.required or f"{service}.{one.name}" in self._given.values
        }
        if path != method.path:
            return _connect(Request(route, reads, verb, path), values)
        return _rest(Request(route, reads, verb, path), values, method)

    def _page(self, route: str, verb: str, path: str) -> Request:
        if verb == "POST":
            assert path in self._given.forms, f"nobody says what to send to {route}"
            body, headers = self._given.forms[path]
        else:
            body, headers = b"", {"accept": "text/html"}
        return Request(route, verb == "GET", verb, self._filled("page", path, route), body, headers)

    def _filled(self, service: str, path: str, route: str) -> str:
        for name in [part.partition("}")[0] for part in path.split("{")[1:]]:
            path = path.replace(f"{{{name}}}", quote(str(self._value(service, name, route))))
        return path

    def _value(self, service: str, name: str, route: str) -> Any:
        known = self._given.values
        assert f"{service}.{name}" in known, f"nobody says what {service}.{name} of {route} is"
        return known[f"{service}.{name}"]


def _named(contracts: list[ContractDescription]) -> Any:
    for contract in contracts:
        for method in contract.methods:
            for verb in ("GET", "POST"):
                yield f"{verb} /{contract.full_name}/{method.rpc_name}", (contract.name, method)
            if method.path is not None:
                yield f"{method.verb} {method.path}", (contract.name, method)


def _connect(one: Request, values: dict[str, Any]) -> Request:
    body = msgspec.json.encode(values)
    if one.verb == "GET":
        query = urlencode({"connect": "v1", "encoding": "json", "message": body.decode()})
        return one._replace(path=f"{one.path}?{query}")
    return one._replace(body=body)


def _rest(one: Request, values: dict[str, Any], method: MethodDescription) -> Request:
    path = one.path
    for name in [name for name in values if f"{{{name}}}" in path]:
        path = path.replace(f"{{{name}}}", quote(str(values.pop(name))))
    if method.body:
        content = values.pop(method.body)
        body = content if isinstance(content, bytes) else msgspec.json.encode(content)
        return one._replace(path=f"{path}?{urlencode(values)}", body=body)
    if one.verb in {"GET", "DELETE"}:
        return one._replace(path=f"{path}?{urlencode(values, doseq=True)}")
    return one._replace(path=path, body=msgspec.json.encode(values))


async def _asked(http: HttpClient, one: Request) -> Answer:
    return await http.request(
        one.verb, one.path, *([one.body] if one.body else []), headers=one.headers
    )
