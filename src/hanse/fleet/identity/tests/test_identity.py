"""Identities: who gets which, how long they count, and what goes on when somebody is dead."""

import ssl
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from hanse.fleet.identity.kept import AUTHORITY, TRUSTED, IdentityError, kept
from hanse.fleet.identity.project_authority import REGION_LIFE, ROOT_LIFE, SUCCESSION
from hanse.fleet.identity.region_identity import LEAF_LIFE
from hanse.fleet.identity.tests.realm import Realm, now
from hanse.runtime.mutual.identity import Identity, read_identity

NOW = now()
MINUTE = timedelta(minutes=1)


@pytest.fixture
def realm(tmp_path: Path) -> Realm:
    return Realm(tmp_path, at=NOW)


def leaf(file: str) -> x509.Certificate:
    return x509.load_pem_x509_certificates(Path(file).read_bytes())[0]


def uris(file: str) -> list[str]:
    names = leaf(file).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def test_a_process_is_named_by_project_region_and_role(realm: Realm) -> None:
    region = realm.region()
    # when
    host = region.issue("host", "r1.cart-1", now=NOW)
    gateway = region.issue("gateway", now=NOW)
    broker = region.issue("broker", now=NOW, addresses=("localhost", "127.0.0.1"))
    # then
    assert uris(host.certificate) == ["spiffe://shop/r1/host/r1.cart-1"]
    assert uris(gateway.certificate) == ["spiffe://shop/r1/gateway"]
    names = leaf(broker.certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == ["localhost"]
    assert host.trust_domain == "shop"
    assert leaf(host.certificate).not_valid_after_utc == NOW + LEAF_LIFE


def test_key_and_chain_are_one_file_of_their_user(realm: Realm) -> None:
    tls = realm.region().issue("host", "r1.cart-1", now=NOW)
    # then
    assert tls.certificate == tls.key
    ssl.create_default_context(cafile=tls.authority).load_cert_chain(tls.certificate)
    files = list(realm.folder.rglob("*.pem"))
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}
    folders = [one for one in realm.folder.rglob("*") if one.is_dir()]
    assert {stat.S_IMODE(one.stat().st_mode) for one in folders} == {0o700}


def test_at_half_of_its_life_a_certificate_has_a_successor_with_another_key(realm: Realm) -> None:
    # given
    region = realm.region()
    file = region.issue("host", "r1.cart-1", now=NOW).certificate
    first = leaf(file)
    # when, then
    assert region.renew(NOW + 29 * MINUTE).renewed == ()
    assert leaf(file) == first
    assert region.renew(NOW + 30 * MINUTE).renewed == (Identity("shop", "r1", "host", "r1.cart-1"),)
    assert leaf(file).public_key() != first.public_key()
    assert leaf(file).not_valid_after_utc == NOW + 90 * MINUTE
    assert region.renew(NOW + 31 * MINUTE).renewed == ()


def test_whoever_comes_after_goes_on_with_what_is_good(realm: Realm) -> None:
    # given
    file = realm.region().issue("host", "r1.cart-1", now=NOW).certificate
    first = leaf(file)
    # when a control process follows another
    again = realm.region()
    again.issue("host", "r1.cart-1", now=NOW + MINUTE)
    # then
    assert leaf(file) == first
    again.issue("host", "r1.cart-1", now=NOW + 40 * MINUTE)
    assert leaf(file) != first


