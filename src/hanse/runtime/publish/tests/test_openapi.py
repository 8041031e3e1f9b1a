"""The OpenAPI document is valid, complete, exact, and silent about what is internal."""

import datetime
import decimal
import json
import uuid

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from hanse.runtime.contract.description import (
    ContractDescription,
    ErrorDescription,
    FieldDescription,
    MethodDescription,
    Ref,
    Scalar,
    TypeDescription,
)
from hanse.runtime.publish.openapi import openapi
from hanse.runtime.publish.schema import scalar_schema
from hanse.runtime.publish.tests.sample import CONTACTS, HOSTILE, ORDERS


def sample():
    return openapi(
        [CONTACTS, ORDERS], title="Sample", version="1.2.3", servers=["https://api.example.com"]
    )


def operation(path, verb, document=None):
    return (document or sample())["paths"][path][verb]


def body_schema(path):
    return operation(path, "post")["requestBody"]["content"]["application/json"]["schema"]


def accepts(schema, value):
    document = sample()
    whole = schema | {"components": document["components"]}
    return jsonschema.Draft202012Validator(whole).is_valid(value)


def test_a_rich_document_is_valid_openapi_3_1():
    document = sample()
    validate(json.loads(json.dumps(document)), cls=OpenAPIV31SpecValidator)
    assert document["openapi"] == "3.1.0"
    assert document["info"] == {"title": "Sample", "version": "1.2.3"}
    assert document["servers"] == [{"url": "https://api.example.com"}]


def test_no_contract_at_all_is_a_valid_document():
    validate(openapi([], title="Empty", version="0"), cls=OpenAPIV31SpecValidator)


def test_internal_methods_their_types_and_their_errors_do_not_appear():
    text = json.dumps(sample())
    for word in ("rebuild", "InternalSecret", "hidden_field", "internal_overheard"):
        assert word not in text


def test_arguments_go_to_path_query_or_body():
    merge = operation("/crm/v1/contacts/{contact_id}:merge", "post")
    assert [(p["name"], p["in"]) for p in merge["parameters"]] == [("contact_id", "path")]
    assert list(body_schema("/crm/v1/contacts/{contact_id}:merge")["properties"]) == [
        "others",
        "note",
    ]
    find = operation("/crm/v1/contacts", "get")
    assert {p["in"] for p in find["parameters"]} == {"query"}
    assert "requestBody" not in find
    assert "requestBody" not in operation("/crm/v1/contacts/{contact_id}", "delete")


def test_query_parameters_carry_rules():
    parameters = {p["name"]: p for p in operation("/crm/v1/contacts", "get")["parameters"]}
    assert parameters["word"]["required"] is True
    assert parameters["word"]["schema"] == {"type": "string", "minLength": 1}
    assert parameters["limit"]["schema"] == {
        "type": "integer",
        "format": "int64",
        "minimum": 1,
        "maximum": 100,
        "default": 10,
    }
    assert parameters["tags"]["schema"]["type"] == "array"
    assert parameters["near"]["schema"]["type"] == "number"


def test_operations_say_permission_timeout_and_whether_a_repeat_is_safe():
    merge = operation("/crm/v1/contacts/{contact_id}:merge", "post")
    assert merge["operationId"] == "Contacts_merge_contacts"
    assert merge["tags"] == ["Contacts"]
    assert merge["summary"] == "Makes one contact of several."
    assert merge["x-hanse-permission"] == "crm.contacts.write"
    assert merge["x-hanse-idempotent"] is False
    assert merge["x-hanse-timeout-seconds"] == 5.0
    assert merge["security"] == [{"bearer": []}]
    assert operation("/crm/v1/contacts", "get")["security"] == []


def test_errors_of_one_status_share_a_response_and_general_ones_are_shared():
    responses = operation("/crm/v1/contacts/{contact_id}:merge", "post")["responses"]
    refs = [
        o["$ref"]
        for o in responses["400"]["content"]["application/problem+json"]["schema"]["anyOf"]
    ]
    assert refs == [
        "#/components/schemas/InvalidArgumentProblem",
        "#/components/schemas/CrmV1ContactsCartFullProblem",
    ]
    assert responses["429"] == {"$ref": "#/components/responses/ResourceExhausted"}
    assert set(responses) == {
        "200",
        "400",
        "401",
        "403",
        "404",
        "409",
        "429",
        "500",
        "503",
        "504",
        "default",
    }
    shared = sample()["components"]["responses"]
    assert "Retry-After" in shared["ResourceExhausted"]["headers"]
    assert "Retry-After" in shared["Unavailable"]["headers"]


