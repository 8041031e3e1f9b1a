"""The Authorization header: two credentials, one grammar, no way to fall through."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hanse.runtime.config.secret import Secret
from hanse.runtime.credentials.api_key import ApiKeyVerifier, KeyMint, StaticApiKeys
from hanse.runtime.credentials.authenticator import Authenticator
from hanse.runtime.credentials.issuer import Issuer
from hanse.runtime.credentials.refused import Refused
from hanse.runtime.credentials.token import Verifier
from hanse.runtime.identity.principal import Principal
from hanse.runtime.identity.shown import Shown

NOW = 1_800_000_000.0
MINT = KeyMint(Secret("a pepper of at least sixteen characters"))
PLAIN, STORED = MINT.mint(Principal("app", "a-1"))


@pytest.fixture
def verifier(workshop, clock):
    own = Issuer(issuer="https://id.example", audience=("hanse",), keys=workshop.key_set())
    return Verifier([own], clock)


def cached(authenticator, value):
    """As a connection that shows something for the first time asks."""
    return authenticator.cached(value.encode("utf-8", "surrogatepass"), Shown())


@pytest.fixture
def authenticator(verifier, clock):
    return Authenticator(verifier, ApiKeyVerifier(StaticApiKeys([STORED]), MINT, clock))


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
async def test_a_token_and_a_key_are_told_apart(scheme, authenticator, workshop):
    token = await authenticator.authenticate(scheme + workshop.token())
    key = await authenticator.authenticate(scheme + PLAIN)
    assert (token.principal.id, key.principal.id) == ("u-1", "a-1")


async def test_what_was_verified_is_answered_at_once(authenticator, workshop):
    for value in ("Bearer " + workshop.token(), "Bearer " + PLAIN):
        assert cached(authenticator, value) is None
        verified = await authenticator.authenticate(value)
        assert cached(authenticator, value) is verified
        assert cached(authenticator, value + " ") is None
        assert cached(authenticator, value.removeprefix("Bearer ")) is None
        assert cached(authenticator, "Digest " + value.removeprefix("Bearer ")) is None
        assert cached(authenticator, "Basic " + value.removeprefix("Bearer ")) is None


async def test_a_connection_is_whoever_it_shows_to_be_now(authenticator, workshop):
    first, second = (
        "Bearer " + workshop.token(claims=workshop.claims() | {"sub": who})
        for who in ("u-1", "u-2")
    )
    for value in (first, second):
        await authenticator.authenticate(value)
    shown = Shown()
    seen = [authenticator.cached(v.encode(), shown) for v in (first, first, second, first)]
    assert [verified.principal.id for verified in seen] == ["u-1", "u-1", "u-2", "u-1"]
    assert authenticator.cached(first[:-4].encode() + b"AAAA", shown) is None
    assert authenticator.cached(b"Basic " + first.encode(), shown) is None
    authenticator.revoke_principal("u-1", until=NOW + 600)
    assert authenticator.cached(first.encode(), shown) is None


@pytest.mark.parametrize(
    "value",
    ["", " ", "Bearer", "Bearer ", "Bearer  ", "Basic dXNlcjpwYXNz", "Bearer a b", "Bearer a,b",
     " Bearer a", "Bearer\ta", "Bearer a\n", "Bearera", "Bearer é", "Bearer =", "Bearer a=b",
     "Bearer \ud800", "DPoP a.b.c", "Bearer Bearer a", 'Bearer realm="x"'],
)  # fmt: skip
async def test_a_header_that_cannot_be_read_is_refused(value, authenticator):
    assert cached(authenticator, value) is None
    with pytest.raises(Refused) as refusal:
        await authenticator.authenticate(value)
    assert refusal.value.reason == "malformed"


@pytest.mark.parametrize("value", ["Bearer " + "a" * 1_000_000, "Bearer " + " " * 9_000 + "a"])
async def test_a_header_too_long_is_refused_before_it_is_read(value, authenticator):
    assert cached(authenticator, value) is None
    with pytest.raises(Refused) as refusal:
        await authenticator.authenticate(value)
    assert refusal.value.reason == "oversized"


async def test_without_a_store_no_api_key_counts(verifier):
    authenticator = Authenticator(verifier)
    assert cached(authenticator, "Bearer " + PLAIN) is None
    with pytest.raises(Refused, match="not accepted"):
        await authenticator.authenticate("Bearer " + PLAIN)


async def test_revocations_reach_tokens_and_keys(authenticator, workshop):
    token, key = "Bearer " + workshop.token(), "Bearer " + PLAIN
    for value, token_id in ((token, "t-1"), (key, STORED.id)):
        await authenticator.authenticate(value)
        authenticator.revoke_token(token_id, until=NOW + 600)
        with pytest.raises(Refused, match="revoked"):
            await authenticator.authenticate(value)


@pytest.mark.parametrize("api_keys", [True, False])
async def test_a_principal_is_revoked_in_both(api_keys, authenticator, verifier, workshop):
    if not api_keys:
        authenticator = Authenticator(verifier)
    await authenticator.authenticate("Bearer " + workshop.token())
    authenticator.revoke_principal("u-1", until=NOW + 600)
    authenticator.revoke_principal("a-1", until=NOW + 600)
    for value in ("Bearer " + workshop.token(), "Bearer " + PLAIN):
        with pytest.raises(Refused):
            await authenticator.authenticate(value)


HEADERS = st.one_of(
    st.text(max_size=60),
    st.builds(
        "".join,
        st.lists(
            st.sampled_from(
                [
                    "Bearer",
                    "bearer",
                    " ",
                    "  ",
                    "\t",
                    "hk_",
                    ".",
                    "=",
                    "eyJhbGciOiJub25lIn0",
                    "e30",
                    ",",
                    "\r\n",
                    "\x00",
                    "a" * 43,
                ]
            ),  # fmt: skip
            max_size=12,
        ),
    ),
)


@given(value=HEADERS)
@example(value="Bearer eyJhbGciOiJub25lIn0.e30.")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_header_is_refused_and_nothing_else(value, authenticator):
    assert cached(authenticator, value) is None
    with pytest.raises(Refused):
        await authenticator.authenticate(value)
