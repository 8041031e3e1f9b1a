"""Keys outside of the database: made once, for one database, and opened by their user alone."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.data.personal.key_files import KeyringError, generation_path, write_private
from hanse.runtime.data.personal.keyring import Keyring
from hanse.runtime.data.personal.subject_key import BrokenSeal, SubjectKey

KEY = SubjectKey(b"k" * 32)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "keys"


def test_what_it_makes_its_user_alone_opens(folder):
    Keyring.make(folder)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == dict.fromkeys(("ring.json", "secret.key", "generation-1.key"), 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_made_again_it_is_the_same(folder):
    first, again = Keyring.make(folder), Keyring.make(folder)
    assert first.id == again.id
    assert first.token("acme", "ada@example.org") == again.token("acme", "ada@example.org")
    assert again.unwrap(first.wrap(b"k", b"", 1), b"", 1) == b"k"


def test_one_that_was_broken_off_goes_on_with_the_keys_that_are_there(folder):
    before = Keyring.make(folder)
    (folder / "ring.json").unlink()
    again = Keyring.make(folder)
    assert again.token("acme", "x") == before.token("acme", "x")


@pytest.mark.parametrize("open_to_others", ["secret.key", "generation-1.key", "ring.json", "."])
def test_one_that_others_may_read_is_refused_with_the_way_out(folder, open_to_others):
    Keyring.make(folder)
    (folder / open_to_others).chmod(0o755)
    with pytest.raises(KeyringError, match="chmod [67]00 .*") as caught:
        Keyring(folder)
    assert str(folder / open_to_others) in str(caught.value)


@pytest.mark.parametrize("name", ["secret.key", "generation-1.key", "ring.json"])
@pytest.mark.parametrize("data", [b"", b"abc", b"00" * 31])
def test_a_file_that_was_cut_off_is_said_and_never_used(folder, name, data):
    Keyring.make(folder)
    write_private(folder / name, data)
    with pytest.raises(KeyringError, match=f"{name}.*copy"):
        Keyring(folder)


def test_a_folder_that_is_not_there_is_said_with_the_setting(folder):
    with pytest.raises(KeyringError, match=r"is not there.*\[keys\]"):
        Keyring(folder)


def test_a_ring_of_a_later_hanse_is_left_to_it(folder):
    Keyring.make(folder)
    write_private(folder / "ring.json", b'{"id": "x", "version": 2}')
    with pytest.raises(KeyringError, match="is of version 2"):
        Keyring(folder)


def test_a_generation_that_was_added_elsewhere_is_found_and_one_destroyed_opens_nothing(folder):
    here, elsewhere = Keyring.make(folder), Keyring(folder)
    elsewhere.add(2)
    assert here.knows(2)
    wrapped = elsewhere.wrap(b"k", b"", 2)
    assert here.unwrap(wrapped, b"", 2) == b"k"
    here.destroy(1)
    here.destroy(1)
    assert not generation_path(folder, 1).exists()
    assert not here.knows(1) and not Keyring(folder).knows(1)


def test_adding_a_generation_twice_makes_one_key(folder):
    ring = Keyring.make(folder)
    ring.add(2)
    wrapped = ring.wrap(b"k", b"", 2)
    ring.add(2)
    assert Keyring(folder).unwrap(wrapped, b"", 2) == b"k"


@given(st.text(max_size=50), st.text(max_size=50))
def test_tokens_are_equal_where_texts_are_and_only_within_a_site(tmp_path_factory, a, b):
    ring = Keyring.make(tmp_path_factory.mktemp("ring"))
    assert len(ring.token("acme", a)) == 22
    assert (ring.token("acme", a) == ring.token("acme", b)) == (a == b)
    assert ring.token("acme", a) != ring.token("other", a)


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_what_was_sealed_is_opened_by_its_key_in_its_place(plain, bound):
    sealed = KEY.seal(plain, bound)
    assert KEY.open(sealed, bound) == plain
    assert KEY.seal(plain, bound) != sealed


@given(st.binary(max_size=50), st.data())
def test_what_was_moved_changed_or_sealed_by_another_is_not_opened(plain, data):
    sealed = KEY.seal(plain, b"here")
    at = data.draw(st.integers(0, len(sealed) - 2))  # a last letter has bits that say nothing
    other = "A" if sealed[at] != "A" else "B"
    wrong = [
        (KEY, sealed, b"there"),
        (SubjectKey(b"l" * 32), sealed, b"here"),
        (KEY, sealed[:at] + other + sealed[at + 1 :], b"here"),
        (KEY, sealed[:at], b"here"),
    ]
    for key, text, bound in wrong:
        with pytest.raises(BrokenSeal):
            key.open(text, bound)


def test_destroying_follows_no_link(folder, tmp_path):
    ring = Keyring.make(folder)
    other = tmp_path / "other"
    other.write_bytes(b"somebody's")
    path = generation_path(folder, 1)
    path.unlink()
    path.symlink_to(other)
    with pytest.raises(KeyringError):
        ring.destroy(1)
    assert other.read_bytes() == b"somebody's"


@pytest.mark.root("only root gives files away")
def test_what_root_makes_in_the_folder_of_a_fleet_is_the_fleets(folder):
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, 65534)
    ring = Keyring.make(folder)
    ring.add(2)
    assert {path.stat().st_uid for path in folder.iterdir()} == {65534}