def test_public_methods_do_not_ask_for_a_token():
    assert not {"401", "403"} & set(operation("/crm/v1/contacts", "get")["responses"])


def test_a_problem_with_fields_matches_its_schema_and_another_does_not():
    schema = {"$ref": "#/components/schemas/NameTakenProblem"}
    problem = {
        "type": "urn:hanse:error:name_taken",
        "title": "Name taken",
        "status": 409,
        "detail": "",
        "code": "name_taken",
        "trace_id": "1",
        "fields": {"name": "x"},
    }
    assert accepts(schema, problem)
    assert not accepts(schema, problem | {"code": "other"})
    assert not accepts(schema, problem | {"fields": {}})


def test_none_answers_204_and_streams_are_event_streams():
    assert "200" not in operation("/crm/v1/contacts/{contact_id}", "delete")["responses"]
    assert "204" in operation("/crm/v1/contacts/{contact_id}", "delete")["responses"]
    stream = operation("/crm/v1/contacts:watch", "get")["responses"]["200"]["content"][
        "text/event-stream"
    ]
    item, end, error = (each["properties"] for each in stream["schema"]["oneOf"])
    assert [each["event"]["const"] for each in (item, end, error)] == ["message", "end", "error"]
    assert item["data"]["contentSchema"] == {"$ref": "#/components/schemas/CrmV1ContactsNode"}


def test_request_objects_refuse_unknown_fields_and_answers_may_grow():
    schemas = sample()["components"]["schemas"]
    assert body_schema("/crm/v1/payments")["additionalProperties"] is False
    assert schemas["Payment_Money"]["additionalProperties"] is False
    assert schemas["Card"]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["CrmV1ContactsNode"]


def test_a_type_that_two_contracts_share_is_as_strict_as_the_stricter_use():
    for contracts in ([CONTACTS, ORDERS], [ORDERS, CONTACTS]):
        card = openapi(contracts, title="t", version="1")["components"]["schemas"]["Card"]
        assert card["required"][0] == "kind"
        assert card["additionalProperties"] is False


def test_tagged_unions_have_a_discriminator_and_need_the_tag():
    way = sample()["components"]["schemas"]["Payment_Money"]["properties"]["way"]
    assert way["discriminator"]["mapping"] == {
        "card": "#/components/schemas/Card",
        "transfer": "#/components/schemas/Transfer",
    }
    assert accepts(way, {"kind": "card", "number": "1", "holder": "A"})
    assert not accepts(way, {"number": "1", "holder": "A"})
    assert not accepts(way, {"kind": "transfer", "number": "1", "holder": "A"})


def test_a_tag_that_is_never_needed_to_tell_apart_may_be_missing_as_the_decoder_allows():
    card = openapi([ORDERS], title="t", version="1")["components"]["schemas"]["Card"]
    assert card["required"] == ["number", "holder"]


def test_shapes_without_json_twin_keep_their_rules():
    node = sample()["components"]["schemas"]["CrmV1ContactsNode"]
    good = {
        "name": "a",
        "children": [{"name": "b"}],
        "parent": None,
        "place": [1, 2],
        "labels": ["x"],
        "mode": 7,
    }
    assert accepts(node, good)
    for bad in (
        {"place": [1]},
        {"place": [1, 2, 3]},
        {"labels": list("abcdef")},
        {"labels": ["x", "x"]},
        {"mode": "b"},
        {"size": 4},
        {"colour": "green"},
        {"children": [{}]},
        {"by_name": {"x": 1}},
    ):
        assert not accepts(node, good | bad), bad


def test_one_name_for_two_things_bears_the_contracts_name_and_equal_things_are_shared():
    schemas = sample()["components"]["schemas"]
    assert {"CrmV1ContactsNode", "CrmV1OrdersNode", "Card"} <= set(schemas)
    assert "Node" not in schemas


def test_services_of_one_name_get_distinct_tags_and_operation_ids():
    method = MethodDescription("ask", "Ask", (), Scalar("null"), "public", "POST", "/v1/ask")
    other = msgspec.structs.replace(method, path="/v2/ask")
    document = openapi(
        [
            ContractDescription("A", "x.v1", "", (method,)),
            ContractDescription("A", "x.v2", "", (other,)),
        ],
        title="t",
        version="1",
    )
    assert [tag["name"] for tag in document["tags"]] == ["XV1A", "XV2A"]
    assert document["paths"]["/v2/ask"]["post"]["operationId"] == "XV2A_ask"


