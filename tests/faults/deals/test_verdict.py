"""The judge is judged: each crime a host could commit against a deal is one in its eyes, and nothing else is."""

from __future__ import annotations

import pytest

from tests.faults.deals.outside import Done
from tests.faults.deals.verdict import Booked, Deal, Found, complaints, twice
from tests.faults.kills.ledger import Entry, Errand

ROWS = [("l", 1, "a"), ("l", 2, "b")]
BOOKED = [
    Booked(reader, "l", kind, place, number)
    for reader, kind in (("each", "ordered"), ("many", "ordered"), ("tasted", "ordered"), ("each", "paid"))
    for _, place, number in ROWS
]  # fmt: skip
DONE = [
    Done(what, f"{what}-{number}{more}", f"{number}{more}")
    for number in "ab"
    for what, more in (("pay", ""), ("pay", "/freight"), ("mail", ""))
]
WELL = Found(
    {"ordered": ROWS, "paid": ROWS},
    BOOKED,
    [Deal("a", "done", "brought here"), Deal("b", "done", "brought here")],
    {("l", "ordered"): 2, ("l", "paid"): 2},
    [],
    DONE,
)


def errand(kind: str, name: str) -> Errand:
    return Errand(number=1, client=0, kind=kind, name=name, table="l", note="here")


def told(kind: str, name: str, word: str, answer: object = None) -> list[Entry]:
    return [Entry(errand(kind, name), "sent"), Entry(errand(kind, name), word, 200, answer)]


LEDGER = [
    *told("order", "a", "done", 1),
    *told("order", "b", "unknown"),
    *told("bring", "a", "done"),
    *told("bring", "b", "unknown"),
]


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        (LEDGER, WELL),
        ([*LEDGER, *told("order", "c", "refused")], WELL),
        ([*LEDGER, *told("order", "c", "unknown")], WELL),
        (LEDGER, WELL._replace(done=[*DONE, *DONE])),
        (LEDGER, WELL._replace(done=[*DONE, Done("taste", "-", "z")])),
        (LEDGER, WELL._replace(booked=BOOKED[6:] + BOOKED[:6])),
    ],
)
def test_what_may_be_is_no_crime(entries, found):
    assert complaints(entries, found) == []


def less(found: Found, **at: int) -> Found:
    """Without one of them."""
    ((name, index),) = at.items()
    all_of = list(getattr(found, name))
    del all_of[index]
    return found._replace(**{name: all_of})


@pytest.mark.parametrize(
    ("crime", "found"),
    [
        ("an order is gone", WELL._replace(rows={"ordered": ROWS[1:], "paid": ROWS})),
        ("an order has another place", WELL._replace(rows={"ordered": [("l", 3, "a"), ROWS[1]], "paid": ROWS})),
        ("an order nobody sent", WELL._replace(rows={"ordered": [*ROWS, ("l", 3, "c")], "paid": ROWS})),
        ("a lane counts more than it has", WELL._replace(lanes={("l", "ordered"): 3, ("l", "paid"): 2})),
        ("a receipt is gone", WELL._replace(rows={"ordered": ROWS, "paid": ROWS[:1]})),
        ("two receipts", WELL._replace(rows={"ordered": ROWS, "paid": [*ROWS, ("l", 3, "b")]}, lanes={("l", "ordered"): 2, ("l", "paid"): 3})),
        ("a deal is gone", less(WELL, deals=0)),
        ("a deal nobody ordered", WELL._replace(deals=[*WELL.deals, Deal("c", "done", "brought here")])),
        ("a deal is stuck", WELL._replace(deals=[WELL.deals[0], Deal("b", "open", "")])),
        ("a deal gave what nobody said", WELL._replace(deals=[WELL.deals[0], Deal("b", "done", "brought there")])),
        *((f"{BOOKED[at]} is lost", less(WELL, booked=at)) for at in range(8)),
        *((f"{one} is told twice", WELL._replace(booked=[*BOOKED, one])) for one in BOOKED),
        ("an event nobody wrote", WELL._replace(booked=[*BOOKED, Booked("each", "l", "ordered", 3, "c")])),
        ("another order", WELL._replace(booked=[BOOKED[1], BOOKED[0], *BOOKED[2:]])),
        ("something lies in the outbox", WELL._replace(waiting=["event in the outbox"])),
        *((f"{DONE[at]} never was", less(WELL, done=at)) for at in range(6)),
        ("paid under two keys", WELL._replace(done=[*DONE, Done("pay", "other", "a")])),
        ("mailed under two keys", WELL._replace(done=[*DONE, Done("mail", "other", "a")])),
        ("paid what nobody ordered", WELL._replace(done=[*DONE, Done("pay", "pay-c", "c")])),
    ],
)  # fmt: skip
def test_each_crime_is_told(crime, found):
    assert complaints(LEDGER, found) != [], crime


def test_what_was_refused_is_not_there():
    ledger = [*LEDGER[2:], *told("order", "a", "refused")]
    assert complaints(ledger, WELL) == ["invented: order a was refused, and is there"]


def test_doubles_that_keys_made_good_are_counted():
    assert twice(WELL._replace(done=[*DONE, *DONE[:2]])) == {"pay": 2}
    assert not twice(WELL)
