"""The project of the drill: a package of modules for each service, and what users ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drills.project import HEAD, write_file

if TYPE_CHECKING:
    from pathlib import Path

    from drills.fleet.graph import Node

DEPLOY = """
[deploy]
latency = false
warm_seconds = 5
"""
"""A host of sixty gets some thirty requests a second: to prove latencies takes fifteen minutes of these a stage."""

API = '''"""What others may know of {name}."""

from hanse import PUBLIC, Contract, Event, Struct, event, rpc


class {title}Price(Struct, frozen=True):
    service: str
    number: int
    price: int


class {title}Total(Struct, frozen=True):
    service: str
    number: int
    total: int
    asked: tuple[str, ...]


class {title}Line(Struct, frozen=True):
    number: int
    quantity: int


class {title}Bill(Struct, frozen=True):
    service: str
    lines: int
    total: int


class {title}About(Struct, frozen=True):
    service: str
    release: int


class {title}Note(Struct, frozen=True):
    service: str
    text: str


@event("{name}.v1", key="text")
class {title}Noted(Event):
    """Something was noted."""

    text: str


class {title}(Contract, package="{name}.v1"):
    """Knows what things cost."""

    @rpc("GET /{name}/v1/prices/{{number}}", allow=PUBLIC)
    async def price(self, number: int) -> {title}Price:
        """By itself."""
        ...

    @rpc("GET /{name}/v1/totals/{{number}}", allow=PUBLIC)
    async def total(self, number: int) -> {title}Total:
        """With what the first one says that it calls."""
        ...

    @rpc("GET /{name}/v1/surveys/{{number}}", allow=PUBLIC)
    async def survey(self, number: int) -> {title}Total:
        """With what all say that it calls."""
        ...

    @rpc("POST /{name}/v1/bills", allow=PUBLIC, idempotent=True)
    async def bill(self, lines: tuple[{title}Line, ...]) -> {title}Bill:
        """Of many things."""
        ...

    @rpc("GET /{name}/v1/about", allow=PUBLIC)
    async def about(self) -> {title}About:
        """Which release this is."""
        ...
'''

NOTING = '''
    @rpc("POST /{name}/v1/notes", allow=PUBLIC)
    async def note(self, text: str) -> {title}Note:
        """Keeps it, and tells of it."""
        ...
'''

SERVICE = '''"""Release {release} of {name}."""

import asyncio

from hanse import {parts}

from {name} import api
{imports}
FACTOR = {factor}

{entity}
class {title}({bases}):
    """Calls {count} others."""

    def __init__(self{arguments}) -> None:
        self._others = ({others})
{assigned}
    async def price(self, number: int) -> api.{title}Price:
        return api.{title}Price("{name}", number, _price(number))

    async def total(self, number: int) -> api.{title}Total:
        return await self._total(number, 1)

    async def survey(self, number: int) -> api.{title}Total:
        return await self._total(number, {count})

    async def bill(self, lines: tuple[api.{title}Line, ...]) -> api.{title}Bill:
        total = sum(_price(one.number) * one.quantity for one in lines)
        return api.{title}Bill("{name}", len(lines), total)

    async def about(self) -> api.{title}About:
        return api.{title}About("{name}", {release})

    async def _total(self, number: int, most: int) -> api.{title}Total:
        found = await asyncio.gather(*(one.price(number) for one in self._others[:most]))
        asked = ("{name}", *(one.service for one in found))
        total = _price(number) + sum(one.price for one in found)
        return api.{title}Total("{name}", number, total, asked)
{methods}

def _price(number: int) -> int:
    return (number * FACTOR + {number}) % 1_000_003
'''

ENTITY = '''
@entity("{name}.note")
class Note(Entity):
    """What was noted here, or heard of another."""

    text: str

'''

KEEPING = """        self._notes = notes
"""

METHODS = """
    async def note(self, text: str) -> api.{title}Note:
        await self._notes.create(
            Note(text=text), event=lambda one: api.{title}Noted(text=one.text)
        )
        return api.{title}Note("{name}", text)

    @subscribe(api_{hears}.{heard}Noted)
    async def hear(self, event: api_{hears}.{heard}Noted) -> None:
        await self._notes.create(Note(text=f"heard: {{event.text}}"))
