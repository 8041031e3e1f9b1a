"""A resource over HTTP, whole: what it stores, refuses, tells, and publishes."""

import json
import re

import pytest
from msgspec import UNSET
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from hanse.kit.type_id import parse_type_id
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.describe import describe
from hanse.runtime.contract.mistakes import DeclarationError
from hanse.runtime.contract.service import contract_of
from hanse.runtime.data.entity.entity import Entity, entity
from hanse.runtime.data.resource.resource import Resource
from hanse.runtime.data.resource.tests.crm import Companies, Company, Contact, Contacts, Greeter
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.identity.principal import Principal
from hanse.runtime.publish.openapi import openapi
from hanse.runtime.publish.proto import proto
from hanse.runtime.publish.proto_lock import ProtoLock, update_lock
from hanse.runtime.publish.typescript import typescript
from hanse.testing import World

WRITER = Principal("staff", "eve", permissions=frozenset({"crm.write"}))
NOBODY = "contact_01h455vb4pex5vsknk084sn02q"
ADA = {"name": "Ada", "email": "ada@example.com"}
COLLECTION = "/crm/v1/contacts"


@pytest.fixture
async def world():
    async with World(Contacts, Companies, Greeter) as world:
        yield world


@pytest.fixture
def http(world):
    return world.http()


async def created(http, **given):
    answer = await http.post(COLLECTION, ADA | given)
    assert answer.status == 200, answer.text
    return answer.json


def wrong(answer):
    """Field and rule of each violation."""
    assert answer.status == 400, answer.text
    return [(one["field"], one["rule"]) for one in answer.json["violations"]]


async def test_what_is_created_is_read_back_with_what_the_database_adds(world, http):
    made = await created(http, address={"street": "Markt"}, seen="2026-01-01T10:30:00+01:00")

    assert parse_type_id(made["id"])[0] == "contact"
    assert (made["revision"], made["create_time"], made["update_time"]) == (
        1,
        *["2026-01-01T09:00:00Z"] * 2,
    )
    assert made["address"] == {"street": "Markt", "city": "Lübeck", "geo": None}
    assert made["seen"] == "2026-01-01T09:30:00Z"
    assert (await http.get(f"{COLLECTION}/{made['id']}")).json == made


@pytest.mark.parametrize(
    ("given", "field", "rule"),
    [
        ({"id": NOBODY}, "id", "output_only"),
        ({"revision": 3}, "revision", "output_only"),
        ({"name": ""}, "name", "length >= 1"),
        ({"nmae": "x"}, "nmae", "unknown"),
        ({"name": "a\0b"}, "name", "nul"),
        ({"notes": {"a": "\0"}}, "notes", "nul"),
        ({"seen": "2026-01-01T10:30:00"}, "seen", "type datetime"),
        ({"company": "company_1"}, "company", "typeid"),
        ({"company": NOBODY}, "company", "typeid"),
        ({"company": "company_01h455vb4pex5vsknk084sn02q"}, "company", "exists"),
        ({"others": [NOBODY]}, "others[0]", "exists"),
        ({"notes": {"long": "x" * 1_048_500}}, "", "size <= 1048576"),
    ],
)  # fmt: skip
async def test_what_cannot_be_stored_is_refused_by_field_and_rule(http, given, field, rule):
    answer = await http.post(COLLECTION, ADA | given)

    assert answer.status in {400, 413}
    if answer.status == 400:
        assert (field, rule) in [
            (one[0], one[1]) if rule != "type datetime" else (one[0], rule) for one in wrong(answer)
        ]
    assert (await http.post(f"{COLLECTION}:count", {})).json["count"] == 0


async def test_a_backslash_before_u0000_is_no_nul(http):
    assert (await created(http, last_name="\\u0000"))["last_name"] == "\\u0000"


async def test_a_change_touches_what_it_names_and_nothing_else(world, http):
    made = await created(
        http, tags=["a"], address={"street": "Markt", "geo": {"east": 1, "north": 2}}
    )
    world.clock.advance(60)

    answer = await http.request(
        "PATCH", f"{COLLECTION}/{made['id']}", {"name": "Eve", "address": {"geo": {"north": 3}}}
    )

    expected = made | {
        "name": "Eve",
        "address": {"street": "Markt", "city": "Lübeck", "geo": {"east": 1, "north": 3}},
        "revision": 2,
        "update_time": "2026-01-01T09:01:00Z",
    }
    assert answer.json == expected
    assert (await http.get(f"{COLLECTION}/{made['id']}")).json == expected


