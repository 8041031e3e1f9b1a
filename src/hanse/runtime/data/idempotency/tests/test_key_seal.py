"""What is kept of a key tells nobody of the key, the request or the answer."""

import base64
import hashlib

import pytest

from hanse import PUBLIC, FailedPrecondition, Principal, Service, rpc
from hanse.runtime.data.database import Database
from hanse.runtime.data.idempotency.key_seal import KeySeal
from hanse.runtime.data.personal.keyring import Keyring
from hanse.runtime.data.personal.subject_key import BrokenSeal
from hanse.testing import World

KEY, NAME, SAID, WHO = "key-5f0c3a52", "marker-ada", "marker-refusal", "marker-member"


class Refused(FailedPrecondition):
    """It is refused, and what was said is said again."""

    code = "refused"


class Greeter(Service):
    """Greets, or refuses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @rpc("POST /greeter/v1/greetings", allow=PUBLIC, errors=(Refused,))
    async def greet(self, name: str) -> str:
        if name == "nobody":
            raise Refused(SAID)
        return f"Hello {name}"


def spellings(text):
    plain = text.encode()
    yield plain
    yield plain.hex().encode()
    yield base64.b64encode(plain)[:-4]
    yield base64.urlsafe_b64encode(plain)[:-4]
    yield hashlib.sha256(plain).hexdigest().encode()


async def test_no_row_holds_the_key_the_request_the_answer_or_who_asked():
    async with World(Greeter) as world:
        client = world.http(Principal("member", WHO))
        for name in (NAME, "nobody"):
            head = {"idempotency-key": f"{KEY} {name}".replace(" ", "-")}
            answers = [
                await client.post("/greeter/v1/greetings", {"name": name}, head) for _ in range(2)
            ]
            assert answers[0].status == answers[1].status
            assert answers[1].headers["idempotent-replayed"] == "true"
        rows = await world.database.fetch("select t::text as row, answer from hanse.idempotency t")
        assert len(rows) == 2
        kept = b"".join(row["row"].encode() + bytes(row["answer"]) for row in rows)
        found = [
            one
            for text in (KEY, NAME, SAID, WHO, "Hello")
            for one in spellings(text)
            if one in kept or one.hex().encode() in kept
        ]
        assert found == []
        body_digest = hashlib.sha256(f'{{"name":"{NAME}"}}'.encode())
        assert body_digest.hexdigest().encode() not in kept
        assert b"greeter.v1.Greeter" in kept  # so that what is looked for could be found


@pytest.fixture
def ring(tmp_path):
    return Keyring.make(tmp_path / "keys")


OWNER = ("acme", "member:ada", "greeter.v1.Greeter/Greet", KEY)


@pytest.mark.parametrize("at", range(4))
def test_the_key_of_somebody_else_has_another_name_digest_and_seal(ring, at):
    mine = KeySeal(ring, *OWNER)
    other = KeySeal(ring, *(one if i != at else f"{one}2" for i, one in enumerate(OWNER)))
    assert mine.name != other.name
    assert mine.digest(b"{}") != other.digest(b"{}")
    with pytest.raises(BrokenSeal):
        other.open(mine.seal(b"text", failed=False), failed=False)


def test_what_belongs_together_is_not_parted_elsewhere(ring):
    assert KeySeal(ring, "a", "bc", "d", "e").name != KeySeal(ring, "ab", "c", "d", "e").name


def test_another_ring_opens_nothing(ring, tmp_path):
    sealed = KeySeal(ring, *OWNER).seal(b"text", failed=True)
    other = KeySeal(Keyring.make(tmp_path / "other"), *OWNER)
    assert other.name != KeySeal(ring, *OWNER).name
    with pytest.raises(BrokenSeal):
        other.open(sealed, failed=True)


def test_an_error_is_never_read_as_an_answer(ring):
    seal = KeySeal(ring, *OWNER)
    with pytest.raises(BrokenSeal):
        seal.open(seal.seal(b"text", failed=True), failed=False)
    assert seal.open(seal.seal(b"text", failed=True), failed=True) == b"text"
