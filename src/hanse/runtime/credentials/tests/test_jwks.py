"""Foreign issuers: keys from a real server that rotates, fails, lies and hangs."""

import asyncio
import json

import aiohttp
import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.credentials.issuer import Claims, Issuer
from hanse.runtime.credentials.jwks import KeySet
from hanse.runtime.credentials.refused import Refused
from hanse.runtime.credentials.signing_key import read_key_set
from hanse.runtime.credentials.token import Verifier
from hanse.runtime.errors import Unavailable

NOW = 1_800_000_000.0
HOUR = 3_600


class KeyServer:
    """An issuer's `jwks_uri`, on loopback."""

    def __init__(self):
        self.requests = 0
        self.status = 200
        self.headers = {}
        self.keys = []
        self.body = None
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def answer(self, _):
        self.requests += 1
        self.asked.set()
        await self.gate.wait()
        body = self.body if self.body is not None else json.dumps({"keys": self.keys}).encode()
        return web.Response(status=self.status, body=body, headers=self.headers)


@pytest.fixture
async def server():
    server = KeyServer()
    app = web.Application()
    app.router.add_get("/jwks.json", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/jwks.json"
    yield server
    server.gate.set()
    await runner.cleanup()


@pytest.fixture
async def fetch():
    async with aiohttp.ClientSession() as session:

        async def get(url):
            async with session.get(url, allow_redirects=False) as answer:
                return answer.status, dict(answer.headers), await answer.read()

        yield get


@pytest.fixture
async def foreign(server, fetch, clock, workshop):
    """A verifier for tokens of a foreign issuer that signs with RS256 and has claims of its own."""
    server.keys = [workshop.jwk(workshop.rsa, kid="r1", alg="RS256", use="sig")]
    verifier = Verifier(
        [
            Issuer(
                issuer="https://login.example/",
                audience=("our-client",),
                algorithms=("RS256",),
                jwks_url=server.url,
                typ=None,
                sites=("acme",),
                claims=Claims(
                    id="oid",
                    default_kind="staff",
                    permissions="roles",
                    permission_names={"Sales": ("crm.contacts.read", "crm.contacts.write")},
                ),
            )
        ],
        clock,
        fetch,
    )
    yield verifier
    await verifier.close()


def token(workshop, kid="r1", key=None, **changes):
    claims = {
        "iss": "https://login.example/",
        "aud": "our-client",
        "oid": "7",
        "roles": ["Sales", "Root"],
        "exp": NOW + 48 * HOUR,
        **changes,
    }
    return jwt.encode(claims, key or workshop.rsa, "RS256", {"kid": kid})


async def reason_of(verifier, token):
    try:
        await verifier.verify(token)
    except Refused as refusal:
        return refusal.reason
    return "counts"


async def test_a_foreign_token_counts_in_our_words(foreign, workshop):
    verified = await foreign.verify(token(workshop))
    assert verified.principal.id == "7"
    assert verified.principal.kind == "staff"
    assert verified.principal.permissions == {"crm.contacts.read", "crm.contacts.write"}
    assert verified.site == "acme"


async def test_foreign_forgeries_are_refused(foreign, workshop):
    stranger = rsa.generate_private_key(65537, 2048)
    assert await reason_of(foreign, token(workshop, key=stranger)) == "signature"
    assert await reason_of(foreign, token(workshop, aud="other-client")) == "audience"
    assert await reason_of(foreign, token(workshop, site="globex")) == "site"
    assert await reason_of(foreign, token(workshop, exp=NOW - 31)) == "expired"


async def test_keys_are_fetched_once_while_they_are_fresh(foreign, workshop, server, clock):
    server.headers = {"Cache-Control": "public, max-age=900, must-revalidate"}
    for n in range(20):
        await foreign.verify(token(workshop, jti=f"{n}"))
    clock.seconds += 899
    await foreign.verify(token(workshop, jti="late"))
    assert server.requests == 1
    clock.seconds += 1
    await foreign.verify(token(workshop, jti="later"))
    assert server.requests == 2


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("max-age=1", 60),
        ("no-store", 300),
        ("", 300),
        ("max-age=999999999", 86_400),
        ("s-maxage=5, max-age=120", 120),
        ("MAX-AGE = 120", 120),
        ("max-age=soon", 300),
    ],
)
async def test_freshness_is_the_issuers_within_bounds(
    header, seconds, foreign, workshop, server, clock
):
    server.headers = {"Cache-Control": header}
    await foreign.verify(token(workshop))
    clock.seconds += seconds - 1
    await foreign.verify(token(workshop, jti="before"))
    assert server.requests == 1
    clock.seconds += 1
    await foreign.verify(token(workshop, jti="after"))
    assert server.requests == 2


