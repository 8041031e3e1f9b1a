"""The verifier over time: what it remembers, forgets, revokes and turns away."""

import asyncio
import gc

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.credentials.issuer import Issuer
from hanse.runtime.credentials.refused import Refused
from hanse.runtime.credentials.token import Verifier
from hanse.runtime.credentials.verified_cache import REFUSALS_MAX, REVOCATIONS_MAX
from hanse.runtime.errors import ResourceExhausted
from hanse.runtime.identity.principal import Principal

NOW = 1_800_000_000.0


def issuer(workshop, **changes):
    given = {"issuer": "https://id.example", "audience": ("hanse",), "keys": workshop.key_set()}
    return Issuer(**{**given, **changes})


@pytest.fixture
def verifier(workshop, clock):
    return Verifier([issuer(workshop)], clock, tokens_max=100)


async def reason_of(verifier, token):
    try:
        await verifier.verify(token)
    except Refused as refusal:
        return refusal.reason
    return "counts"


@pytest.mark.parametrize(
    ("alg", "kid", "key"), [("EdDSA", "eddsa", "ed_named_eddsa"), ("ES256", "curve", "ec")]
)
async def test_tokens_of_another_library_count(alg, kid, key, workshop, verifier):
    token = jwt.encode(
        workshop.claims(), getattr(workshop, key), alg, {"kid": kid, "typ": "at+jwt"}
    )
    verified = await verifier.verify(token)
    assert verified.principal == Principal(
        "member", "u-1", frozenset({"crm.contacts.read", "crm.contacts.write"})
    )
    assert (verified.site, verified.token_id, verified.expires_at) == ("acme", "t-1", NOW + 600)


async def test_a_verified_token_is_answered_from_the_cache(workshop, verifier):
    token = workshop.token()
    assert verifier.cached(token) is None
    verified = await verifier.verify(token)
    assert verifier.cached(token) is verified
    assert await verifier.verify(token) is verified


async def test_the_cache_forgets_when_the_token_ends(workshop, verifier, clock):
    token = workshop.token(claims=workshop.claims(exp=NOW + 60))
    await verifier.verify(token)
    clock.seconds += 59
    assert verifier.cached(token) is not None
    clock.seconds += 1
    assert verifier.cached(token) is None


async def test_the_cache_forgets_after_five_minutes(workshop, verifier, clock):
    token = workshop.token(claims=workshop.claims(exp=NOW + 3_600))
    await verifier.verify(token)
    clock.seconds += 299
    assert verifier.cached(token) is not None
    clock.seconds += 1
    assert verifier.cached(token) is None
    assert await reason_of(verifier, token) == "counts"


async def test_a_cached_token_does_not_outlive_its_end(workshop, verifier, clock):
    token = workshop.token(claims=workshop.claims(exp=NOW + 60))
    await verifier.verify(token)
    clock.seconds += 90
    assert await reason_of(verifier, token) == "expired"


async def test_the_cache_is_bounded_and_keeps_what_is_used(workshop, verifier):
    favourite = workshop.token()
    await verifier.verify(favourite)
    for n in range(300):
        await verifier.verify(workshop.token(claims=workshop.claims(jti=f"other-{n}")))
        assert verifier.cached(favourite) is not None
    assert verifier.statistics()["verified"] <= 100


async def test_the_token_itself_is_not_kept(workshop, verifier):
    token = workshop.token()
    await verifier.verify(token)
    await reason_of(verifier, token[:-9] + "C" + "A" * 8)
    gc.collect()
    holders = [held for held in gc.get_objects() if type(held) is dict and token in held]
    assert holders == []


