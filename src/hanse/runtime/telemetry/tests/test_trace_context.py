"""The rules of W3C Trace Context, one by one; many cases are from its own test suite."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.telemetry.trace_context import (
    STATE_LENGTH_LIMIT,
    TraceContext,
    format_traceparent,
    parse,
)

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"


def state_of(tracestate: str) -> str:
    found = parse(PARENT, tracestate)
    assert found is not None, "a tracestate must never cost the traceparent"
    assert (found.trace_id, found.span_id, found.sampled) == (TRACE, SPAN, True)
    return found.state


def test_a_valid_header_is_taken_over() -> None:
    assert parse(PARENT, None) == TraceContext(TRACE, SPAN, True, "")


def test_without_a_traceparent_there_is_nothing_even_with_a_tracestate() -> None:
    assert parse(None, None) is None
    assert parse(None, "congo=1") is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-001",
        f"00-{TRACE}-{SPAN}-.1",
        f"00-{TRACE}-{SPAN}-1.",
        f"00-{TRACE}-{SPAN}-0G",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}0-{SPAN}-01",
        f"00-.{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE[1:]}.-{SPAN}-01",
        f"00-{TRACE}-{SPAN[1:]}-01",
        f"00-{TRACE}-{SPAN}0-01",
        f"00-{TRACE}-.{SPAN[1:]}-01",
        f"00_{TRACE}_{SPAN}_01",
        f"0-{TRACE}-{SPAN}-01",
        f"000-{TRACE}-{SPAN}-01",
        f".0-{TRACE}-{SPAN}-01",
        f"0G-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        f"00-{TRACE}-{SPAN}-01\x00",
        f"00-{TRACE}-{SPAN}-٠١",
        f"\ud800{PARENT}",
    ],
)
def test_a_malformed_header_is_ignored(header: str) -> None:
    assert parse(header, "congo=1") is None


@pytest.mark.parametrize("version", ["00", "cc"])
def test_all_zero_ids_are_refused(version: str) -> None:
    assert parse(f"{version}-{'0' * 32}-{SPAN}-01", None) is None
    assert parse(f"{version}-{TRACE}-{'0' * 16}-01", None) is None


@pytest.mark.parametrize("version", ["00", "cc"])
def test_upper_case_is_refused(version: str) -> None:
    assert parse(f"{version}-{TRACE.upper()}-{SPAN}-01", None) is None
    assert parse(f"{version}-{TRACE}-{SPAN.upper()}-01", None) is None
    assert parse(f"CC-{TRACE}-{SPAN}-01", None) is None
    assert parse(f"{version}-{TRACE}-{SPAN}-0B", None) is None


def test_version_ff_is_invalid() -> None:
    assert parse(f"ff-{TRACE}-{SPAN}-01", None) is None
    assert parse(f"ff-{TRACE}-{SPAN}-01-more", None) is None


def test_version_00_has_an_exact_length() -> None:
    assert parse(f"{PARENT}-", None) is None
    assert parse(f"{PARENT}-what-the-future-will-be-like", None) is None
    assert parse(f"{PARENT}.", None) is None


@pytest.mark.parametrize("rest", ["", "-", "-what-the-future-will-be-like", "-.!"])
def test_a_later_version_may_say_more_after_a_dash(rest: str) -> None:
    assert parse(f"cc-{TRACE}-{SPAN}-01{rest}", None) == TraceContext(TRACE, SPAN, True)
    assert parse(f"01-{TRACE}-{SPAN}-00{rest}", None) == TraceContext(TRACE, SPAN, False)


def test_a_later_version_may_not_say_more_without_a_dash() -> None:
    assert parse(f"cc-{TRACE}-{SPAN}-01.what-the-future-will-be-like", None) is None
    assert parse(f"cc-{TRACE}-{SPAN}-010", None) is None


def test_several_traceparent_headers_are_invalid() -> None:
    assert parse(f"{PARENT},{PARENT}", None) is None
    assert parse(f"{PARENT}, {PARENT}", None) is None
    assert parse(f"cc-{TRACE}-{SPAN}-01-x,cc-{TRACE}-{SPAN}-01", None) is None


@pytest.mark.parametrize("around", [" {}", "\t{}", "{} ", "{}\t", "\t {} \t"])
def test_white_space_around_the_header_does_not_count(around: str) -> None:
    assert parse(around.format(PARENT), None) == TraceContext(TRACE, SPAN, True)


@given(st.integers(0, 255), st.sampled_from(["00", "cc"]))
def test_only_the_lowest_flag_is_read_and_handed_on(flags: int, version: str) -> None:
    found = parse(f"{version}-{TRACE}-{SPAN}-{flags:02x}", None)
    assert found is not None
    assert found.sampled == bool(flags & 1)
    onward = format_traceparent(found.trace_id, SPAN, found.sampled)
    assert onward == f"00-{TRACE}-{SPAN}-0{flags & 1}"


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans())
def test_what_is_formatted_is_parsed_again(trace: int, span: int, sampled: bool) -> None:
    context = TraceContext(f"{trace:032x}", f"{span:016x}", sampled)
    assert parse(format_traceparent(context.trace_id, context.span_id, sampled), None) == context


@given(st.text(max_size=80) | st.text("0123456789abcdefF-, \t", max_size=70), st.text(max_size=600))
def test_no_header_breaks_the_parser(traceparent: str, tracestate: str) -> None:
    parse(traceparent, tracestate)
    state_of(tracestate)


def test_a_tracestate_is_handed_on_in_order() -> None:
    members = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"
    assert state_of(members) == members


def test_empty_members_and_white_space_are_left_out() -> None:
    assert state_of("") == state_of(" ") == state_of(",, ,\t,") == ""
    assert state_of("\t foo=1 \t , \t bar=2,,  baz= 3 ,") == "foo=1,bar=2,baz= 3"


def test_all_allowed_characters_are_allowed() -> None:
    key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/"
    value = "".join(chr(c) for c in range(0x20, 0x7F) if chr(c) not in ",=")
    assert state_of(f"{key}={value}") == f"{key}={value}"
    assert state_of(f"{key}@a-z0-9_-*/={value}") == f"{key}@a-z0-9_-*/={value}"


@pytest.mark.parametrize(
    "bad",
    [
        "foo",
        "=1",
        "foo =1",
        "FOO=1",
        "foo.bar=1",
        "@foo=1",
        "-foo=1",
        "foo=bar=baz",
        "foo=",
        "foo= ",
        "foo=b\tar",
        "foo=\x7f",
        "foo=bär",
        "foo=1;bar=2\r\nx-evil: 1",
        "z" * 257 + "=1",
        "foo=" + "v" * 257,
    ],
)
def test_an_invalid_member_drops_the_whole_tracestate_only(bad: str) -> None:
    assert state_of(f"{bad},good=1") == ""
    assert state_of(f"good=1,{bad}") == ""


def test_a_key_that_comes_twice_drops_the_tracestate() -> None:
    assert state_of("foo=1,foo=1") == ""
    assert state_of("foo=1,bar=2,foo=3") == ""


def test_thirty_two_members_are_the_limit() -> None:
    members = [f"bar{n:02}={n:02}" for n in range(1, 34)]
    assert state_of(",".join(members[:32])) == ",".join(members[:32])
    assert state_of(",".join(members)) == ""


def test_512_characters_go_on_whole() -> None:
    longest = "a=" + "v" * 253 + "," + "b=" + "v" * 254
    assert len(longest) == STATE_LENGTH_LIMIT
    assert state_of(longest) == longest


def test_a_long_tracestate_loses_long_members_first() -> None:
    short = [f"k{n}=" + "v" * 120 for n in range(4)]
    assert state_of(",".join([short[0], "long=" + "v" * 200, *short[1:]])) == ",".join(short)


def test_then_it_loses_whole_members_from_the_end() -> None:
    members = [f"k{n}=" + "v" * 120 for n in range(8)]
    assert state_of(",".join(members)) == ",".join(members[:4])
