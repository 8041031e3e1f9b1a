"""The protobuf text compiles, keeps its numbers for ever, and its JSON is the contract's JSON."""

import copy
import json
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.contract.description import (
    ContractDescription,
    FieldDescription,
    MethodDescription,
    Ref,
    Scalar,
    TypeDescription,
)
from hanse.runtime.publish.proto import proto
from hanse.runtime.publish.proto_lock import (
    LockError,
    MessageLock,
    ProtoLock,
    read_lock,
    update_lock,
    write_lock,
)
from hanse.runtime.publish.tests.sample import CONTACTS, ORDERS

TEXT = Scalar("string")


def compiled(tmp_path, contracts, lock):
    """A pool with the well-known types and the contracts' files, made by the real compiler."""
    for contract in contracts:
        (tmp_path / f"{contract.name}.proto").write_text(proto(contract, lock), "utf-8")
    out = tmp_path / "set.pb"
    command = [
        sys.executable,
        "-m",
        "grpc_tools.protoc",
        f"-I{tmp_path}",
        f"--descriptor_set_out={out}",
        "--include_imports",
    ]
    done = subprocess.run(
        [*command, *(f"{c.name}.proto" for c in contracts)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file:
        pool.Add(file)
    return pool


def new_message(pool, name):
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))()


def contract_of(*fields, doc=""):
    method = MethodDescription("ask", "Ask", tuple(fields), Scalar("null"), "public")
    return ContractDescription("Asker", "ask.v1", doc, (method,))


def numbers(lock, key="AskRequest", contract="ask.v1.Asker"):
    return lock.contracts[contract][key].fields


def f(name, shape=TEXT):
    return FieldDescription(name, shape)


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    lock = update_lock(ProtoLock(), [CONTACTS, ORDERS])
    return compiled(tmp_path_factory.mktemp("proto"), [CONTACTS, ORDERS], lock)


def test_two_contracts_of_one_package_compile_together(pool):
    service = pool.FindServiceByName("crm.v1.Contacts")
    merge = service.methods_by_name["MergeContacts"]
    assert merge.input_type.full_name == "crm.v1.MergeContactsRequest"
    assert merge.output_type.full_name == "crm.v1.MergeContactsResponse"
    assert service.methods_by_name["Watch"].server_streaming
    assert (
        pool.FindServiceByName("crm.v1.Orders").methods_by_name["Pay"].input_type.name
        == "OrdersPayRequest"
    )


def test_what_a_repeat_does_is_said_as_protobuf_says_it(tmp_path):
    """A client may call by GET what says NO_SIDE_EFFECTS, and nothing else."""
    kinds = {"find": "GET", "put": "PUT", "remove": "DELETE", "add": "POST", "internal": None}
    safe = {verb for verb in kinds.values() if verb in {"GET", "PUT", "DELETE"}}
    methods = [
        MethodDescription(
            name,
            name.capitalize(),
            (),
            Scalar("null"),
            "public",
            verb=verb,
            idempotent=verb in safe,
        )
        for name, verb in kinds.items()
    ]
    methods.append(
        msgspec.structs.replace(methods[0], name="next", rpc_name="Next", idempotent=False)
    )
    methods.append(
        msgspec.structs.replace(methods[3], name="again", rpc_name="Again", idempotent=True)
    )
    contract = ContractDescription("Asker", "ask.v1", "", tuple(methods))
    pool = compiled(tmp_path, [contract], update_lock(ProtoLock(), [contract]))
    levels = {
        method.name: method.GetOptions().IdempotencyLevel.Name(
            method.GetOptions().idempotency_level
        )
        for method in pool.FindServiceByName("ask.v1.Asker").methods
    }
    assert levels == {
        "Find": "NO_SIDE_EFFECTS", "Put": "IDEMPOTENT", "Remove": "IDEMPOTENT", "Again": "IDEMPOTENT",
        "Add": "IDEMPOTENCY_UNKNOWN", "Internal": "IDEMPOTENCY_UNKNOWN", "Next": "IDEMPOTENCY_UNKNOWN",
    }  # fmt: skip


def test_every_single_field_is_optional_and_named_as_on_the_wire(pool):
    scalars = pool.FindMessageTypeByName("crm.v1.Scalars")
    assert all(field.has_presence for field in scalars.fields)
    assert [field.json_name for field in scalars.fields] == [field.name for field in scalars.fields]
    payment = pool.FindMessageTypeByName("crm.v1.Payment_Money")
    assert payment.fields_by_name["odd_name"].json_name == "odd-name"