@pytest.mark.parametrize("verified_before", [True, False])
async def test_a_revoked_token_is_refused_at_once(verified_before, workshop, verifier, clock):
    token, other = workshop.token(), workshop.token(claims=workshop.claims(jti="t-2"))
    if verified_before:
        await verifier.verify(token)
    await verifier.verify(other)
    verifier.revoke_token("t-1", until=NOW + 600)
    assert verifier.cached(token) is None
    assert verifier.cached(other) is not None
    assert await reason_of(verifier, token) == "revoked"
    clock.seconds += 629  # a moment before the leeway ends, too
    assert await reason_of(verifier, token) == "revoked"


async def test_a_revoked_principal_may_sign_in_again(workshop, verifier, clock):
    old = workshop.token()
    other = workshop.token(claims=workshop.claims(sub="u-2"))
    nameless = workshop.token(claims=workshop.claims(iat=..., jti=...))
    same_moment = workshop.token(claims=workshop.claims(iat=NOW))
    for token in (old, other, nameless, same_moment):
        await verifier.verify(token)
    verifier.revoke_principal("u-1", until=NOW + 600)
    assert verifier.cached(old) is None
    assert verifier.cached(other) is not None
    assert await reason_of(verifier, old) == "revoked"
    assert await reason_of(verifier, nameless) == "revoked"
    assert await reason_of(verifier, same_moment) == "revoked"
    clock.seconds += 1
    assert (
        await reason_of(verifier, workshop.token(claims=workshop.claims(iat=NOW + 1))) == "counts"
    )


async def test_a_token_revoked_while_it_waits_for_its_check_is_refused(workshop, verifier):
    waiting = asyncio.ensure_future(reason_of(verifier, workshop.token()))
    await asyncio.sleep(0)
    verifier.revoke_token("t-1", until=NOW + 600)
    assert await waiting == "revoked"


def test_full_revocations_say_so_and_forget_only_what_ended(verifier, clock):
    for n in range(REVOCATIONS_MAX):
        verifier.revoke_token(f"t-{n}", until=NOW + 600)
    with pytest.raises(ResourceExhausted, match="revocations"):
        verifier.revoke_token("one-more", until=NOW + 600)
    with pytest.raises(ResourceExhausted, match="revocations"):
        verifier.revoke_principal("one-more", until=NOW + 600)
    clock.seconds += 600 + 301
    verifier.revoke_token("one-more", until=NOW + 1_600)
    assert verifier.statistics()["revoked"] == 1


async def test_a_refusal_is_remembered_for_a_moment(workshop, verifier, clock):
    token = workshop.token(claims=workshop.claims(aud="billing"))
    assert await reason_of(verifier, token) == "audience"
    assert verifier.statistics()["refused"] == 1
    assert await reason_of(verifier, token) == "audience"
    clock.seconds += 11
    assert await reason_of(verifier, token) == "audience"


async def test_a_token_that_is_not_valid_yet_is_not_remembered(workshop, verifier, clock):
    token = workshop.token(claims=workshop.claims(nbf=NOW + 31))
    assert await reason_of(verifier, token) == "not_yet"
    clock.seconds += 1
    assert await reason_of(verifier, token) == "counts"


async def test_a_flood_of_garbage_evicts_only_garbage(workshop, clock):
    verifier = Verifier([issuer(workshop)], clock, tokens_max=2)
    good = workshop.token()
    await verifier.verify(good)
    head, payload, _ = good.split(".")
    for n in range(REFUSALS_MAX + 100):
        forged = f"{head}.{payload}.{n:04d}{'A' * 82}"
        assert await reason_of(verifier, forged) == "signature"
    assert verifier.cached(good) is not None
    assert verifier.statistics()["refused"] <= REFUSALS_MAX


async def test_one_unknown_token_is_checked_in_a_turn_of_the_loop(workshop, verifier):
    head, payload, _ = workshop.token().split(".")
    flood = [
        asyncio.ensure_future(reason_of(verifier, f"{head}.{payload}.{n:04d}{'A' * 82}"))
        for n in range(50)
    ]
    done_before = most = 0
    while done_before < 50:
        await asyncio.sleep(0)
        done = sum(task.done() for task in flood)
        most = max(most, done - done_before)
        done_before = done
    assert most == 1
    assert {task.result() for task in flood} == {"signature"}


