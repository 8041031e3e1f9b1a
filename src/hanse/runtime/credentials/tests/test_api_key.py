"""API keys: minted, misspelled, guessed, revoked, expired."""

import asyncio
import binascii
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.config.secret import Secret
from hanse.runtime.credentials.api_key import (
    LOOKUPS_MAX,
    ApiKeyVerifier,
    KeyMint,
    StaticApiKeys,
    StoredKey,
    public_id,
)
from hanse.runtime.credentials.refused import Refused
from hanse.runtime.errors import ResourceExhausted
from hanse.runtime.identity.principal import VISITOR, Principal

NOW = 1_800_000_000.0
APP = Principal("app", "a-1", frozenset({"crm.contacts.read"}))
PEPPER = Secret("a pepper of at least sixteen characters")
MINT = KeyMint(PEPPER)


class CountingKeys:
    """A store that can be asked how often it was asked, and be made to wait."""

    def __init__(self, *keys):
        self.keys = {key.id: key for key in keys}
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def find(self, key_id):
        self.asked += 1
        await self.gate.wait()
        return self.keys.get(key_id)


async def reason_of(verifier, plain):
    try:
        await verifier.verify(plain)
    except Refused as refusal:
        assert plain not in refusal.detail or not plain
        return refusal.reason
    return "counts"


async def test_a_minted_key_stands_for_its_principal(clock):
    plain, stored = MINT.mint(APP, site="acme", expires_at=NOW + 60)
    verified = await ApiKeyVerifier(StaticApiKeys([stored]), MINT, clock).verify(plain)
    assert verified.principal == APP
    assert (verified.site, verified.token_id, verified.expires_at) == ("acme", stored.id, NOW + 60)


def test_the_key_has_its_form_and_what_is_stored_does_not_contain_it():
    plain, stored = MINT.mint(APP)
    prefix, key_id, secret = plain.split("_")
    assert (prefix, key_id) == ("hk", stored.id)
    assert len(key_id) == 12
    assert len(secret) == 43 + 6
    assert set(key_id + secret) <= set(string.ascii_letters + string.digits)
    assert secret not in msgspec.json.encode(stored).decode()
    assert len(stored.hash) == 64


def test_a_key_is_as_long_whatever_chance_gives():
    for byte in (b"\x00", b"\xff"):
        plain, _ = KeyMint(PEPPER, lambda size, byte=byte: byte * size).mint(APP)
        assert len(plain) == 65
        assert public_id(plain) is not None


@given(st.integers(0, 64), st.sampled_from(string.ascii_letters + string.digits + "_"))
def test_one_wrong_character_is_found_without_the_store(place, character):
    plain, _ = KeyMint(PEPPER, lambda size: bytes(range(size))).mint(APP)
    wrong = plain[:place] + character + plain[place + 1 :]
    assert (public_id(wrong) is not None) == (wrong == plain)


@given(st.text(max_size=80))
def test_any_text_is_refused_without_the_store(text):
    assert public_id("hk_" + text) is None