@pytest.mark.parametrize(
    "query", ["update_mask=tags&update_mask=address.city", "update_mask=tags,address.city"]
)
async def test_a_mask_says_what_counts_and_takes_back_to_the_default(http, query):
    made = await created(http, tags=["a"], address={"street": "Markt", "city": "Kiel"})
    path = f"{COLLECTION}/{made['id']}"

    answer = await http.request("PATCH", f"{path}?{query}", {"name": "Eve"})

    assert answer.json == made | {
        "tags": [],
        "address": made["address"] | {"city": "Lübeck"},
        "revision": 2,
    }


@pytest.mark.parametrize(
    ("mask", "body", "field", "rule"),
    [
        ("nope", {}, "update_mask", "path"),
        ("revision", {}, "update_mask", "path"),
        ("name.first", {}, "update_mask", "path"),
        ("address.nope", {}, "update_mask", "path"),
        ("name", {}, "name", "required"),
        ("address.city", {"address": {"city": "Kiel"}}, "address", "whole"),
        ("code", {"code": "new"}, "code", "immutable"),
    ],
)
async def test_a_mask_or_change_that_cannot_be_is_refused(http, mask, body, field, rule):
    made = await created(http, code="old")

    answer = await http.request("PATCH", f"{COLLECTION}/{made['id']}?update_mask={mask}", body)

    assert wrong(answer) == [(field, rule)]
    assert (await http.get(f"{COLLECTION}/{made['id']}")).json == made


async def test_an_immutable_field_may_be_sent_as_it_is(http):
    made = await created(http, code="old")

    assert (
        await http.request("PATCH", f"{COLLECTION}/{made['id']}", {"code": "old"})
    ).status == 200
    assert (
        await http.request("PUT", f"{COLLECTION}/{made['id']}", ADA | {"code": "old"})
    ).status == 200
    assert wrong(await http.request("PUT", f"{COLLECTION}/{made['id']}", ADA)) == [
        ("code", "immutable")
    ]


async def test_who_read_an_older_revision_is_told_both(http):
    made = await created(http)
    path = f"{COLLECTION}/{made['id']}"
    await http.request("PATCH", path, {"name": "Eve"})

    for late in (
        await http.request("PATCH", f"{path}?revision=1", {"name": "Bob"}),
        await http.request("PATCH", path, {"name": "Bob", "revision": 1}),
        await http.request("PATCH", path, {"phones": [{"number": "1"}], "revision": 1}),
        await http.request("PUT", path, made),
        await http.request("DELETE", f"{path}?revision=1"),
    ):
        assert (late.status, late.json["code"], late.json["fields"]) == (
            409,
            "revision_conflict",
            {"given": 1, "current": 2},
        )
    assert (await http.get(path)).json["name"] == "Eve"
    assert (await http.request("PATCH", f"{path}?revision=2", {"name": "Bob"})).json[
        "revision"
    ] == 3


async def test_what_is_not_there_is_not_found_whatever_is_asked(http):
    path = f"{COLLECTION}/{NOBODY}"
    answers = [
        await http.get(path),
        await http.request("PATCH", path, {"name": "x"}),
        await http.request("PATCH", f"{path}?revision=4", {"name": "x"}),
        await http.request("PATCH", path, {"phones": []}),
        await http.request("PUT", path, ADA),
        await http.request("DELETE", path),
    ]
    assert [answer.status for answer in answers] == [404] * len(answers)
    assert wrong(await http.get(f"{COLLECTION}/5")) == [("id", "typeid")]


async def test_what_no_two_may_share_is_refused_with_its_field(http):
    made = await created(http)
    other = await created(http, email="eve@example.com")

    for answer in (
        await http.post(COLLECTION, ADA),
        await http.request("PATCH", f"{COLLECTION}/{other['id']}", {"email": made["email"]}),
        await http.request("PUT", f"{COLLECTION}/{other['id']}", ADA),
    ):
        assert (answer.status, answer.json["code"]) == (409, "duplicate")
        assert answer.json["fields"] == {"duplicate_fields": ["email"]}


async def test_what_is_deleted_softly_hides_until_it_is_restored(world):
    http, path = world.http(WRITER), "/crm/v1/companies"
    made = (await http.post(path, {"name": "Acme"})).json
    mine = f"{path}/{made['id']}"

    assert (await http.request("DELETE", mine)).status == 204
    assert [(await http.get(mine)).status, (await http.request("DELETE", mine)).status] == [
        404,
        404,
    ]
    assert (await http.request("PATCH", mine, {"name": "x"})).status == 404
    assert (await http.get(path)).json["items"] == []
    hidden = (await http.get(f"{mine}?show_deleted=true")).json
    assert (hidden["delete_time"], hidden["revision"]) == ("2026-01-01T09:00:00Z", 2)
    second = (await http.post(path, {"name": "Acme"})).json
    taken = await http.request("POST", f"{mine}:restore", {})
    assert (taken.status, taken.json["code"]) == (409, "duplicate")
    await http.request("PATCH", f"{path}/{second['id']}", {"name": "Other"})
    back = await http.request("POST", f"{mine}:restore", {"revision": 2})
    assert back.json == made | {"revision": 3}
    assert (await http.request("POST", f"{mine}:restore", {})).json["code"] == "failed_precondition"


