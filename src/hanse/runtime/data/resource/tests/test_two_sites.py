"""Two sites on one table: whatever is asked, the owner is shown what is its own, a stranger nothing."""

import asyncio
from contextlib import AsyncExitStack

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hanse.runtime.contract.service import contract_of
from hanse.runtime.data.resource.tests.crm import Companies, Contacts
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.identity.principal import Principal
from hanse.testing import World

OWNER, STRANGER = "owner", "stranger"
NUMBER = 6
COLLECTION = "/crm/v1/contacts"


def marked(site, at, company):
    mark = f"mark-{site}-{at}"
    return {
        "name": mark,
        "email": f"{mark}@x.y",
        "last_name": mark,
        "code": f"m-{site[:5]}-{at}",
        "tags": [mark],
        "company": company,
        "address": {"street": mark, "city": mark, "geo": None},
        "phones": [{"number": mark, "kind": mark}],
        "notes": {mark: mark},
        "seen": f"2026-01-0{at + 1}T00:00:00Z",
    }


class Sites:
    """A world with two sites in it, each with as many contacts, all full of its mark."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self.ids = {}

    async def begin(self):
        self.world = await self._stack.enter_async_context(World(Contacts, Companies))
        for site in (OWNER, STRANGER):
            http = self.http(site)
            company = (await http.post("/crm/v1/companies", {"name": f"mark-{site}"})).json["id"]
            items = [marked(site, at, company) for at in range(NUMBER)]
            done = (await http.post(f"{COLLECTION}:bulkCreate", {"items": items})).json["results"]
            self.ids[site] = [one["item"]["id"] for one in done]
        return self

    def http(self, site):
        who = Principal("staff", "eve", permissions=frozenset({"crm.write"}))
        return self.world.http(who, site=site)

    async def end(self):
        await self._stack.aclose()


@pytest.fixture(scope="module")
def sites():
    with asyncio.Runner() as runner:
        made = runner.run(Sites().begin())
        yield made, runner
        runner.run(made.end())


numbers = st.integers(0, NUMBER - 1)


ROUTES = ("get", "list", "query", "select", "count", "batch_get")
"""What reads, but `url`, of which `test_uploads` tells."""


def words(at):
    """Filters, with how many contacts each finds of the owner and of the stranger."""
    mark, both = f"mark-{OWNER}-{at}", [f"mark-{OWNER}-{at}", f"mark-{STRANGER}-{at}"]
    return st.sampled_from([
        ({"name": mark}, 1, 0),
        ({"name": {"$in": both}}, 1, 1),
        ({"email": f"{mark}@x.y"}, 1, 0),
        ({"tags": {"$hasSome": both}}, 1, 1),
        ({"tags": {"$hasAll": [mark]}}, 1, 0),
        ({"address.city": mark}, 1, 0),
        ({"address.city": {"$gte": ""}}, NUMBER, NUMBER),
        ({"seen": {"$gte": "2025-01-01T00:00:00Z"}}, NUMBER, NUMBER),
        ({"name": {"$startsWith": "mark-"}}, NUMBER, NUMBER),
        ({}, NUMBER, NUMBER),
    ])  # fmt: skip


SORTS = st.sampled_from(["", "name", "-name", "seen", "-seen", "-last_name,create_time", "email"])


async def ask(http, ids, route, at, wanted, sort):
    if route == "get":
        return await http.get(f"{COLLECTION}/{ids[at]}")
    if route == "list":
        asked = "".join(f"&sort={one}" for one in sort.split(",") if one)
        return await http.get(f"{COLLECTION}?page_size=100{asked}")
    if route == "batch_get":
        return await http.post(f"{COLLECTION}:batchGet", {"ids": ids})
    fields = {"fields": [*marked(OWNER, 0, "")]} if route == "select" else {}
    return await http.post(f"{COLLECTION}:{route}", {"filter": wanted, **fields})


def test_every_method_that_reads_is_asked():
    reading = {one.name for one in contract_of(Companies).methods.values() if one.rule is PUBLIC}
    assert reading == set(ROUTES)


@pytest.mark.parametrize("route", ROUTES)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
)
@given(data=st.data())
def test_the_owner_reads_its_mark_and_a_stranger_never_does(sites, route, data):
    made, runner = sites
    at = data.draw(numbers)
    wanted, here, there = data.draw(words(at))
    sort = data.draw(SORTS)
    mine, theirs = (
        runner.run(ask(made.http(site), made.ids[OWNER], route, at, wanted, sort))
        for site in (OWNER, STRANGER)
    )

    assert mine.status == 200, mine.text
    if route == "count":
        assert (mine.json["count"], theirs.json["count"]) == (here, there)
        return
    shown = (
        mine.json
        if route == "get"
        else next(one for one in mine.json["items"] if one["id"] == made.ids[OWNER][at])
    )
    expected = marked(OWNER, at, shown["company"])
    assert {name: shown[name] for name in expected} == expected
    assert f"mark-{STRANGER}" not in mine.text
    assert f"mark-{OWNER}" not in theirs.text
    for one in made.ids[OWNER]:
        assert one not in theirs.text or route in {"get", "batch_get"}, "it was asked for by id"


@pytest.mark.parametrize(
    "verb", ["PATCH", "PUT", "DELETE", "PATCH a list", "bulkUpdate", "bulkDelete"]
)
def test_no_site_writes_what_another_wrote(sites, verb):
    made, runner = sites
    mine = made.ids[OWNER][0]
    path = f"{COLLECTION}/{mine}"
    before = runner.run(made.http(OWNER).get(path)).json
    http = made.http(STRANGER)
    requests = {
        "PATCH": lambda: http.request("PATCH", path, {"name": "theirs"}),
        "PUT": lambda: http.request("PUT", path, {"name": "theirs", "email": "t@x.y", "code": before["code"]}),
        "DELETE": lambda: http.request("DELETE", path),
        "PATCH a list": lambda: http.request("PATCH", path, {"phones": []}),
        "bulkUpdate": lambda: http.post(f"{COLLECTION}:bulkUpdate", {"items": [{"id": mine, "name": "theirs"}]}),
        "bulkDelete": lambda: http.post(f"{COLLECTION}:bulkDelete", {"ids": [mine]}),
    }  # fmt: skip

    answer = runner.run(requests[verb]())

    told = answer.json["results"][0]["error"] if verb.startswith("bulk") else answer.json
    assert told["code"] == "not_found"
    assert runner.run(made.http(OWNER).get(path)).json == before


def test_no_site_refers_to_what_another_has_nor_learns_of_it_by_what_is_taken(sites):
    made, runner = sites
    http = made.http(STRANGER)
    theirs = runner.run(made.http(OWNER).get(f"{COLLECTION}/{made.ids[OWNER][0]}")).json

    refused = runner.run(
        http.post(COLLECTION, {"name": "x", "email": "new@x.y", "company": theirs["company"]})
    )
    assert [one["rule"] for one in refused.json["violations"]] == ["exists"]
    taken = runner.run(http.post(COLLECTION, {"name": "x", "email": theirs["email"]}))
    assert taken.status == 200, "what another site has is not taken here"
    runner.run(http.request("DELETE", f"{COLLECTION}/{taken.json['id']}"))
    assert msgspec.json.encode(theirs["email"]) not in refused.body