def test_integers_are_32_bit_only_where_they_fit(pool):
    scalars = pool.FindMessageTypeByName("crm.v1.Scalars").fields_by_name
    assert scalars["count"].type == scalars["count"].TYPE_INT32
    assert scalars["whole"].type == scalars["whole"].TYPE_INT64


SCALARS = {
    "text": "abc",
    "whole": 2**53 + 1,
    "count": 3,
    "share": 0.5,
    "flag": False,
    "blob": "aGk=",
    "at": "2030-01-31T12:00:00Z",
    "day": "2030-01-31",
    "hour": "12:00:00",
    "took": "PT1H",
    "id": "123e4567-e89b-42d3-a456-426614174000",
    "price": "1.10",
    "extra": {"any": [1, None, "x"]},
}
NODE = {
    "name": "root",
    "children": [{"name": "leaf"}],
    "parent": {"name": "up"},
    "by_name": {"k": {"name": "v"}},
    "labels": ["a"],
    "place": [1, 2.5],
    "grid": [[1, 2], [3]],
    "gaps": ["a", None],
    "colour": "deep blue",
    "size": 2,
    "mode": 7,
    "odd": "text",
}
CARD = {"kind": "card", "number": "1", "holder": "A"}
TRANSFER = {"kind": "transfer", "iban": "X", "holder": "A"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Scalars", SCALARS),
        ("EchoRequest", {"scalars": SCALARS}),
        ("Node", NODE),
        ("WatchResponse", NODE),
        ("Payment_Money", {"way": CARD, "spare": TRANSFER, "class": "x", "odd-name": "y"}),
        ("PayResponse", CARD),
        ("PayResponse", TRANSFER),
        ("FindResponse", {"value": [NODE, {"name": "x"}]}),
        ("CountResponse", {"value": 7}),
        ("DeleteResponse", {}),
        ("FindRequest", {"word": "w", "tags": ["t"], "limit": 3, "near": 2.5, "deep": True}),
    ],
)
def test_our_json_survives_protobuf(pool, name, value):
    message = json_format.Parse(json.dumps(value), new_message(pool, f"crm.v1.{name}"))
    assert int64_as_numbers(json.loads(json_format.MessageToJson(message)), value) == value


def int64_as_numbers(written, like):
    """Protobuf writes int64 as text, as the comments say; everything else must be equal."""
    if isinstance(like, dict):
        return {key: int64_as_numbers(item, like.get(key)) for key, item in written.items()}
    if isinstance(like, list):
        return [int64_as_numbers(*pair) for pair in zip(written, like, strict=True)]
    return int(written) if isinstance(like, int) and isinstance(written, str) else written


def test_json_with_proto_field_names_is_the_same_where_wire_names_are_identifiers(pool):
    message = json_format.ParseDict(NODE, new_message(pool, "crm.v1.Node"))
    assert json_format.MessageToDict(message, preserving_proto_field_name=True) == NODE


def test_what_protobuf_writes_decodes_into_our_structs(pool):
    message = json_format.ParseDict({"scalars": SCALARS}, new_message(pool, "crm.v1.EchoRequest"))
    kinds = {"whole": int, "count": int, "share": float, "flag": bool, "blob": bytes, "extra": Any}
    scalars = msgspec.defstruct("Scalars", [(name, kinds.get(name, str)) for name in SCALARS])
    request = msgspec.defstruct("Request", [("scalars", scalars)], forbid_unknown_fields=True)
    read = msgspec.json.decode(json_format.MessageToJson(message), type=request, strict=False)
    assert read.scalars.whole == 2**53 + 1
    assert read.scalars.blob == b"hi"


def test_hostile_documentation_and_keywords_compile(tmp_path):
    words = "message optional repeated reserved package syntax import map string int64 service rpc"
    contract = contract_of(
        *(f(word) for word in words.split()), doc='*/ // \\\n"; }\r\nmessage Evil {'
    )
    pool = compiled(tmp_path, [contract], update_lock(ProtoLock(), [contract]))
    assert len(pool.FindMessageTypeByName("ask.v1.AskRequest").fields) == len(words.split())
    with pytest.raises(KeyError):
        pool.FindMessageTypeByName("ask.v1.Evil")