async def test_a_new_key_is_found_when_a_token_names_it(foreign, workshop, server, clock):
    await foreign.verify(token(workshop))
    new = rsa.generate_private_key(65537, 2048)
    server.keys = [*server.keys, workshop.jwk(new, kid="r2")]
    clock.seconds += 31
    assert await reason_of(foreign, token(workshop, kid="r2", key=new)) == "counts"
    assert await reason_of(foreign, token(workshop, jti="still good")) == "counts"
    assert server.requests == 2


async def test_a_retired_key_goes_with_the_next_fetch(foreign, workshop, server, clock):
    await foreign.verify(token(workshop))
    new = rsa.generate_private_key(65537, 2048)
    server.keys = [workshop.jwk(new, kid="r2")]
    clock.seconds += 301
    assert await reason_of(foreign, token(workshop, jti="old key")) == "key"
    assert await reason_of(foreign, token(workshop, kid="r2", key=new)) == "counts"


async def test_an_issuer_that_withdraws_all_keys_is_obeyed(foreign, workshop, server, clock):
    await foreign.verify(token(workshop))
    server.keys = []
    clock.seconds += 301
    assert await reason_of(foreign, token(workshop, jti="after")) == "key"


async def test_a_flood_of_made_up_key_ids_makes_one_request_in_half_a_minute(
    foreign, workshop, server, clock
):
    await foreign.verify(token(workshop))
    flood = [token(workshop, kid=f"made-up-{n}") for n in range(50)]
    for _ in range(3):
        before = server.requests
        clock.seconds += 31
        reasons = await asyncio.gather(*(reason_of(foreign, each) for each in flood))
        reasons += [await reason_of(foreign, each) for each in flood]
        clock.seconds += 28
        reasons += [await reason_of(foreign, each) for each in flood]
        assert set(reasons) == {"key"}
        assert server.requests - before == 1


async def test_there_is_one_fetch_at_a_time_however_long_it_takes(foreign, workshop, server, clock):
    server.gate.clear()
    waiting = [asyncio.ensure_future(foreign.verify(token(workshop, jti="1")))]
    await server.asked.wait()
    clock.seconds += 31
    waiting.append(asyncio.ensure_future(foreign.verify(token(workshop, jti="2"))))
    await asyncio.sleep(0)
    server.gate.set()
    await asyncio.gather(*waiting)
    assert server.requests == 1


async def test_callers_that_hang_up_neither_stop_nor_repeat_a_fetch(foreign, workshop, server):
    server.gate.clear()
    for n in range(5):
        hasty = asyncio.ensure_future(foreign.verify(token(workshop, jti=f"{n}")))
        await server.asked.wait()
        hasty.cancel()
        await asyncio.wait({hasty})
    patient = asyncio.ensure_future(foreign.verify(token(workshop)))
    await asyncio.sleep(0)
    server.gate.set()
    assert (await patient).principal.id == "7"
    assert server.requests == 1


BROKEN = {
    "error": {"status": 500},
    "moved": {"status": 302, "headers": {"Location": "https://evil.example"}},
    "empty": {"body": b""},
    "not JSON": {"body": b"<html>"},
    "no list": {"body": b'{"keys": 5}'},
    "a key twice": {"body": b'{"keys": [], "keys": []}'},
    "too large": {"body": json.dumps({"keys": [], "x": "x" * 262_144}).encode()},
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_old_keys_serve_for_a_day_while_the_issuer_is_broken(
    kind, foreign, workshop, server, clock
):
    await foreign.verify(token(workshop))
    for name, value in BROKEN[kind].items():
        setattr(server, name, value)
    clock.seconds += 300 + 23 * HOUR
    assert await reason_of(foreign, token(workshop, jti="after 23 h")) == "counts"
    assert server.requests == 2
    clock.seconds += 29
    assert await reason_of(foreign, token(workshop, jti="no hammering")) == "counts"
    assert server.requests == 2
    clock.seconds += 1 * HOUR
    with pytest.raises(Unavailable):
        await foreign.verify(token(workshop, jti="after a day"))
    server.status, server.body, server.headers = 200, None, {}
    clock.seconds += 31
    assert await reason_of(foreign, token(workshop, jti="recovered")) == "counts"


async def test_an_issuer_out_of_reach_from_the_start_is_no_fault_of_the_caller(
    foreign, workshop, server, clock
):
    server.status = 503
    for _ in range(5):
        with pytest.raises(Unavailable, match="out of reach"):
            await foreign.verify(token(workshop))
    assert server.requests == 1
    server.status = 200
    clock.seconds += 5
    assert await reason_of(foreign, token(workshop)) == "counts"


async def test_nobody_listening_is_survived(workshop, clock, fetch):
    keys = KeySet("http://127.0.0.1:1/jwks.json", fetch, clock)
    with pytest.raises(Unavailable):
        await keys.find("r1", "RS256")
    assert "Error" in keys.statistics()["failure"]


async def test_a_stale_key_is_not_held_up_by_an_issuer_that_hangs(foreign, workshop, server, clock):
    await foreign.verify(token(workshop))
    clock.seconds += 301
    server.gate.clear()
    started = asyncio.get_running_loop().time()
    assert await reason_of(foreign, token(workshop, jti="x")) == "counts"
    assert asyncio.get_running_loop().time() - started < 5


async def test_closing_ends_a_running_fetch(foreign, workshop, server):
    server.gate.clear()
    waiting = asyncio.ensure_future(foreign.verify(token(workshop)))
    await server.asked.wait()
    async with asyncio.timeout(5):
        await foreign.close()
        with pytest.raises(Unavailable):
            await waiting


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example/jwks.json",
        "http://localhost.evil.example/jwks.json",
        "http://127.0.0.1@evil.example/jwks.json",
        "https://user:password@id.example/jwks.json",
        "ftp://id.example/jwks.json",
        "ftp://localhost/jwks.json",
        "file:///etc/passwd",
        "https://",
        "//id.example/x",
        "",
        "https://[::1",
        "http://10.0.0.1/jwks.json",
    ],
)
def test_keys_are_not_fetched_in_clear(url, clock):
    with pytest.raises(ConfigurationError, match="https"):
        KeySet(url, None, clock)