async def test_one_that_is_hidden_cannot_be_referred_to(world):
    http = world.http(WRITER)
    company = (await http.post("/crm/v1/companies", {"name": "Acme"})).json["id"]
    made = await created(http, company=company)
    await http.request("DELETE", f"/crm/v1/companies/{company}")

    assert wrong(await http.post(COLLECTION, ADA | {"email": "b@c", "company": company})) == [
        ("company", "exists")
    ]
    assert wrong(
        await http.request("PATCH", f"{COLLECTION}/{made['id']}", {"company": company})
    ) == [("company", "exists")]
    assert (
        await http.request("PATCH", f"{COLLECTION}/{made['id']}", {"name": "Eve"})
    ).status == 200


async def test_many_are_got_in_order_and_the_missing_told_apart(http):
    one, other = await created(http), await created(http, email="b@c")

    answer = await http.post(f"{COLLECTION}:batchGet", {"ids": [other["id"], NOBODY, one["id"]]})

    assert answer.json == {"items": [other, one], "missing": [NOBODY]}
    assert wrong(await http.post(f"{COLLECTION}:batchGet", {"ids": [one["id"], "x"]})) == [
        ("ids[1]", "typeid")
    ]
    assert wrong(await http.post(f"{COLLECTION}:batchGet", {"ids": [NOBODY] * 1001})) == [
        ("ids", "length <= 1000")
    ]


async def test_of_many_new_ones_each_is_by_itself(http):
    first = await created(http)
    items = [
        ADA | {"email": "b@c"},
        ADA | {"email": "b@c"},
        ADA,
        ADA | {"email": "c@d", "others": [first["id"], NOBODY]},
        ADA | {"email": "d@e", "others": [first["id"]]},
        ADA | {"email": "e@f", "id": NOBODY},
    ]

    results = (await http.post(f"{COLLECTION}:bulkCreate", {"items": items})).json["results"]

    codes = [
        one["error"] and (one["error"]["code"], [v["field"] for v in one["error"]["violations"]])
        for one in results
    ]
    assert codes == [
        None,
        ("duplicate", []),
        ("duplicate", []),
        ("invalid_argument", ["others[1]"]),
        None,
        ("invalid_argument", ["id"]),
    ]
    for made in (results[0]["item"], results[4]["item"]):
        assert (await http.get(f"{COLLECTION}/{made['id']}")).json == made
    assert (await http.post(f"{COLLECTION}:count", {})).json == {"count": 3, "more": False}


async def test_of_many_changes_each_is_by_itself(http):
    one, two, three = [await created(http, email=f"{at}@x.y", code="old") for at in range(3)]
    items = [
        {"id": one["id"], "name": "New"},
        {"id": one["id"], "name": "Twice"},
        {"id": two["id"], "revision": 9, "name": "New"},
        {"id": NOBODY, "name": "New"},
        {"name": "Who"},
        {"id": three["id"], "code": "new"},
    ]

    results = (await http.post(f"{COLLECTION}:bulkUpdate", {"items": items})).json["results"]

    assert [one["error"] and one["error"]["code"] for one in results] == [
        None, "invalid_argument", "revision_conflict", "not_found", "invalid_argument", "invalid_argument",
    ]  # fmt: skip
    assert results[0]["item"] == one | {"name": "New", "revision": 2}
    assert (await http.get(f"{COLLECTION}/{three['id']}")).json == three


async def test_a_change_that_would_share_sinks_no_other(http):
    one, two = [await created(http, email=f"{at}@x.y") for at in range(2)]
    items = [
        {"id": one["id"], "email": two["email"]},
        {"id": two["id"], "phones": [{"number": "1"}]},
    ]

    results = (await http.post(f"{COLLECTION}:bulkUpdate", {"items": items})).json["results"]

    assert results[0]["error"]["code"] == "duplicate"
    assert results[1]["item"]["phones"] == [{"number": "1", "kind": "home"}]