def test_a_struct_called_like_a_made_message_gives_way(tmp_path):
    contract = ContractDescription(
        "Asker",
        "ask.v1",
        "",
        (MethodDescription("ask", "Ask", (f("x", Ref("AskRequest")),), Ref("Asker"), "public"),),
        (TypeDescription("AskRequest", (f("a"),)), TypeDescription("Asker", (f("b"),))),
    )
    pool = compiled(tmp_path, [contract], update_lock(ProtoLock(), [contract]))
    asked = pool.FindMessageTypeByName("ask.v1.AskRequest").fields_by_name["x"].message_type
    assert asked.name == "AskRequestType"


def test_removed_fields_are_reserved_and_their_numbers_never_come_back(tmp_path):
    lock = update_lock(ProtoLock(), [contract_of(f("a"), f("b"), f("c"))])
    without = contract_of(f("a"), f("c"))
    lock = update_lock(lock, [without])
    assert numbers(lock) == {"a": 1, "c": 3}
    assert 'reserved 2;\n  reserved "b";' in proto(without, lock)
    compiled(tmp_path, [without], lock)

    back = contract_of(f("b"), f("a"), f("c"))
    lock = update_lock(lock, [back])
    assert numbers(lock) == {"a": 1, "c": 3, "b": 4}
    assert lock.contracts["ask.v1.Asker"]["AskRequest"].reserved_numbers == (2,)
    compiled(tmp_path, [back], lock)


def test_the_last_number_is_not_given_again_either():
    lock = update_lock(ProtoLock(), [contract_of(f("a"), f("b"))])
    lock = update_lock(lock, [contract_of(f("a"))])
    assert numbers(update_lock(lock, [contract_of(f("a"), f("z"))])) == {"a": 1, "z": 3}


def test_protobufs_own_range_is_left_out():
    entry = MessageLock("AskRequest", {"a": 18_999})
    lock = ProtoLock({"ask.v1.Asker": {"AskRequest": entry}})
    assert numbers(update_lock(lock, [contract_of(f("a"), f("b"))]))["b"] == 20_000


def test_a_message_that_vanishes_keeps_its_numbers():
    lock = update_lock(ProtoLock(), [CONTACTS, ORDERS])
    assert update_lock(update_lock(lock, [ORDERS]), [CONTACTS, ORDERS]) == lock


NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(st.lists(NAMES, max_size=8))
def test_whatever_happens_no_number_ever_means_two_fields(history):
    lock, meant = ProtoLock(), {}
    for names in history:
        before = {name: meant[name][-1] for name in meant}
        lock = update_lock(lock, [contract_of(*(f(name) for name in names))])
        now = numbers(lock)
        assert set(now) == set(names)
        assert update_lock(lock, [contract_of(*(f(name) for name in names))]) == lock
        for name, number in now.items():
            users = {other for other, given_numbers in meant.items() if number in given_numbers}
            assert users <= {name}
            if name not in before or before[name] != number:
                meant.setdefault(name, []).append(number)


def test_the_lock_is_the_same_text_for_any_order_and_reads_back():
    lock = update_lock(ProtoLock(), [CONTACTS, ORDERS])
    assert write_lock(lock) == write_lock(update_lock(ProtoLock(), [ORDERS, CONTACTS]))
    assert read_lock(write_lock(lock)) == lock


def test_updating_leaves_the_old_lock_alone():
    lock = update_lock(ProtoLock(), [contract_of(f("a"))])
    before = copy.deepcopy(lock)
    update_lock(lock, [contract_of(f("b"))])
    assert lock == before


def test_a_field_without_number_is_an_error_that_says_what_to_run():
    lock = update_lock(ProtoLock(), [contract_of(f("a"))])
    with pytest.raises(
        LockError, match=r"'b' of AskRequest, ask\.v1\.Asker.*`hanse contracts lock`"
    ):
        proto(contract_of(f("a"), f("b")), lock)
    with pytest.raises(LockError, match="lacks message AskRequest.*`hanse contracts lock`"):
        proto(contract_of(), ProtoLock())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read"),
        ('{"contracts": {}, "more": 1}', "more"),
        (
            '{"contracts": {"a": {"M": {"name": "M", "fields": {"x": 1, "y": 1}}}}}',
            "one number twice in a, message M",
        ),
        (
            '{"contracts":{"a":{"M":{"name":"M","fields":{"x":1},"reserved_numbers":[1]}}}}',
            "one number twice",
        ),
    ],
)
def test_a_damaged_lock_is_refused_with_its_place(text, said):
    with pytest.raises(LockError, match=said):
        read_lock(text)
