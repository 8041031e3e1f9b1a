"""The drawing of a trace: what it looks like, and that no trace can spoil it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.telemetry.span import Span
from hanse.runtime.telemetry.waterfall import ROWS_LIMIT, duration_text, waterfall

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
START_NS = 1_700_000_000_000_000_000


def span(ids, name, at_ms, took_ms, kind="server", code="") -> Span:
    number, parent = ids
    return Span(
        TRACE,
        f"{number:016x}",
        f"{parent:016x}" if parent else "",
        name,
        kind,
        START_NS + int(at_ms * 1e6),
        int(took_ms * 1e6),
        code,
    )


CHECKOUT = [
    span((1, 0), "boutique.v1.Checkout/PlaceOrder", 0, 48.2),
    span((2, 1), "boutique.v1.Cart/Get", 0.4, 6.1, "client"),
    span((3, 2), "boutique.v1.Cart/Get", 1.1, 4.9),
    span((4, 1), "price the basket", 7, 0.012, "internal"),
    span((5, 1), "billing.v1.Payments/Charge", 8.5, 38, "client", "deadline_exceeded"),
    span((6, 5), "billing.v1.Payments/Charge", 9.2, 61.5, "server", "deadline_exceeded"),
    span((7, 99), "mail.v1.Outbox/Send", 50, 1.2, "server", "unavailable"),
]


def test_it_looks_good_in_eighty_columns() -> None:
    assert waterfall(CHECKOUT) == (
        "trace 4bf92f3577b34da6a3ce929d0e0e4736: 7 spans, 70.7ms, 3 errors\n"
        "boutique.v1.Checkout/PlaceOrder          +0ns   48.2ms █████████████████▌\n"
        "├ → boutique.v1.Cart/Get             +400.0µs   6.10ms ██▌\n"
        "│ └ boutique.v1.Cart/Get              +1.10ms   4.90ms ██▌\n"
        "├ · price the basket                  +7.00ms   12.0µs   ▌\n"
        "└ …yments/Charge ✗ deadline_exceeded  +8.50ms   38.0ms    █████████████▌\n"
        "  └ …ents/Charge ✗ deadline_exceeded  +9.20ms   61.5ms    ██████████████████████\n"
        "? missing span 0000000000000063\n"
        "└ mail.v1.Outbox/Send ✗ unavailable   +50.0ms   1.20ms                  ▐▌\n"
    )


def test_the_order_of_the_spans_and_repetition_do_not_matter() -> None:
    assert waterfall([*reversed(CHECKOUT), *CHECKOUT]) == waterfall(CHECKOUT)


def test_nothing_is_drawn_of_nothing() -> None:
    assert waterfall([]) == "no spans\n"


def test_more_columns_show_more() -> None:
    assert "→ billing.v1.Payments/Charge ✗ deadline_exceeded" in waterfall(CHECKOUT, 120)


def test_spans_that_are_their_own_ancestors_are_drawn_once() -> None:
    circle = [span((1, 2), "a", 0, 1), span((2, 1), "b", 0, 1), span((3, 3), "self", 0, 1)]
    drawn = waterfall(circle)
    assert drawn.count("spans that are their own ancestors") == 2
    assert [drawn.count(f"{name}  ") for name in ("a", "b", "self")] == [1, 1, 1]


def test_a_thousand_deep_is_no_deeper_than_the_page() -> None:
    chain = [span((n, n - 1), f"level {n}", n, 1) for n in range(1, ROWS_LIMIT + 50)]
    lines = waterfall(chain).split("\n")
    assert len(lines) == ROWS_LIMIT + 3
    assert lines[-2] == "… and 49 more"
    assert all(len(line) <= 80 for line in lines)
    assert "level 900" in lines[900]


def test_work_that_took_no_time_is_still_seen_and_a_clock_gone_wrong_stays_inside() -> None:
    whole = span((1, 0), "whole", 0, 100)
    for at_ms in (0, 50, 100):
        drawn = waterfall([whole, span((2, 1), "instant", at_ms, 0)])
        assert {"▌", "▐"} & set(drawn.split("\n")[2])
    assert all(
        len(line) <= 80 for line in waterfall([whole, span((2, 1), "x", 90, -50)]).split("\n")
    )


def test_names_and_codes_cannot_move_the_cursor() -> None:
    evil = "\x1b[2J\x9b1A\r\n\u202egnp.exe\u2028\x00"
    drawn = waterfall([span((1, 0), evil, 0, 1, code=evil)], 200)
    assert drawn.count("\n") == 2
    assert not set("\x1b\x9b\r\u202e\u2028\x00") & set(drawn)
    assert "\\x1b[2J" in drawn


def test_an_error_never_hides_its_code_behind_a_long_name() -> None:
    assert "✗ not_found" in waterfall([span((1, 0), "x" * 500, 0, 1, code="not_found")])
    deep = [span((n, n - 1), "step", n, 1, "server", "deadline_exceeded") for n in range(1, 20)]
    assert waterfall(deep, 110).count("✗ deadline_exceeded ") == 19
    assert all(len(line) <= 72 for line in waterfall(deep, 72).split("\n"))
    assert "x ✗ " in waterfall([span((1, 0), "x", 0, 1, code="c" * 500)])


texts = st.text(max_size=90)
spans = st.builds(
    Span,
    trace_id=st.just(TRACE) | texts,
    span_id=st.integers(1, 9).map(str),
    parent_id=st.integers(0, 12).map(lambda n: str(n) if n else ""),
    name=texts,
    kind=st.sampled_from(["server", "client", "internal", "new"]),
    start_ns=st.integers(START_NS, START_NS + 10**6) | st.integers(0, 2**62),
    duration_ns=st.integers(-5, 10**6) | st.integers(0, 2**62),
    code=st.just("") | texts,
)


@given(st.lists(spans, max_size=12), st.integers(-5, 200))
def test_whatever_the_spans_every_one_is_drawn_once_within_the_width(drawn_spans, width) -> None:
    lines = waterfall(drawn_spans, width).split("\n")
    rows = [line for line in lines[1:] if line and not line.startswith("? ")]
    assert len(rows) == len({one.span_id for one in drawn_spans})
    assert all(len(line) <= max(72, width) for line in lines[1:])
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0ns"), (999, "999ns"), (1000, "1.00µs"), (12_400, "12.4µs"), (999_949, "999.9µs"),
        (999_999, "1000µs"), (3_050_000, "3.05ms"), (61_200_000_000, "61.2s"),
        (5 * 10**12, "5000s"),
        (10**14, "1.16d"), (2**63, "106752d"), (-5, "0ns"),
    ],
)  # fmt: skip
def test_durations_are_short(ns: int, text: str) -> None:
    assert duration_text(ns) == text
