"""Every check has a forged token that only this check refuses: take one away and a line is red.

Each token differs from a good one in a single respect, and except where the signature itself is
the matter it is signed with the issuer's own key, so that nothing else can come to the rescue.
"""

import base64
import hmac
import json

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hanse.runtime.credentials.issuer import Claims, Issuer
from hanse.runtime.credentials.refused import Refused
from hanse.runtime.credentials.token import Verifier
from hanse.runtime.errors import Unauthenticated

NOW = 1_800_000_000.0
FOREIGN = "https://foreign.example"
SINGLE = "https://single.example"


@pytest.fixture
def verifier(workshop, clock):
    keys = workshop.key_set()
    return Verifier(
        [
            Issuer(
                issuer="https://id.example",
                audience=("hanse", "other-name"),
                algorithms=("Ed25519", "EdDSA", "ES256"),
                keys=keys,
                sites=("acme", "globex"),
            ),
            Issuer(
                issuer=FOREIGN,
                audience=("hanse",),
                algorithms=("Ed25519",),
                keys=keys,
                typ=None,
                claims=Claims(
                    kind="role",
                    kinds={"customer": "member"},
                    permissions="groups",
                    permission_names={"readers": ("crm.contacts.read",)},
                    site="tenant",
                    site_names={"9f": "acme"},
                ),
            ),
            Issuer(
                issuer=SINGLE,
                audience=("hanse",),
                keys={"keys": keys["keys"][:1]},
                sites=("acme",),
                claims=Claims(default_kind="member"),
            ),
        ],
        clock,
    )


async def reason_of(verifier, token):
    try:
        await verifier.verify(token)
    except Refused as refusal:
        return refusal.reason
    return "counts"


def claims(reason, **changes):
    return reason, lambda w: w.token(claims=w.claims(**changes))


def header(reason, **changes):
    return reason, lambda w: w.token(w.header(**changes))


def raw_claims(reason, change):
    return reason, lambda w: w.token(claims=change(json.dumps(w.claims())).encode())


def spelled(reason, change):
    """Signed over the odd spelling of its parts, so that the signature is right."""

    def build(w):
        return w.sign(change(w.token().rpartition(".")[0]))

    return reason, build


def foreign(reason, **changes):
    good = {"iss": FOREIGN, "role": "customer", "groups": ["readers"], "tenant": "9f"}
    return reason, lambda w: w.token(w.header(typ=...), w.claims(**{**good, **changes}))


def hs256(public):
    def build(w):
        parts = w.token(w.header(alg="HS256")).rpartition(".")[0]
        secret = public(w.ed.public_key())
        digest = hmac.digest(secret, parts.encode(), "sha256")
        return f"{parts}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"

    return "algorithm", build


def unsigned(alg):
    return "algorithm", lambda w: w.token(w.header(alg=alg)).rpartition(".")[0] + "."


def by_stranger(**changes):
    def build(w):
        brought = {k: v(w) if callable(v) else v for k, v in changes.items()}
        return w.token(w.header(**brought), key=w.stranger)

    return build