def test_two_methods_on_one_route_are_refused_by_name():
    method = MethodDescription("ask", "Ask", (), Scalar("null"), "public", "POST", "/v1/ask")
    with pytest.raises(ValueError, match=r"POST /v1/ask is answered by A_ask and by B_ask"):
        openapi(
            [
                ContractDescription("A", "x.v1", "", (method,)),
                ContractDescription("B", "x.v1", "", (method,)),
            ],
            title="t",
            version="1",
        )


def test_a_type_called_like_a_general_schema_gives_way():
    method = MethodDescription(
        "ask", "Ask", (), Ref("Problem"), "public", "POST", "/ask", errors=("x",)
    )
    contract = ContractDescription(
        "A",
        "x.v1",
        "",
        (method,),
        (TypeDescription("Problem", (FieldDescription("own", Scalar("string")),)),),
        (ErrorDescription("x", "internal", 500, "X"),),
    )
    document = openapi([contract], title="t", version="1")
    assert "own" in document["components"]["schemas"]["Problem_"]["properties"]
    assert "code" in document["components"]["schemas"]["Problem"]["properties"]
    validate(document, cls=OpenAPIV31SpecValidator)


def test_hostile_documentation_survives_as_it_is():
    assert HOSTILE in json.loads(json.dumps(sample()))["tags"][0]["description"]


def test_integers_without_bounds_are_64_bit_and_rounded_bounds_stay_inside():
    assert scalar_schema(Scalar("integer"))["minimum"] == -(2**63)
    assert scalar_schema(Scalar("integer", maximum=float(2**63 - 1)))["maximum"] == 2**63 - 1
    assert "minimum" not in scalar_schema(Scalar("integer", exclusive_minimum=0))


def test_python_patterns_become_ecma_patterns():
    schema = scalar_schema(Scalar("string", pattern=r"\A(?P<word>[a-z]+)\Z"))
    assert schema["pattern"] == "^(?<word>[a-z]+)$"


def test_limits_of_bytes_are_limits_of_their_base64():
    assert scalar_schema(Scalar("bytes", min_length=1, max_length=4)) | {"pattern": ""} == {
        "type": "string",
        "contentEncoding": "base64",
        "minLength": 4,
        "maxLength": 8,
        "pattern": "",
    }


TYPES = {
    "bytes": bytes,
    "time": datetime.time,
    "duration": datetime.timedelta,
    "decimal": decimal.Decimal,
    "uuid": uuid.UUID,
    "date": datetime.date,
    "datetime": datetime.datetime,
}


@pytest.mark.parametrize("name", ["bytes", "time", "duration", "decimal"])
@given(data=st.data())
def test_what_the_pattern_of_a_scalar_allows_the_decoder_takes(name, data):
    text = data.draw(st.from_regex(scalar_schema(Scalar(name))["pattern"].replace("$", r"\Z")))
    assert msgspec.json.decode(msgspec.json.encode(text), type=TYPES[name]) is not None


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("bytes", st.binary(max_size=50)),
        ("time", st.times()),
        (
            "duration",
            st.timedeltas(datetime.timedelta(-99_999_999), datetime.timedelta(99_999_999)),
        ),
        ("decimal", st.decimals(allow_nan=False, allow_infinity=False)),
        ("uuid", st.uuids()),
        ("date", st.dates()),
        ("datetime", st.datetimes(timezones=st.just(datetime.UTC))),
    ],
)
@given(data=st.data())
def test_what_the_encoder_writes_satisfies_the_schema(name, values, data):
    written = json.loads(msgspec.json.encode(data.draw(values)))
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(scalar_schema(Scalar(name)), format_checker=checker).validate(
        written
    )


def test_a_null_in_a_query_is_left_out():
    near = next(
        p for p in operation("/crm/v1/contacts", "get")["parameters"] if p["name"] == "near"
    )
    assert "null" not in json.dumps(near)


def test_what_a_fault_of_ours_holds_is_not_promised_outside():
    fields = (FieldDescription("secret", Scalar("string")),)
    error = ErrorDescription("broken", "internal", 500, "Broken", fields=fields)
    method = MethodDescription(
        "a", "A", (), Scalar("null"), "public", "POST", "/a", errors=("broken",)
    )
    contract = ContractDescription("C", "c.v1", "", (method,), errors=(error,))
    assert "secret" not in json.dumps(openapi([contract], title="t", version="1"))