async def test_more_unknown_tokens_than_may_wait_are_turned_away_at_once(workshop, clock):
    verifier = Verifier([issuer(workshop)], clock, unchecked_max=5)
    known = workshop.token()
    await verifier.verify(known)
    tokens = [workshop.token(claims=workshop.claims(jti=f"n-{n}")) for n in range(8)]
    results = await asyncio.gather(*map(verifier.verify, tokens), return_exceptions=True)
    assert [isinstance(result, ResourceExhausted) for result in results] == [False] * 5 + [True] * 3
    assert verifier.statistics()["unchecked"] == 0
    await verifier.verify(tokens[7])  # being turned away is not a refusal of the token
    await asyncio.gather(*(verifier.verify(known) for _ in range(20)))


async def test_a_token_refused_a_moment_ago_is_not_checked_again(workshop, clock):
    verifier = Verifier([issuer(workshop)], clock, unchecked_max=5)
    token = workshop.token(claims=workshop.claims(aud="billing"))
    assert await reason_of(verifier, token) == "audience"
    reasons = await asyncio.gather(*(reason_of(verifier, token) for _ in range(20)))
    assert set(reasons) == {"audience"}


class Unreadable(str):
    """A text that may be measured and not be read."""

    __slots__ = ()

    def encode(self, encoding="utf-8", errors="strict"):
        raise AssertionError("read before its length was looked at")


def test_a_token_too_long_is_not_even_hashed(verifier):
    assert verifier.cached(Unreadable("a" * 8_193)) is None
    with pytest.raises(AssertionError):
        verifier.cached(Unreadable("a" * 8_192))


async def test_a_flood_in_one_issuers_name_does_not_turn_away_another_issuers_tokens(
    workshop, clock
):
    issuers = [issuer(workshop), issuer(workshop, issuer="https://other.example")]
    verifier = Verifier(issuers, clock, unchecked_max=2)
    flood = [workshop.token(claims=workshop.claims(jti=f"n-{n}")) for n in range(4)]
    other = workshop.token(claims=workshop.claims(iss="https://other.example"))
    *_, late, result = await asyncio.gather(
        *map(verifier.verify, [*flood, other]), return_exceptions=True
    )
    assert isinstance(late, ResourceExhausted)
    assert result.principal.id == "u-1"


async def test_whoever_gives_up_waiting_leaves_the_queue_moving(workshop, verifier):
    tokens = [workshop.token(claims=workshop.claims(jti=f"n-{n}")) for n in range(4)]
    waiting = [asyncio.ensure_future(verifier.verify(token)) for token in tokens]
    await asyncio.sleep(0)
    waiting[0].cancel()
    waiting[2].cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(r, asyncio.CancelledError) for r in results] == [True, False, True, False]
    assert verifier.statistics()["unchecked"] == 0


async def test_one_token_in_many_calls_at_once_is_one_identity(workshop, verifier):
    token = workshop.token()
    results = await asyncio.gather(*(verifier.verify(token) for _ in range(20)))
    assert all(result is results[0] for result in results)


async def test_an_issuer_without_a_list_of_sites_speaks_for_all_and_none(workshop, verifier):
    anywhere = await verifier.verify(workshop.token(claims=workshop.claims(site="initech")))
    nowhere = await verifier.verify(workshop.token(claims=workshop.claims(site=...)))
    assert (anywhere.site, nowhere.site) == ("initech", "")