"""

ASKED = 7
"""What users ask the price of."""

PLAIN, CALLING = 5, 3
"""Of ten turns of a service, those that call nobody, and those that call one; the last two call all, and write or send."""


def title(node: Node) -> str:
    """Name of its class."""
    return node.name.title()


def listed(node: Node) -> str:
    """As `hanse.toml` lists it."""
    return f"{node.name}.service:{title(node)}"


def contract(node: Node) -> str:
    """As the command line knows it."""
    return f"{node.name}.v1.{title(node)}"


def groups(nodes: list[Node], hosts: int) -> list[list[Node]]:
    """Which share a host: neighbours, as evenly as can be."""
    return [
        nodes[len(nodes) * one // hosts : len(nodes) * (one + 1) // hosts] for one in range(hosts)
    ]


def write_project(folder: Path, nodes: list[Node], hosts: int) -> None:
    """The whole project, each service in its first release."""
    names = ", ".join(f'"{listed(node)}"' for node in nodes)
    parts = [HEAD.format(listed=names, placement=""), DEPLOY]
    for number, some in enumerate(groups(nodes, hosts)):
        inside = ", ".join(f'"{listed(node)}"' for node in some)
        parts.append(f"[placement.groups.g{number:02}]\nservices = [{inside}]\n")
    write_file(folder / "hanse.toml", "\n".join(parts))
    for node in nodes:
        write_file(folder / node.name / "__init__.py", "")
        more = NOTING if node.hears is not None else ""
        text = (API + more).format(name=node.name, title=title(node))
        write_file(folder / node.name / "api.py", text)
        write_release(folder, node, 1)


def write_release(folder: Path, node: Node, release: int) -> None:
    """Another release of a service."""
    keeps = node.hears is not None
    calls = [f"s{one:04}" for one in node.calls]
    heard = f"s{node.hears:04}" if keeps else ""
    known = sorted({*calls, *([heard] if heard != node.name else [])} - {""})
    arguments = [f"{one}: api_{one}.{one.title()}" for one in calls]
    arguments += ["notes: Collection[Note]", "events: Events"] if keeps else []
    own = f"api_{node.name} = api\n" if heard == node.name else ""
    text = SERVICE.format(
        release=release,
        name=node.name,
        title=title(node),
        parts="Collection, Entity, Events, Service, entity, subscribe" if keeps else "Service",
        imports="".join(f"from {one} import api as api_{one}\n" for one in known) + own,
        factor=node.factor,
        number=node.number,
        entity=ENTITY.format(name=node.name) if keeps else "",
        bases=f"Service, api.{title(node)}",
        count=len(calls),
        arguments="".join(f", {one}" for one in arguments),
        others="".join(f"{one}, " for one in calls),
        assigned=KEEPING if keeps else "",
        methods=METHODS.format(title=title(node), name=node.name, hears=heard, heard=heard.title())
        if keeps
        else "",
    )
    write_file(folder / node.name / "service.py", text)


def asks(some: list[Node], nodes: list[Node]) -> list[dict[str, Any]]:
    """What users ask of some of all services, in turn, and what is right."""
    return [one for node in some for one in _asks(node, nodes)]


def _asks(node: Node, nodes: list[Node]) -> list[dict[str, Any]]:
    called = [nodes[one] for one in node.calls]

    def total(kind: str, others: list[Node]) -> dict[str, Any]:
        total = sum(one.price(ASKED) for one in (node, *others))
        asked = [one.name for one in (node, *others)]
        return _ask(node, f"{kind}/{ASKED}", {"total": total, "asked": asked})

    found = [_ask(node, f"prices/{ASKED}", {"price": node.price(ASKED)})] * PLAIN
    found += [total("totals", called[:1])] * CALLING
    found.append(total("surveys", called))
    if node.hears is not None:
        found.append(_ask(node, "notes", {"text": "kept"}, {"text": "kept"}))
    else:
        lines = [{"number": ASKED, "quantity": 2}, {"number": 1, "quantity": 1}]
        right = {"lines": 2, "total": 2 * node.price(ASKED) + node.price(1)}
        found.append(_ask(node, "bills", right, {"lines": lines}))
    return found


def _ask(node: Node, path: str, right: dict[str, Any], body: Any = None) -> dict[str, Any]:
    return {
        "name": node.name,
        "path": f"/{node.name}/v1/{path}",
        "right": {"service": node.name, **right},
        "body": body,
    }
