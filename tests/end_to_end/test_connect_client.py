"""Clients that others wrote, made from our `.proto`: Connect for ECMAScript, and protobuf's own JSON."""

from __future__ import annotations

import asyncio
import datetime
import enum
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse import PUBLIC, SIGNED_IN, Host, HostConfig, Length, Range, Service, Struct, rpc
from hanse.runtime.errors import FailedPrecondition
from hanse.runtime.publish.proto import proto
from hanse.runtime.publish.proto_lock import ProtoLock, update_lock

SCRIPT = Path(__file__).parents[1] / "node" / "connect.mjs"
ODD = 2**53 + 1


class Colour(enum.Enum):
    RED = "red"
    DEEP_BLUE = "deep blue"


class Card(Struct, frozen=True, tag="card"):
    number: str
    digits: int


class Cash(Struct, frozen=True, tag="cash"):
    coins: tuple[int, ...]


class Sale(Struct, frozen=True):
    amount: int
    balance: int = 0
    few: Annotated[int, Range(1, 100)] = 1
    rate: float = 0.0
    paid: bool = False
    blob: bytes = b""
    at: datetime.datetime | None = None
    colour: Colour = Colour.RED
    numbers: tuple[int, ...] = ()
    named: Mapping[str, int] = {}
    way: Card | Cash | None = None


class Booked(Struct, frozen=True):
    """What arrived, and its integers as text too, which no client can round."""

    sale: Sale
    digits: tuple[str, ...]
    tags: tuple[str, ...]
    note: str | None


class Found(Struct, frozen=True):
    digits: str
    word: str


class Text(Struct, frozen=True):
    text: str


class TillEmpty(FailedPrecondition):
    """There is nothing to give back."""

    code = "till_empty"


class Till(Service):
    """Takes money of every type."""

    @rpc("POST /till/v1/sales", allow=PUBLIC, errors=(TillEmpty,))
    async def book(self, sale: Sale, tags: tuple[str, ...], note: str | None) -> Booked:
        if sale.few == 99:
            raise TillEmpty("There is no change.")
        way = (sale.way.digits,) if isinstance(sale.way, Card) else ()
        sent = (sale.amount, sale.balance, *sale.numbers, *sale.named.values(), *way)
        return Booked(sale, tuple(map(str, sent)), tags, note)

    @rpc("GET /till/v1/sales", allow=PUBLIC)
    async def find(self, number: int, word: Annotated[str, Length(0, 100)] = "") -> Found:
        return Found(str(number), word)

    @rpc("GET /till/v1/large", allow=PUBLIC)
    async def large(self, kilobytes: int) -> Text:
        return Text("x" * 1024 * kilobytes)

    @rpc("GET /till/v1/mine", allow=SIGNED_IN)
    async def mine(self) -> Text:
        return Text("mine")

    @rpc("POST /till/v1/counts", allow=PUBLIC)
    async def count(self) -> int:
        return 7

    @rpc("POST /till/v1/waits", allow=PUBLIC)
    async def wait(self) -> None:
        await asyncio.Event().wait()


@pytest.fixture
async def host():
    async with Host([Till], HostConfig()) as host:
        yield host


@pytest.fixture
def descriptors(host, tmp_path) -> Path:
    """Our `.proto`, read by the real compiler."""
    described = host.describe()
    (tmp_path / "till.proto").write_text(proto(described[0], update_lock(ProtoLock(), described)))
    command = ["-m", "grpc_tools.protoc", f"-I{tmp_path}", "--include_imports",
               f"--descriptor_set_out={tmp_path / 'set.pb'}", "till.proto"]  # fmt: skip
    subprocess.run([sys.executable, *command], check=True)
    return tmp_path / "set.pb"


# Connect for ECMAScript