async def test_of_many_to_delete_each_is_by_itself(http):
    made = await created(http)

    answer = await http.post(f"{COLLECTION}:bulkDelete", {"ids": [made["id"], NOBODY, "x"]})

    codes = [one["error"] and one["error"]["code"] for one in answer.json["results"]]
    assert codes == [None, "not_found", "invalid_argument"]
    assert (await http.get(f"{COLLECTION}/{made['id']}")).status == 404


async def test_all_are_listed_a_page_at_a_time(http):
    made = [await created(http, email=f"{at}@x.y", name=f"N{at}") for at in range(5)]

    seen, cursor = [], ""
    while True:
        page = (await http.get(f"{COLLECTION}?page_size=2&sort=-name&cursor={cursor}")).json
        seen += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            break

    assert seen == made[::-1]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"name": "N1"}, [1]),
        ({"tags": {"$hasAll": ["t1"]}}, [1, 3]),
        ({"seen": {"$gte": "2026-01-03T00:00:00Z"}}, [3, 4]),
        ({"address.city": "Lübeck"}, [0]),
    ],
)
async def test_a_filter_finds_by_what_a_reader_sees(http, wanted, found):
    made = [
        await created(
            http, email=f"{at}@x.y", name=f"N{at}", tags=[f"t{at % 2}"], seen=f"2026-01-0{at + 1}T01:00:00+02:00",
            address={"street": "S"} if at == 0 else {"street": "S", "city": "Kiel"},
        )
        for at in range(5)
    ]  # fmt: skip

    page = await http.post(f"{COLLECTION}:query", {"filter": wanted})

    assert sorted(one["id"] for one in page.json["items"]) == [made[at]["id"] for at in found]


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ([], {}),
        (["name"], {"name": "Ada"}),
        (["id", "revision"], {"revision": 1}),
        (["address.city"], {"address": {"city": "Lübeck"}}),
        (["address.geo.east"], {"address": {"geo": {"east": 1.0}}}),
        (["address.city", "address"],
         {"address": {"street": "S", "city": "Lübeck", "geo": {"east": 1.0, "north": 0.0}}}),
        (["company", "phones", "notes"],
         {"company": None, "phones": [{"number": "1", "kind": "home"}], "notes": {"a": "b"}}),
        (["seen", "born", "worth"],
         {"seen": "2026-01-01T00:00:00Z", "born": "1815-12-10", "worth": "1.50"}),
    ],
)  # fmt: skip
async def test_of_each_only_what_is_asked_for_is_sent_and_its_id(http, fields, part):
    made = await created(
        http, address={"street": "S", "geo": {"east": 1}}, phones=[{"number": "1"}], notes={"a": "b"},
        seen="2026-01-01T00:00:00Z", born="1815-12-10", worth="1.50",
    )  # fmt: skip

    answer = await http.post(
        f"{COLLECTION}:select", {"fields": fields, "filter": {"name": "Ada"}, "sort": ["name"]}
    )

    assert answer.json == {"items": [part | {"id": made["id"]}], "next_cursor": ""}


async def test_what_is_selected_comes_a_page_at_a_time_and_goes_on_with_other_fields(http):
    made = [await created(http, email=f"{at}@x.y") for at in range(3)]

    first = (await http.post(f"{COLLECTION}:select", {"fields": ["name"], "page_size": 2})).json
    rest = await http.post(
        f"{COLLECTION}:select", {"fields": ["email"], "cursor": first["next_cursor"]}
    )

    assert [one["id"] for one in first["items"]] == [one["id"] for one in made[:2]]
    assert rest.json["items"] == [{"id": made[2]["id"], "email": "2@x.y"}]


@pytest.mark.parametrize(
    ("given", "field", "rule"),
    [
        ({"fields": ["name", "nmae"]}, "fields[1]", "unknown"),
        ({"fields": ["phones.number"]}, "fields[0]", "unknown"),
        ({"fields": ["name"] * 101}, "fields", "length <= 100"),
        ({"fields": ["name"], "page_size": 0}, "page_size", "1"),
        ({}, "fields", "required"),
    ],
)
async def test_what_cannot_be_selected_is_told(http, given, field, rule):
    ((found, said),) = wrong(await http.post(f"{COLLECTION}:select", given))
    assert (found, rule in said) == (field, True)


async def test_what_no_index_serves_is_not_selected_either(http):
    answer = await http.post(
        f"{COLLECTION}:select", {"fields": ["name"], "filter": {"last_name": {"$ne": "x"}}}
    )
    assert (answer.status, answer.json["code"]) == (400, "query_not_served")


