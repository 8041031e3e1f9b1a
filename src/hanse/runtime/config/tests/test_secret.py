"""A secret shows itself only to whoever asks by name."""

import copy
import json
import logging
import pickle
import traceback

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.config.secret import Secret, decode_secret

CANARY = "canary-7f3a9c"


class Holder(msgspec.Struct, frozen=True):
    key: Secret


@pytest.mark.parametrize(
    "show",
    [repr, str, "{}".format, "{!r}".format, "{!s:>40}".format, "{:.6}".format, "{:%Y}".format,
     lambda s: f"{s:canary}", lambda s: "%s %r".__mod__((s, s)), lambda s: repr([s]),
     lambda s: repr(Holder(s)), lambda s: str({"key": s}), lambda s: repr(msgspec.structs.asdict(Holder(s)))],
)  # fmt: skip
def test_no_way_of_showing_it_shows_it(show):
    shown = show(Secret(CANARY))
    assert "***" in shown
    assert not any(piece in shown for piece in (CANARY, "7f3", CANARY[:6] + "-"))


@pytest.mark.parametrize(
    "write",
    [msgspec.json.encode, msgspec.msgpack.encode, msgspec.to_builtins, json.dumps, pickle.dumps,
     lambda s: msgspec.json.encode(Holder(s)), lambda s: pickle.dumps(Holder(s)),
     lambda s: pickle.dumps(s, protocol=0), lambda s: s.__reduce__(), vars],
)  # fmt: skip
def test_no_way_of_writing_it_writes_it(write):
    with pytest.raises(TypeError) as error:
        write(Secret(CANARY))
    assert CANARY not in str(error.value)


def test_neither_a_log_line_nor_a_traceback_shows_it(caplog):
    secret = Secret(CANARY)
    logging.getLogger("test").warning("key %s in %r", secret, {"k": secret})
    try:
        raise RuntimeError(secret)
    except RuntimeError as error:
        text = "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        )
    assert CANARY not in text.replace(f"CANARY = '{CANARY}'", "")
    assert CANARY not in caplog.text


def test_it_is_revealed_by_name():
    assert Secret(CANARY).reveal() == CANARY


@given(st.text(min_size=1), st.text(min_size=1))
def test_secrets_are_equal_as_their_texts_are(one, two):
    assert (Secret(one) == Secret(two)) == (one == two)
    assert Secret(one) == Secret(one)
    assert hash(Secret(one)) == hash(Secret(one))
    assert Secret(one) != one


def test_it_does_not_change():
    secret = Secret(CANARY)
    for change in (
        lambda: setattr(secret, "_text", "x"),
        lambda: delattr(secret, "_text"),
        lambda: setattr(secret, "other", "x"),
    ):
        with pytest.raises(AttributeError):
            change()
    assert secret.reveal() == CANARY


def test_a_copy_is_the_same():
    secret = Secret(CANARY)
    assert copy.copy(secret) is secret
    assert copy.deepcopy({"k": secret})["k"] is secret


def test_an_empty_secret_is_a_mistake():
    with pytest.raises(ValueError, match="at least one character"):
        Secret("")


def test_it_is_decoded_from_text():
    holder = msgspec.convert({"key": CANARY}, Holder, dec_hook=decode_secret)
    assert holder.key.reveal() == CANARY


@pytest.mark.parametrize("wrong", [5, "", None, [CANARY], {"a": CANARY}])
def test_what_is_no_text_is_no_secret_and_not_shown(wrong):
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert({"key": wrong}, Holder, dec_hook=decode_secret)
    assert "$.key" in str(error.value)
    assert CANARY not in str(error.value)


def test_the_hook_reads_secrets_only():
    with pytest.raises(NotImplementedError):
        decode_secret(complex, "1")
