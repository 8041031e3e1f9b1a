"""One spelling for each value."""

import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.credentials.strict_json import read_base64url, read_object, write_base64url

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.binary())
def test_what_is_written_is_read(raw):
    assert read_base64url(write_base64url(raw)) == raw


@given(st.text(max_size=12))
def test_a_text_is_the_one_spelling_of_its_bytes_or_refused(text):
    try:
        raw = read_base64url(text)
    except ValueError:
        return
    assert write_base64url(raw) == text


@given(st.binary(min_size=1))
def test_padding_is_refused(raw):
    padded = base64.urlsafe_b64encode(raw).decode()
    if padded.endswith("="):
        with pytest.raises(ValueError, match="base64"):
            read_base64url(padded)


@given(st.dictionaries(st.text(), JSON, max_size=3))
def test_ordinary_objects_are_read(value):
    assert read_object(json.dumps(value).encode()) == value


@given(st.binary())
def test_any_bytes_are_an_object_or_a_value_error(raw):
    with suppress(ValueError):
        assert isinstance(read_object(raw), dict)