@pytest.mark.parametrize(
    "change", [lambda p: "zz" + p[2:], lambda p: p[:3] + p[4:], lambda p: p.replace("_", "-")]
)
def test_a_right_checksum_does_not_make_up_for_a_wrong_form(change):
    plain, _ = MINT.mint(APP)
    body = change(plain[:-6])
    rest, digits = binascii.crc32(body.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits = (string.digits + string.ascii_uppercase + string.ascii_lowercase)[digit] + digits
    assert public_id(body + digits) is None


class Unreadable(str):
    """A text that may be measured and not be read."""

    __slots__ = ()

    def encode(self, encoding="utf-8", errors="strict"):
        raise AssertionError("read before its length was looked at")


def test_a_key_of_another_length_or_alphabet_is_not_even_hashed(clock):
    verifier = ApiKeyVerifier(StaticApiKeys([]), MINT, clock)
    assert verifier.cached(Unreadable("hk_" + "a" * 63)) is None
    assert verifier.cached(Unreadable("hk_é")) is None


async def test_a_misspelled_key_does_not_reach_the_store(clock):
    plain, stored = MINT.mint(APP)
    keys = CountingKeys(stored)
    assert await reason_of(ApiKeyVerifier(keys, MINT, clock), plain[:-1] + "!") == "malformed"
    assert await reason_of(ApiKeyVerifier(keys, MINT, clock), plain + "\n") == "malformed"
    assert keys.asked == 0


async def test_keys_that_do_not_count(clock):
    (good, stored), (guessed, _) = MINT.mint(APP), MINT.mint(APP)
    (late, expired), (nobody, visitor) = MINT.mint(APP, expires_at=NOW), MINT.mint(VISITOR)
    same_id = KeyMint(PEPPER, lambda size: b"\x01" * size)
    twin, _ = same_id.mint(APP)
    other_secret = KeyMint(PEPPER, lambda size: b"\x01" * size if size < 32 else b"\x02" * size)
    _, twin_stored = other_secret.mint(APP)
    assert twin_stored.id == public_id(twin)
    withdrawn = msgspec.structs.replace(stored, revoked=True)
    stolen_table = ApiKeyVerifier(
        StaticApiKeys([stored]), KeyMint(Secret("another pepper, long enough")), clock
    )
    verifier = ApiKeyVerifier(StaticApiKeys([expired, visitor, twin_stored]), MINT, clock)
    assert await reason_of(verifier, guessed) == "unknown"
    assert await reason_of(verifier, twin) == "unknown"
    assert await reason_of(verifier, late) == "expired"
    assert await reason_of(verifier, nobody) == "kind"
    assert await reason_of(ApiKeyVerifier(StaticApiKeys([withdrawn]), MINT, clock), good) == (
        "revoked"
    )
    assert await reason_of(stolen_table, good) == "unknown"


async def test_an_empty_hash_in_the_store_opens_nothing(clock):
    plain, stored = MINT.mint(APP)
    planted = msgspec.structs.replace(stored, hash="")
    assert await reason_of(ApiKeyVerifier(StaticApiKeys([planted]), MINT, clock), plain) == (
        "unknown"
    )


async def test_the_store_is_asked_once_a_minute(clock):
    plain, stored = MINT.mint(APP)
    keys = CountingKeys(stored)
    verifier = ApiKeyVerifier(keys, MINT, clock)
    assert verifier.cached(plain) is None
    for _ in range(3):
        await verifier.verify(plain)
    assert verifier.cached(plain) is not None
    assert keys.asked == 1
    clock.seconds += 60
    assert verifier.cached(plain) is None
    keys.keys.clear()
    assert await reason_of(verifier, plain) == "unknown"
    assert await reason_of(verifier, plain) == "unknown"
    assert keys.asked == 2


async def test_a_key_that_was_not_known_is_asked_for_again_after_a_moment(clock):
    plain, stored = MINT.mint(APP)
    keys = CountingKeys()
    verifier = ApiKeyVerifier(keys, MINT, clock)
    assert await reason_of(verifier, plain) == "unknown"
    keys.keys[stored.id] = stored
    clock.seconds += 9
    assert await reason_of(verifier, plain) == "unknown"
    assert keys.asked == 1
    clock.seconds += 1
    assert await reason_of(verifier, plain) == "counts"


async def test_a_cached_key_ends_when_it_expires(clock):
    plain, stored = MINT.mint(APP, expires_at=NOW + 10)
    verifier = ApiKeyVerifier(StaticApiKeys([stored]), MINT, clock)
    await verifier.verify(plain)
    clock.seconds += 10
    assert verifier.cached(plain) is None
    assert await reason_of(verifier, plain) == "expired"


async def test_a_revoked_key_is_refused_at_once(clock):
    (first, one), (second, two) = MINT.mint(APP), MINT.mint(Principal("app", "a-2"))
    verifier = ApiKeyVerifier(StaticApiKeys([one, two]), MINT, clock)
    await verifier.verify(first)
    await verifier.verify(second)
    verifier.revoke_token(one.id, until=NOW + 600)
    assert verifier.cached(first) is None
    assert verifier.cached(second) is not None
    assert await reason_of(verifier, first) == "revoked"
    verifier.revoke_principal("a-2", until=NOW + 600)
    assert await reason_of(verifier, second) == "revoked"


async def test_a_flood_of_made_up_keys_is_turned_away(clock):
    keys = CountingKeys()
    keys.gate.clear()
    verifier = ApiKeyVerifier(keys, MINT, clock)
    flood = [
        asyncio.ensure_future(verifier.verify(MINT.mint(APP)[0])) for _ in range(LOOKUPS_MAX + 5)
    ]
    await asyncio.sleep(0)
    assert keys.asked == LOOKUPS_MAX
    keys.gate.set()
    results = await asyncio.gather(*flood, return_exceptions=True)
    assert sum(isinstance(result, ResourceExhausted) for result in results) == 5
    assert verifier.statistics()["unchecked"] == 0


def test_a_short_pepper_is_refused_and_not_shown():
    with pytest.raises(ConfigurationError, match="16") as error:
        KeyMint(Secret("salt-and-pepper"))
    assert "salt" not in str(error.value)


def test_keys_are_read_from_a_table():
    table = [
        {
            "id": "0123456789ab",
            "hash": "00" * 32,
            "principal": {"kind": "app", "id": "a-1", "permissions": ["crm.contacts.read"]},
            "site": "acme",
        }
    ]
    [key] = msgspec.convert(table, list[StoredKey])
    assert key.principal == APP
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert([{**table[0], "expires": 5}], list[StoredKey])