async def test_reading_and_writing_can_be_allowed_apart(world):
    path = "/crm/v1/companies"

    assert (await world.http().post(path, {"name": "Acme"})).status == 401
    assert (await world.http(Principal("staff", "bob")).post(path, {"name": "Acme"})).status == 403
    assert (await world.http(WRITER).post(path, {"name": "Acme"})).status == 200
    assert len((await world.http().get(path)).json["items"]) == 1


async def test_methods_of_ones_own_stand_beside_those_that_are_given(world):
    made = await created(world.http())

    answer = await world.http(WRITER).post(f"{COLLECTION}/{made['id']}:greet", {})
    assert answer.json == "Hello, Ada"
    assert (await world.http().request("DELETE", f"{COLLECTION}/{made['id']}")).status == 204
    assert next(one for one in world.host._services if isinstance(one, Contacts)).deleted == 1


@pytest.mark.parametrize("apart", [False, True])
async def test_other_services_call_it_together_and_apart(apart):
    async with World(Contacts, Greeter, apart=apart) as world:
        assert await world.get(Greeter).greet("Ada") == "Ada L 2"
        (part,) = (await world.get(Contacts).select(("last_name", "address.city"))).items
        assert (part.last_name, part.address, part.name) == ("L", None, UNSET)
        assert parse_type_id(part.id)[0] == "contact"


async def test_two_of_one_table_cannot_be_in_one_host():
    @entity("crm.contacts")
    class Person(Entity):
        name: str

    class People(Resource[Person], allow=PUBLIC):
        """People."""

    with pytest.raises(Exception, match="both stored in crm.contacts"):
        async with World(Contacts, People):
            pass


def test_what_is_published_names_everything_well():
    described = [describe(contract_of(one)) for one in (Contacts, Companies)]
    document = openapi(described, title="CRM", version="1")

    validate(json.loads(json.dumps(document)), cls=OpenAPIV31SpecValidator)
    schemas = document["components"]["schemas"]
    assert {
        "Contact",
        "ContactChanges",
        "ContactPage",
        "ContactBatch",
        "ContactOutcomes",
        "ContactParts",
        "AddressPart",
        "AddressChanges",
    } <= set(schemas)
    assert "required" not in schemas["ContactChanges"]
    assert schemas["ContactPart"]["required"] == ["id"]
    assert set(schemas["ContactPart"]["properties"]) == set(schemas["Contact"]["properties"])
    assert "required" not in schemas["AddressPart"]
    patch = document["paths"][f"{COLLECTION}/{{id}}"]["patch"]
    assert patch["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/ContactChanges"
    }
    assert [one["name"] for one in patch["parameters"]] == ["id", "update_mask", "revision"]
    assert "show_deleted" not in [
        one["name"] for one in document["paths"][f"{COLLECTION}/{{id}}"]["get"]["parameters"]
    ]
    assert f"{COLLECTION}/{{id}}:restore" not in document["paths"]
    assert "/crm/v1/companies/{id}:restore" in document["paths"]
    client = typescript(described)
    assert "async update(args: {" in client
    assert 'body: args["item"]' in client
    (part,) = re.findall(r"export interface ContactPart \{.*?\n\}", client, re.DOTALL)
    assert re.findall(r"readonly (\w+\??):", part)[:3] == ["id", "name?", "email?"]
    lock = update_lock(ProtoLock(), described)
    assert "rpc BulkCreate(" in proto(described[0], lock)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: type("Odd", (Resource,), {}, allow=PUBLIC), "says not of what"),
        (lambda: type(Resource)("Odd", (), {}) and _resource(Entity, allow=PUBLIC), "is not stored"),
        (lambda: _resource(Contact), "says not who may call it"),
        (lambda: _resource(Contact, read=PUBLIC), "says not who may call it"),
    ],
)  # fmt: skip
def test_a_wrong_resource_is_refused_with_its_remedy(make, said):
    with pytest.raises(DeclarationError, match=said):
        make()


def _resource(cls, **options):
    class Odd(Resource[cls], **options):
        """Odd."""

    return Odd


async def test_the_address_can_be_another():
    class Clients(Resource[Company], allow=PUBLIC, version="v2", path="clients"):
        """Clients."""

        @rpc("POST /crm/v2/clients:purge", allow=PUBLIC)
        async def purge(self) -> int:
            """Deletes all."""
            page = await self.items.query()
            return len(await self.items.delete_many([one.id for one in page.items]))

    async with World(Clients) as world:
        assert (await world.http().post("/crm/v2/clients", {"name": "Acme"})).status == 200
        assert (await world.http().post("/crm/v2/clients:purge", {})).json == 1
        assert (await world.http().get("/crm/v2/clients")).json["items"] == []