@pytest.mark.parametrize("skew", [-60, 60])
async def test_a_clock_off_by_a_minute_is_borne_where_the_leeway_says_so(skew, workshop, clock):
    verifier = Verifier([issuer(workshop, leeway=60.0)], clock)
    token = workshop.token(claims=workshop.claims(iat=NOW, nbf=NOW, exp=NOW + 1))
    clock.seconds += skew
    assert await reason_of(verifier, token) == "counts"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"issuer": ""}, "issuer is empty"),
        ({"audience": ()}, "audience"),
        ({"audience": ("hanse", "")}, "audience"),
        ({"keys": None}, "either keys or jwks_url"),
        ({"jwks_url": "https://id.example/keys"}, "either keys or jwks_url"),
        ({"algorithms": ()}, "algorithms"),
        ({"algorithms": ("HS256",)}, "HS256"),
        ({"algorithms": ("none",)}, "none"),
        ({"algorithms": ("RS256",)}, "RS256"),
        ({"leeway": -1.0}, "leeway"),
        ({"leeway": 301.0}, "leeway"),
        ({"leeway": float("nan")}, "leeway"),
        ({"sites": ()}, "sites"),
        ({"kinds": ()}, "kinds"),
        ({"kinds": ("visitor",)}, "visitor"),
    ],
)
def test_an_issuer_that_makes_no_sense_is_refused(changes, words, workshop):
    with pytest.raises(ConfigurationError, match=words):
        issuer(workshop, **changes)


def test_all_that_is_wrong_with_an_issuer_is_said_together():
    with pytest.raises(ConfigurationError) as error:
        Issuer(issuer="", audience=(), algorithms=("RS256",), leeway=-1.0)
    assert len(error.value.problems) == 5


def test_two_issuers_of_one_name_are_refused(workshop, clock):
    with pytest.raises(ConfigurationError, match="twice"):
        Verifier([issuer(workshop), issuer(workshop)], clock)


def test_an_issuer_to_fetch_from_needs_a_way_to_fetch(workshop, clock):
    foreign = issuer(workshop, keys=None, jwks_url="https://id.example/keys")
    with pytest.raises(ConfigurationError, match="no way to fetch"):
        Verifier([foreign], clock)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "list called keys"),
        ({"keys": []}, "no key"),
        ({"keys": ["x"]}, "not an object"),
        ({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}, "private"),
        ({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}]}, "numbers"),
        ({"keys": [{"kty": "OKP", "crv": "X25519", "x": "AAAA"}]}, "neither"),
    ],
)
def test_fixed_keys_that_cannot_be_used_are_refused(keys, words, workshop, clock):
    with pytest.raises(ConfigurationError, match=words):
        Verifier([issuer(workshop, keys=keys)], clock)


def test_a_private_key_in_the_configuration_is_refused(workshop, clock):
    jwk = workshop.jwk(workshop.ed, kid="main", d="AAAA")
    with pytest.raises(ConfigurationError, match="private") as error:
        Verifier([issuer(workshop, keys={"keys": [jwk]})], clock)
    assert "AAAA" not in str(error.value)


def test_one_bad_key_among_good_ones_in_the_configuration_is_refused(workshop, clock):
    keys = {"keys": [workshop.jwk(workshop.ed, kid="main"), {"kty": "OKP"}]}
    with pytest.raises(ConfigurationError, match="key 1 is not used"):
        Verifier([issuer(workshop, keys=keys)], clock)


async def test_tokens_survive_the_other_library_and_its_refusals(workshop, verifier):
    """What PyJWT refuses of a token of ours, we refuse too, and the other way round."""
    pem = workshop.ec.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    token = workshop.token(
        workshop.header(alg="ES256", kid="curve"),
        workshop.claims(exp=4_000_000_000, iat=1, nbf=1),
        key=workshop.ec,
    )
    await verifier.verify(token)
    assert jwt.decode(token, pem, ["ES256"], audience="hanse")["sub"] == "u-1"
    head, payload, signature = token.split(".")
    for forged in (f"{head}.{payload}.{'A' * 86}", f"{head}.{payload[:-4]}.{signature}"):
        with pytest.raises(jwt.InvalidTokenError):
            jwt.decode(forged, pem, ["ES256"], audience="hanse")
        with pytest.raises(Refused):
            await verifier.verify(forged)