@pytest.mark.parametrize("damage", ["cut", "another name", "another root"])
def test_what_lies_there_and_is_no_good_is_replaced(realm: Realm, damage: str) -> None:
    # given
    file = Path(realm.region().issue("host", "r1.cart-1", now=NOW).certificate)
    first = file.read_bytes()
    if damage == "cut":
        file.write_bytes(first[: len(first) // 2])
    elif damage == "another name":
        file.write_bytes(Path(realm.issue("gateway").certificate).read_bytes())
    else:
        (realm.folder / "authority" / "root.pem").unlink()
        Realm(realm.folder, at=NOW)
    # when
    realm.region().issue("host", "r1.cart-1", now=NOW + MINUTE)
    # then
    assert uris(str(file)) == ["spiffe://shop/r1/host/r1.cart-1"]
    assert file.read_bytes() != first
    found = kept(file)
    assert found is not None
    found.chain[-1].verify_directly_issued_by(realm.root().leaf)


def test_a_region_goes_on_for_days_while_the_head_is_dead_and_says_so(realm: Realm) -> None:
    # given
    region = realm.region()
    region.issue("host", "r1.cart-1", now=NOW)
    # when nobody entrusts it again
    almost = NOW + REGION_LIFE - 20 * MINUTE
    renewal = region.renew(almost)
    # then
    assert [one.name for one in renewal.renewed] == ["r1.cart-1"]
    assert "has not renewed the authority of region r1" in renewal.problems[0]
    assert region.renew(NOW + REGION_LIFE / 2).problems == ()


def test_no_certificate_outlives_the_authority_of_its_region(realm: Realm) -> None:
    # given
    region = realm.region()
    file = region.issue("host", "r1.cart-1", now=NOW).certificate
    almost = NOW + REGION_LIFE - 20 * MINUTE
    # when
    region.renew(almost)
    # then
    assert leaf(file).not_valid_after_utc == NOW + REGION_LIFE
    assert region.renew(almost + MINUTE).renewed == ()  # there is no longer one to be had


def test_a_region_that_is_entrusted_no_more_is_shut_out(realm: Realm) -> None:
    # given
    region = realm.region()
    region.issue("host", "r1.cart-1", now=NOW)
    after = NOW + REGION_LIFE
    # when
    renewal = region.renew(after)
    # then
    assert renewal.renewed == ()
    assert "ran out" in renewal.problems[0]
    with pytest.raises(IdentityError, match="hanse up"):
        region.issue("host", "r1.cart-2", now=after)


def test_a_region_without_an_authority_says_who_gives_it(tmp_path: Path) -> None:
    realm = Realm(tmp_path, at=NOW)
    with pytest.raises(IdentityError, match="Region r9 has no authority"):
        realm.region("r9").issue("gateway", now=NOW)


def test_the_head_renews_an_authority_at_half_of_its_life(realm: Realm) -> None:
    # given
    region = realm.region()
    file = region.issue("host", "r1.cart-1", now=NOW).certificate
    before = realm.signing().leaf
    # when, then
    assert not realm.entrust("r1", NOW + REGION_LIFE / 2 - MINUTE)
    assert realm.entrust("r1", NOW + REGION_LIFE / 2 + MINUTE)
    assert realm.signing().leaf != before
    region.renew(NOW + REGION_LIFE / 2 + MINUTE)
    found = kept(Path(file))
    assert found is not None
    assert found.chain[-1] == realm.signing().leaf


def test_a_root_has_a_successor_that_is_trusted_beside_it(realm: Realm) -> None:
    # given
    first = realm.root().leaf
    late = NOW + ROOT_LIFE - SUCCESSION
    # when
    assert realm.entrust("r1", late)
    # then
    trusted = x509.load_pem_x509_certificates((realm.folder / "r1" / TRUSTED).read_bytes())
    assert trusted == [realm.root().leaf, first]
    assert realm.root().leaf != first
    assert realm.signing().chain[-1] == realm.root().leaf


def test_who_has_ended_is_renewed_no_more(realm: Realm) -> None:
    # given
    region = realm.region()
    gone = Path(region.issue("host", "r1.cart-1", now=NOW).certificate)
    region.issue("host", "r1.cart-2", now=NOW)
    # when
    region.forget("host", "r1.cart-1")
    # then
    assert not gone.exists()
    assert [one.name for one in region.renew(NOW + 30 * MINUTE).renewed] == ["r1.cart-2"]


def test_what_ran_out_unseen_is_taken_away(realm: Realm) -> None:
    # given
    lost = Path(realm.region().issue("host", "r1.cart-1", now=NOW).certificate)
    region = realm.region()
    region.issue("host", "r1.cart-2", now=NOW)
    # when, then
    region.renew(NOW + 40 * MINUTE)
    assert lost.exists()
    region.renew(NOW + 80 * MINUTE)
    assert not lost.exists()


def test_who_is_told_by_text_has_what_is_in_the_file(realm: Realm) -> None:
    # given
    region = realm.region()
    tls = region.issue("gateway", now=NOW)
    # when
    told = region.certificate("gateway")
    # then
    assert f"{told.key}{told.chain}" == Path(tls.certificate).read_text()
    assert region.trusted() == (realm.folder / "r1" / TRUSTED).read_text()
    with pytest.raises(LookupError):
        region.certificate("broker")


def test_an_authority_signs_no_authority(realm: Realm) -> None:
    basics = [
        one.extensions.get_extension_for_class(x509.BasicConstraints).value
        for one in (realm.root().leaf, realm.signing().leaf)
    ]
    assert [one.path_length for one in basics] == [1, 0]
    assert (realm.folder / "r1" / AUTHORITY).exists()


@pytest.mark.parametrize(
    "uri",
    [
        "spiffe://shop/r1/host/r1.cart-1", "spiffe://shop/r1/gateway", "spiffe://web-shop/eu_1/control",
        "spiffe://shop/r1/broker",
    ],
)  # fmt: skip
def test_an_identity_is_written_as_it_is_read(uri: str) -> None:
    found = read_identity(uri)
    assert found is not None
    assert found.uri == uri


@pytest.mark.parametrize(
    "uri",
    [
        "", "spiffe://shop", "spiffe://shop/r1", "spiffe://shop/r1/host", "spiffe://shop/r1/host/", "spiffe://shop/r1/root",
        "spiffe://shop/r1/gateway/x", "spiffe://shop/r1/host/a/b", "https://shop/r1/gateway", "SPIFFE://shop/r1/gateway",
        "spiffe://Shop/r1/gateway", "spiffe://shop/r1/gateway\n", "spiffe://shop//gateway", "spiffe://shop/r1/host/%61",
        "spiffe://shop/r1/gateway?x", "spiffe://shop/../gateway", "spiffe://shop:1/r1/gateway", "spiffe://a@shop/r1/gateway",
    ],
)  # fmt: skip
def test_what_is_not_exactly_of_our_form_is_nobody(uri: str) -> None:
    assert read_identity(uri) is None