FORGERIES = {
    # Form
    "longer than 8 KB": claims("oversized", extra="x" * 8_000),
    "two parts": ("malformed", lambda w: w.token().rpartition(".")[0]),
    "four parts": ("malformed", lambda w: w.token() + "."),
    "five parts, encrypted": ("malformed", lambda w: "a.b.c.d.e"),
    "empty": ("malformed", lambda w: ""),
    "three empty parts": ("malformed", lambda w: ".."),
    "padded header": spelled("malformed", lambda t: t.replace(".", "=.")),
    "padded payload": spelled("malformed", lambda t: t + "="),
    "padded signature": ("malformed", lambda w: w.token() + "=="),
    "line break in a part": spelled("malformed", lambda t: t[:9] + "\n" + t[9:]),
    "foreign character in a part": spelled("malformed", lambda t: t[:9] + "!" + t[9:]),
    "space before": ("malformed", lambda w: " " + w.token()),
    "not ASCII": ("malformed", lambda w: w.token() + "é"),
    "half of a surrogate pair": ("malformed", lambda w: w.token() + "\ud800"),
    "stray bits in the signature": ("malformed", lambda w: w.token()[:-1] + "_"),
    "header is a list": ("malformed", lambda w: w.token(b'["alg"]')),
    "header is not UTF-8": ("malformed", lambda w: w.token(b'{"alg":"Ed25519","x":"\xff"}')),
    "header says alg twice": (
        "malformed",
        lambda w: w.token(b'{"alg":"none","alg":"Ed25519","typ":"at+jwt","kid":"main"}'),
    ),
    "header alg is a list": header("malformed", alg=["Ed25519"]),
    "header kid is a number": header("malformed", kid=5),
    "header kid is null": header("malformed", kid=None),
    "header kid is 300 characters": header("malformed", kid="k" * 300),
    "header typ is a number": header("malformed", typ=5),
    "crit": header("critical", crit=["exp"]),
    "crit, unknown": header("critical", crit=["x-extension"], **{"x-extension": 1}),
    "crit, empty": header("critical", crit=[]),
    "b64 false": header("critical", b64=False),
    "b64 true": header("critical", b64=True),
    "payload is a list": raw_claims("malformed", lambda t: f"[{t}]"),
    "payload is cut": raw_claims("malformed", lambda t: t[:-1]),
    "payload with a byte order mark": raw_claims("malformed", lambda t: "\ufeff" + t),
    "payload says sub twice": raw_claims("malformed", lambda t: '{"sub":"root",' + t[1:]),
    "payload says it twice inside": raw_claims(
        "malformed", lambda t: t[:-1] + ',"extra":{"a":1,"a":2}}'
    ),
    "payload with NaN": raw_claims("malformed", lambda t: t[:-1] + ',"extra":NaN}'),
    "payload with Infinity": raw_claims("malformed", lambda t: t[:-1] + ',"extra":Infinity}'),
    "payload with 1e999": raw_claims("malformed", lambda t: t[:-1] + ',"extra":1e999}'),
    "payload with 5,000 digits": raw_claims(
        "malformed", lambda t: t[:-1] + f',"extra":{"1" * 5_000}' + "}"
    ),
    # Algorithm
    "none": unsigned("none"),
    "None": unsigned("None"),
    "NONE": unsigned("NONE"),
    "nOnE": unsigned("nOnE"),
    "alg empty": unsigned(""),
    "alg missing": unsigned(...),
    "HS256 over the raw public key": hs256(
        lambda key: key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    ),
    "HS256 over the PEM": hs256(
        lambda key: key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    ),
    "algorithm in other case": header("algorithm", alg="ed25519"),
    "an algorithm of the key's that the issuer does not use": (
        "algorithm",
        lambda w: w.token(
            w.header(alg="ES256", kid="curve", typ=...), w.claims(iss=FOREIGN), key=w.ec
        ),
    ),
    "an algorithm of the issuer's that is not the key's": header("algorithm", alg="EdDSA"),
    "the key of another algorithm": header("algorithm", kid="curve"),
    # Key
    "unknown kid": header("key", kid="new"),
    "kid is a path": header("key", kid="../../../../dev/null"),
    "kid is SQL": header("key", kid="' UNION SELECT 'main"),
    "kid is a URL": header("key", kid="https://evil.example/key"),
    "no kid where two keys fit": header("key", kid=...),
    # Signature
    "signed by a stranger": ("signature", by_stranger()),
    "brings its own jwk": ("signature", by_stranger(jwk=lambda w: w.jwk(w.stranger, kid="main"))),
    "brings a jku": ("signature", by_stranger(jku="https://evil.example/jwks.json")),
    "brings an x5u": ("signature", by_stranger(x5u="https://evil.example/chain.pem")),
    "brings an x5c": ("signature", by_stranger(x5c=["MIIB"])),
    "signature missing": ("signature", lambda w: w.token().rpartition(".")[0] + "."),
    "signature cut": ("signature", lambda w: w.token()[:-2]),
    "signature of zeros, ES256": (
        "signature",
        lambda w: w.token(w.header(alg="ES256", kid="curve")).rpartition(".")[0] + "." + "A" * 86,
    ),
    "signature by Ed25519, ES256": (
        "signature",
        lambda w: w.token(w.header(alg="ES256", kid="curve"), key=w.ed),
    ),
    "payload swapped": (
        "signature",
        lambda w: ".".join(
            (
                w.token().split(".")[0],
                w.token(claims=w.claims(sub="root")).split(".")[1],
                w.token().split(".")[2],
            )
        ),
    ),
    "header swapped": (
        "signature",
        lambda w: ".".join(
            (w.token(w.header(x=1)).split(".")[0], *w.token().split(".")[1:]),
        ),
    ),
    # Type
    "typ missing": header("typ", typ=...),
    "typ of an ID token": header("typ", typ="JWT"),
    "typ of a logout token": header("typ", typ="logout+jwt"),
    "foreign with the typ of a logout token": (
        "typ",
        lambda w: w.token(w.header(typ="logout+jwt"), w.claims(iss=FOREIGN)),
    ),
    # Issuer and audience
    "unknown issuer": claims("issuer", iss="https://evil.example"),
    "issuer with a slash more": claims("issuer", iss="https://id.example/"),
    "issuer missing": claims("issuer", iss=...),
    "issuer is a list": claims("issuer", iss=["https://id.example"]),
    "other audience": claims("audience", aud="billing"),
    "other audiences": claims("audience", aud=["billing", "shop"]),
    "audience contains ours as a part": claims("audience", aud="hanse-admin"),
    "audience empty": claims("audience", aud=[]),
    "audience missing": claims("claim", aud=...),
    "audience is a number": claims("claim", aud=5),
    "audience holds a number": claims("claim", aud=["hanse", 5]),
    # Times
    "expired beyond the leeway": claims("expired", exp=NOW - 30),
    "no end": claims("claim", exp=...),
    "end is a text": claims("claim", exp=str(NOW + 600)),
    "end is true": claims("claim", exp=True),
    "end is negative": claims("claim", exp=-1),
    "end is a year of eleven digits": claims("claim", exp=10**18),
    "end is a number of 400 digits": claims("claim", exp=10**400),
    "end is null": claims("claim", exp=None),
    "not valid yet": claims("not_yet", nbf=NOW + 31),
    "nbf is a text": claims("claim", nbf="0"),
    "issued in the future": claims("not_yet", iat=NOW + 31),
    "iat is a list": claims("claim", iat=[NOW]),
    # Who
    "bound to a key of its holder": claims("bound", cnf={"jkt": "x"}),
    "no subject": claims("claim", sub=...),
    "subject empty": claims("claim", sub=""),
    "subject is a number": claims("claim", sub=7),
    "subject of 256 characters": claims("claim", sub="u" * 256),
    "subject with a line break": claims("claim", sub="u-1\nGET /admin"),
    "subject with half of a surrogate pair": claims("claim", sub="u-\ud800"),
    "unknown kind": claims("kind", kind="root"),
    "kind the issuer may not speak for": claims("kind", kind="service"),
    "visitor": claims("kind", kind="visitor"),
    "kind missing": claims("kind", kind=...),
    "kind is a list": claims("claim", kind=["member"]),
    "token id is a number": claims("claim", jti=5),
    # What for
    "another site": claims("site", site="initech"),
    "no site where the issuer has two": claims("site", site=...),
    "site is a list": claims("claim", site=["acme"]),
    "single site's issuer names another": (
        "site",
        lambda w: w.token(claims=w.claims(iss=SINGLE, site="globex")),
    ),
    "scope of 5,000 characters": claims("scope", scope="x" * 5_000),
    "scope of 300 names": claims("scope", scope=" ".join(["a"] * 300)),
    "list of 300 permissions": claims("scope", scope=["a"] * 300),
    "scope is a number": claims("claim", scope=5),
    "scope is null": claims("claim", scope=None),
    "scope holds a number": claims("claim", scope=["a", 5]),
    "scope with a line break": claims("claim", scope="a\nb"),
    "foreign word for kind without meaning": foreign("claim", role="member"),
    "foreign word for site without meaning": foreign("claim", tenant="acme"),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forged_token_is_refused_by_its_check(name, workshop, verifier):
    reason, build = FORGERIES[name]
    token = build(workshop)
    with pytest.raises(Refused) as refusal:
        await verifier.verify(token)
    assert refusal.value.reason == reason
    assert isinstance(refusal.value, Unauthenticated)
    assert refusal.value.code == "unauthenticated"
    # One sentence for the developer, which neither echoes the token nor anything it says.
    assert refusal.value.detail.endswith(".")
    assert "\n" not in refusal.value.detail
    assert not any(part in refusal.value.detail for part in token.split(".") if len(part) > 8)
    assert verifier.cached(token) is None


async def test_a_refusal_tells_the_wire_no_more_than_unauthenticated(workshop, verifier):
    with pytest.raises(Refused) as refusal:
        await verifier.verify(workshop.token(claims=workshop.claims(aud="billing")))
    assert refusal.value.fields().__struct_fields__ == ()


GOOD = {
    "as it is": lambda w: w.token(),
    "named EdDSA": lambda w: w.token(w.header(alg="EdDSA", kid="eddsa"), key=w.ed_named_eddsa),
    "ES256": lambda w: w.token(w.header(alg="ES256", kid="curve"), key=w.ec),
    "no kid where one key fits": lambda w: w.token(
        w.header(kid=..., alg="EdDSA"), key=w.ed_named_eddsa
    ),
    "typ spelled as a media type": lambda w: w.token(w.header(typ="application/AT+JWT")),
    "a jku that must not be fetched": lambda w: w.token(w.header(jku="https://evil.example/")),
    "a jwk that must not be used": lambda w: w.token(w.header(jwk=w.jwk(w.stranger))),
    "several audiences": lambda w: w.token(claims=w.claims(aud=["billing", "other-name"])),
    "expired within the leeway": lambda w: w.token(claims=w.claims(exp=NOW - 29)),
    "valid within the leeway": lambda w: w.token(claims=w.claims(nbf=NOW + 30, iat=NOW + 30)),
    "no nbf, iat, jti": lambda w: w.token(claims=w.claims(nbf=..., iat=..., jti=...)),
    "no permissions": lambda w: w.token(claims=w.claims(scope=...)),
    "permissions as a list": lambda w: w.token(claims=w.claims(scope=["a.b"])),
    "foreign without typ": lambda w: foreign("", nothing=1)[1](w),
    "single site's issuer names none": lambda w: w.token(
        claims=w.claims(iss=SINGLE, site=..., kind=...)
    ),
}


@pytest.mark.parametrize("name", GOOD)
async def test_what_is_merely_unusual_counts(name, workshop, verifier):
    verified = await verifier.verify(GOOD[name](workshop))
    assert verified.principal.id == "u-1"
    assert verified.principal.kind == "member"
    assert verified.site == "acme"


async def test_the_public_key_as_an_hmac_secret_is_no_key(workshop, clock):
    """A12: even an issuer misconfigured for it cannot be made to take HS256."""
    with pytest.raises(Exception, match="HS256"):
        Issuer(issuer="x", audience=("hanse",), keys=workshop.key_set(), algorithms=("HS256",))


async def test_limits_are_where_they_are_said_to_be(workshop, verifier):
    for length, reason in ((8_192, "counts"), (8_193, "oversized")):
        token = next(
            token
            for pad in range(3)
            for size in range(5_700, 5_800)
            for token in [
                workshop.token(workshop.header(x="x" * pad), workshop.claims(x="x" * size))
            ]
            if len(token) == length
        )
        assert await reason_of(verifier, token) == reason
    for changes, reason in (
        ({"sub": "u" * 255, "jti": "t" * 255}, "counts"),
        ({"scope": " ".join(["a"] * 256)}, "counts"),
        ({"scope": " ".join(["a"] * 257)}, "scope"),
        ({"scope": "x" * 4_096}, "counts"),
        ({"scope": "x" * 4_097}, "scope"),
        ({"exp": 253_402_300_799}, "counts"),
        ({"exp": 253_402_300_800}, "claim"),
        ({"exp": 0}, "expired"),
    ):
        token = workshop.token(claims=workshop.claims(**changes))
        assert await reason_of(verifier, token) == reason
    assert await reason_of(verifier, workshop.token(workshop.header(kid="k" * 200))) == "key"


async def test_deep_nesting_does_no_harm(workshop, verifier):
    deep = json.dumps(workshop.claims())[:-1] + ',"extra":' + "[" * 2_500 + "]" * 2_500 + "}"
    try:
        await verifier.verify(workshop.token(claims=deep.encode()))
    except Refused as refusal:
        assert refusal.reason == "malformed"


async def test_the_cache_is_not_fooled_by_a_token_that_shares_its_parts(workshop, verifier):
    good = workshop.token()
    await verifier.verify(good)
    head, payload, signature = good.split(".")
    other = workshop.token(claims=workshop.claims(sub="root")).split(".")[1]
    for forged in (f"{head}.{other}.{signature}", f"{head}.{payload}.", good + "=", good[:-2]):
        assert verifier.cached(forged) is None
        with pytest.raises(Refused):
            await verifier.verify(forged)