@pytest.fixture
async def understood(host, descriptors, node):
    """What the client printed: all that it sent is in the script."""
    program = await asyncio.create_subprocess_exec(
        node, str(SCRIPT), host.url, str(descriptors),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, complaints = await asyncio.wait_for(program.communicate(), 60)
    assert program.returncode == 0, complaints.decode()
    return json.loads(out)


async def test_a_foreign_client_calls_and_understands(understood):
    # every type arrives whole, an integer beyond 2**53 too, and what it left out is empty
    booked = understood["booked"]
    assert booked["digits"] == [str(ODD), str(-(2**63)), "1", str(ODD), str(ODD), "4"]
    assert booked["tags"] == []
    assert "note" not in booked
    sale = booked["sale"]
    assert (sale["few"], sale["rate"], sale["paid"], sale["colour"]) == (3, 0.5, True, "deep blue")
    assert (sale["way"]["type"], sale["way"]["digits"], sale["numbers"][0]) == ("card", "4", "1")
    assert understood["instant"] == "2030-01-31T12:00:00.123Z"
    assert understood["bytes"] == [251, 255]
    assert understood["empty"]["digits"] == ["0", "0"]

    # what has no side effects goes by GET where the client likes that, and nothing else does
    assert understood["posted"] | {"tagged": True} == understood["got"] | {"word": ""}
    assert (understood["posted"]["tagged"], understood["got"]["tagged"]) == (False, True)
    assert understood["got"]["digits"] == str(ODD)
    assert understood["got"]["word"] == "a+b &=%é/?#"
    assert understood["largeByGet"] == 40 * 1024
    assert (understood["sideEffectByGet"]["value"], understood["sideEffectByGet"]["tagged"]) == (
        "7",
        False,
    )

    # and errors have their codes
    codes = {name: one["code"] for name, one in understood.items() if "code" in str(one)}
    assert codes == {
        "declared": "FailedPrecondition", "broken": "InvalidArgument",
        "brokenByGet": "InvalidArgument", "notSignedIn": "Unauthenticated",
        "tooLate": "DeadlineExceeded", "compressed": "Unimplemented",
        "binary": "Unknown", "binaryByGet": "Unknown",
    }  # fmt: skip
    assert understood["declared"]["rawMessage"] == "There is no change."
    assert understood["declared"]["details"] == [["hanse.v1.Error", "till_empty"]]
    assert "identity" in understood["compressed"]["rawMessage"]
    assert "sale.few" in understood["broken"]["rawMessage"]


# protobuf's own JSON

INT64 = st.integers(-(2**63), 2**63 - 1)
MOMENT = st.datetimes(datetime.datetime(1000, 1, 1), datetime.datetime(9000, 1, 1))
WAYS = st.one_of(
    st.builds(
        lambda text, whole: {"type": "card", "number": text, "digits": whole}, st.text(), INT64
    ),
    st.builds(lambda coins: {"type": "cash", "coins": coins}, st.lists(INT64)),
)
SALES = st.fixed_dictionaries(
    {"amount": INT64},
    optional={
        "balance": INT64, "few": st.integers(1, 98), "paid": st.booleans(),
        "rate": st.floats(allow_nan=False, allow_infinity=False), "blob": st.binary(),
        "at": MOMENT, "colour": st.sampled_from([one.value for one in Colour]),
        "numbers": st.lists(INT64), "named": st.dictionaries(st.text(), INT64), "way": WAYS,
    },
)  # fmt: skip
REQUESTS = st.fixed_dictionaries(
    {"sale": SALES}, optional={"tags": st.lists(st.text()), "note": st.text()}
)


@pytest.fixture
def messages(descriptors):
    """Makes empty messages by name."""
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors.read_bytes()).file:
        pool.Add(file)
    return lambda name: message_factory.GetMessageClass(
        pool.FindMessageTypeByName(f"till.v1.{name}")
    )()


async def test_what_protobuf_writes_is_read_and_what_we_answer_it_reads(host, messages):
    address = f"{host.url}/till.v1.Till/Book"
    loop = asyncio.get_running_loop()

    async def ask(body: str) -> str:
        headers = {"content-type": "application/json"}
        answer = await client.post(address, content=body.encode(), headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.text

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(REQUESTS)
    def check(asked: dict) -> None:
        request = filled(messages("BookRequest"), asked)
        written = json_format.MessageToJson(request)
        future = asyncio.run_coroutine_threadsafe(ask(written), loop)
        answer = json_format.Parse(future.result(10), messages("BookResponse"))
        for field, value in request.sale.ListFields():
            assert getattr(answer.sale, field.name) == value
        assert list(answer.tags) == list(request.tags)
        assert answer.note == request.note
        assert answer.digits[0] == str(request.sale.amount)

    async with httpx.AsyncClient() as client:
        await asyncio.to_thread(check)


def filled(message, values: dict):
    """A message with plain values in its fields."""
    for name, value in values.items():
        field = getattr(message, name)
        if isinstance(value, datetime.datetime):
            field.FromDatetime(value)
        elif name == "named":
            field.update(value)
        elif isinstance(value, dict):
            field.SetInParent()
            filled(field, value)
        elif isinstance(value, list):
            field.extend(value)
        else:
            setattr(message, name, value)
    return message