@pytest.mark.parametrize(
    "url",
    ["https://id.example/x", "http://localhost:8/x", "http://127.0.0.2:8/x", "http://[::1]:8/x"],
)
def test_https_and_loopback_are_fetched(url, clock):
    KeySet(url, None, clock)


def rsa_jwk(workshop, bits):
    # Only the length is looked at first; making an RSA key of an odd size would take a second.
    return {**workshop.jwk(workshop.rsa, kid="k"), "n": "_" * (bits // 6)}


UNUSABLE = {
    "for encryption": lambda w: w.jwk(w.rsa, kid="k", use="enc"),
    "for signing only": lambda w: w.jwk(w.rsa, kid="k", key_ops=["sign"]),
    "key_ops of another type": lambda w: w.jwk(w.rsa, kid="k", key_ops="verify"),
    "alg of another type": lambda w: w.jwk(w.rsa, kid="k", alg="ES256"),
    "alg PS256": lambda w: w.jwk(w.rsa, kid="k", alg="PS256"),
    "alg is a number": lambda w: w.jwk(w.rsa, kid="k", alg=5),
    "RSA of 1,536 bits": lambda w: rsa_jwk(w, 1_536),
    "RSA of 12,288 bits": lambda w: rsa_jwk(w, 12_288),
    "private RSA": lambda w: w.jwk(w.rsa, kid="k", d="AQAB"),
    "symmetric": lambda w: {"kty": "oct", "kid": "k", "k": "c2VjcmV0"},
    "P-384": lambda w: {
        **w.jwk(ec.generate_private_key(ec.SECP256R1()), kid="k"),
        "crv": "P-384",
    },
    "not on the curve": lambda w: {**w.jwk(w.ec, kid="k"), "y": w.jwk(w.ec)["x"]},
    "Ed448": lambda w: {**w.jwk(w.ed, kid="k"), "crv": "Ed448"},
    "a member missing": lambda w: {"kty": "RSA", "kid": "k", "n": w.jwk(w.rsa)["n"]},
    "n is a number": lambda w: {**w.jwk(w.rsa, kid="k"), "n": 5},
    "n is padded": lambda w: {**w.jwk(w.rsa, kid="k"), "n": w.jwk(w.rsa)["n"] + "=="},
    "kid is a number": lambda w: w.jwk(w.rsa, kid=5),
    "text": lambda w: "key",
    "nothing": lambda w: None,
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_key_that_cannot_be_trusted_is_left_out_and_the_others_stay(kind, workshop):
    good = workshop.jwk(ed25519.Ed25519PrivateKey.generate(), kid="good")
    keys, problems = read_key_set({"keys": [UNUSABLE[kind](workshop), good]})
    assert list(keys) == ["good"]
    assert len(problems) == 1
    assert problems[0].startswith("key 0 is not used")


def test_of_two_keys_with_one_id_the_first_counts(workshop):
    keys, problems = read_key_set(
        {"keys": [workshop.jwk(workshop.ed, kid="k"), workshop.jwk(workshop.rsa, kid="k")]}
    )
    assert keys["k"].algorithms == {"Ed25519", "EdDSA"}
    assert len(problems) == 1


def test_a_set_is_read_up_to_its_hundredth_key(workshop):
    many = [workshop.jwk(workshop.ed, kid=f"{n}") for n in range(150)]
    assert len(read_key_set({"keys": many})[0]) == 100
