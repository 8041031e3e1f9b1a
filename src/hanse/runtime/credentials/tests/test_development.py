"""Development tokens: the key on disk, and who accepts it."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from joserfc.jwk import OKPKey

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.credentials.development import DevelopmentIssuer
from hanse.runtime.credentials.issuer import Issuer
from hanse.runtime.credentials.refused import Refused
from hanse.runtime.credentials.token import Verifier
from hanse.runtime.identity.principal import Principal


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state" / "identity"


def key_file(folder):
    [path] = folder.iterdir()
    return path


async def test_a_minted_token_counts_where_development_is_allowed(folder, clock):
    development = DevelopmentIssuer(folder, clock)
    token = development.mint("staff", "ada", permissions=("b.c", "a.b"), site="acme", lifetime=60)
    verified = await Verifier([development.issuer()], clock).verify(token)
    assert verified.principal == Principal("staff", "ada", frozenset({"a.b", "b.c"}))
    assert verified.site == "acme"
    assert verified.expires_at == clock() + 60
    assert verified.token_id


async def test_a_service_may_be_minted_and_no_two_tokens_share_an_id(folder, clock):
    development = DevelopmentIssuer(folder, clock)
    verifier = Verifier([development.issuer()], clock)
    one, two = [await verifier.verify(development.mint("service", "billing")) for _ in range(2)]
    assert one.principal.kind == "service"
    assert one.token_id != two.token_id
    assert one.site == ""


async def test_it_counts_for_nothing_elsewhere(folder, clock, workshop, tmp_path):
    token = DevelopmentIssuer(folder, clock).mint("staff", "ada")
    own = Issuer(issuer="https://id.example", audience=("hanse",), keys=workshop.key_set())
    with pytest.raises(Refused, match="issuer"):
        await Verifier([own], clock).verify(token)
    other = DevelopmentIssuer(tmp_path / "other", clock)
    with pytest.raises(Refused, match="kid"):
        await Verifier([other.issuer()], clock).verify(token)


def test_another_library_reads_the_token(folder, clock):
    development = DevelopmentIssuer(folder, clock)
    token = development.mint("staff", "ada")
    assert jwt.get_unverified_header(token) == {
        "alg": "Ed25519",
        "typ": "at+jwt",
        "kid": development.issuer().keys["keys"][0]["kid"],
    }
    claims = jwt.decode(token, options={"verify_signature": False, "verify_exp": False,
                                        "verify_iat": False, "verify_nbf": False,
                                        "verify_aud": False})  # fmt: skip
    assert claims["sub"] == "ada"


async def test_the_key_stays_over_restarts(folder, clock):
    token = DevelopmentIssuer(folder, clock).mint("staff", "ada")
    await Verifier([DevelopmentIssuer(folder, clock).issuer()], clock).verify(token)


def test_the_key_is_private_on_disk_and_leaves_no_draft(folder, clock):
    DevelopmentIssuer(folder, clock)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    path = key_file(folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_published_half_holds_nothing_private(folder, clock):
    development = DevelopmentIssuer(folder, clock)
    secret = json.loads(key_file(folder).read_text())["d"]
    assert secret not in repr(development.issuer())
    assert secret not in repr(development)
    assert "d" not in development.issuer().keys["keys"][0]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_open_to_others_is_refused_with_the_remedy(mode, folder, clock):
    DevelopmentIssuer(folder, clock)
    path = key_file(folder)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match=f"chmod 0600 {path}"):
        DevelopmentIssuer(folder, clock)


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701])
def test_a_folder_open_to_others_is_refused_with_the_remedy(mode, folder, clock):
    folder.mkdir(parents=True)
    folder.chmod(mode)
    with pytest.raises(ConfigurationError, match=f"chmod 0700 {folder}"):
        DevelopmentIssuer(folder, clock)
    assert list(folder.iterdir()) == []


def test_a_link_in_place_of_the_key_is_refused(folder, clock, tmp_path):
    DevelopmentIssuer(folder, clock)
    path = key_file(folder)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="Remedy"):
        DevelopmentIssuer(folder, clock)


@pytest.mark.parametrize("content", [b"", b"{", b'{"kty":"oct","k":"AAAA"}', b"\xff", b"[]",
                                     b'{"kty":"OKP","crv":"Ed25519","x":"AAAA"}'])  # fmt: skip
def test_a_damaged_key_is_refused_with_the_remedy(content, folder, clock):
    DevelopmentIssuer(folder, clock)
    key_file(folder).write_bytes(content)
    with pytest.raises(ConfigurationError, match="damaged"):
        DevelopmentIssuer(folder, clock)


def test_a_public_key_in_place_of_the_private_one_is_refused(folder, clock):
    development = DevelopmentIssuer(folder, clock)
    public = development.issuer().keys["keys"][0]
    key_file(folder).write_text(json.dumps(public))
    with pytest.raises(ConfigurationError, match="damaged"):
        DevelopmentIssuer(folder, clock)


def test_a_key_of_another_curve_is_refused(folder, clock):
    DevelopmentIssuer(folder, clock)
    other = OKPKey.generate_key("X25519").as_dict(private=True)
    key_file(folder).write_text(json.dumps(other))
    with pytest.raises(ConfigurationError, match="damaged"):
        DevelopmentIssuer(folder, clock)


def test_a_state_folder_that_is_a_file_is_refused(tmp_path, clock):
    (tmp_path / "state").write_text("")
    with pytest.raises(ConfigurationError, match="Remedy"):
        DevelopmentIssuer(tmp_path / "state", clock)


def test_many_that_start_at_once_share_one_key(folder, clock):
    with ThreadPoolExecutor(8) as pool:
        issuers = list(pool.map(lambda _: DevelopmentIssuer(folder, clock).issuer(), range(16)))
    assert all(issuer == issuers[0] for issuer in issuers)
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("kind", "name", "lifetime"),
    [("visitor", "x", 60), ("staff", "", 60), ("staff", "x", 0), ("staff", "x", -5),
     ("staff", "x", 31 * 86_400), ("staff", "x", float("nan"))],
)  # fmt: skip
def test_a_token_that_makes_no_sense_is_not_minted(kind, name, lifetime, folder, clock):
    with pytest.raises(ValueError, match="token"):
        DevelopmentIssuer(folder, clock).mint(kind, name, lifetime=lifetime)
