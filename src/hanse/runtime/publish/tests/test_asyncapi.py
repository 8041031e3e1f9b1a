"""What is told and taken as an AsyncAPI document, which its own schema and real events agree to."""

import json
from typing import Annotated

import jsonschema
import msgspec

from hanse import PUBLIC, Event, Events, Personal, Service, event, rpc, subscribe
from hanse.runtime.publish.asyncapi import asyncapi
from hanse.runtime.subscriptions.describe import describe_post
from hanse.testing import World, acting


class Round(msgspec.Struct, frozen=True, tag="round", tag_field="kind"):
    """By its middle."""

    at: tuple[int, str]


class Square(msgspec.Struct, frozen=True, tag="square", tag_field="kind"):
    """By its side."""

    side: Annotated[int, msgspec.Meta(ge=1)]
    next: "Square | None" = None


class Who(msgspec.Struct, frozen=True):
    """A person."""

    name: Annotated[str, msgspec.Meta(max_length=20), Personal(erase="field")] = ""


@event("stamps.v1", key="stamp", person="owner")
class Sold(Event, frozen=True):
    """A stamp was sold.

    For good.
    """

    stamp: str
    owner: str
    shape: Round | Square
    buyer: Who = Who()
    words: frozenset[str] = frozenset()


@event("stamps.v1")
class Closed(Event, frozen=True):
    """The shop is closed."""


class Shop(Service, package="stamps.v1"):
    """Sells stamps."""

    def __init__(self, events: Events) -> None:
        self._events = events

    @rpc(allow=PUBLIC)
    async def close(self) -> None: ...


class Diary(Service, package="diary.v1"):
    """Writes down."""

    @subscribe(Sold, Closed)
    async def note(self, event: Sold | Closed) -> None:
        """Writes down what was sold."""

    @subscribe(Sold, batch=7)
    async def gather(self, events: tuple[Sold, ...]) -> None: ...


DOCUMENT = asyncapi(describe_post([Shop, Diary]), title="Stamps", version="1")


def payload(name: str):
    message = DOCUMENT["components"]["messages"][name]["payload"]
    whole = message | {"components": DOCUMENT["components"]}
    return jsonschema.Draft7Validator(whole)


def test_the_document_is_what_asyncapi_says_one_is(asyncapi_schema) -> None:
    document = json.loads(msgspec.json.encode(DOCUMENT))
    jsonschema.Draft7Validator(asyncapi_schema).validate(document)
    assert set(document["channels"]) == {"stamps.v1.Closed", "stamps.v1.Sold"}


def test_it_says_who_tells_and_who_takes() -> None:
    said = {
        (one["action"], one["x-hanse-service"], one["channel"]["$ref"]): one.get("x-hanse-batch")
        for one in DOCUMENT["operations"].values()
        if one["title"] != "diary.v1.Diary/gather"
    }
    assert said == {
        ("send", "stamps.v1.Shop", "#/channels/stamps.v1.Closed"): None,
        ("send", "stamps.v1.Shop", "#/channels/stamps.v1.Sold"): None,
        ("receive", "diary.v1.Diary", "#/channels/stamps.v1.Closed"): 0,
        ("receive", "diary.v1.Diary", "#/channels/stamps.v1.Sold"): 0,
    }
    assert (
        DOCUMENT["operations"]["diary.v1.Diary.gather.takes.stamps.v1.Sold"]["x-hanse-batch"] == 7
    )
    message = DOCUMENT["components"]["messages"]["stamps.v1.Sold"]
    assert (message["x-hanse-key"], message["summary"]) == ("stamp", "A stamp was sold.")


async def test_what_is_told_is_what_the_document_says() -> None:
    shape = Square(2, Square(1))
    sold = Sold("blue", "ada", shape, Who("Ada"), frozenset({"old"}))
    async with World(Shop) as world:
        with acting():
            written = [await world.database.outbox.written(one) for one in (sold, Closed())]
    for row in (one.row for one in written):
        sent = json.loads(row[-1])
        valid = payload(sent["type"]).is_valid
        assert valid(sent), sent
        for field in ("id", "site", "data"):
            assert not valid({name: value for name, value in sent.items() if name != field})
        assert not valid(sent | {"type": "stamps.v1.Bought"})
    assert not payload("stamps.v1.Sold").is_valid({**sent, "data": {"stamp": "blue"}})
