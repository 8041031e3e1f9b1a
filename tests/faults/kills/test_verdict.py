"""The judge is judged: each crime a host could commit is one in its eyes, and nothing else is."""

from __future__ import annotations

import pytest

from tests.faults.kills.ledger import Entry, Errand, Ledger
from tests.faults.kills.verdict import Row, Told, complaints, untold

PAIR = {("accounts", "a"): Row(1), ("purses", "p"): Row(1)}
MOVED = {("accounts", "a"): Row(2, 93), ("purses", "p"): Row(2, 107)}


def errand(kind: str, name: str = "a", **more) -> Errand:
    return Errand(number=1, client=0, kind=kind, name=name, **more)


def told(errand: Errand, word: str, answer=None) -> list[Entry]:
    status = {"done": 200, "refused": 404, "unknown": 0}[word]
    return [Entry(errand, "sent"), Entry(errand, word, status, answer)]


CREATED = told(errand("create"), "done") + told(errand("create", "p", table="purses"), "done")
MOVE = errand("transfer", other="p", amount=7)
KEYED = errand("transfer", other="p", amount=7, key="k")
CHANGE = errand("change", note="n")
SAID = {"account": 93, "account_revision": 2, "purse": 107, "purse_revision": 2}


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([], PAIR),
        (told(CHANGE, "done", {"revision": 2, "note": "n"}), PAIR | {("accounts", "a"): Row(2, 100, "n")}),
        (told(CHANGE, "unknown"), PAIR),
        (told(CHANGE, "unknown"), PAIR | {("accounts", "a"): Row(2, 100, "n")}),
        (told(CHANGE, "refused"), PAIR),
        (told(MOVE, "unknown"), PAIR),
        (told(MOVE, "unknown"), MOVED),
        (told(MOVE, "done", SAID), MOVED),
        ([*told(KEYED, "unknown"), Entry(KEYED, "again", 200, SAID)], MOVED),
        ([*told(KEYED, "done", SAID), Entry(KEYED, "again", 200, SAID)], MOVED),
        (told(errand("delete"), "unknown"), PAIR),
        (told(errand("delete"), "done"), {("purses", "p"): Row(1)}),
        (told(errand("create", "b"), "unknown"), PAIR),
        (told(errand("create", "b"), "unknown"), PAIR | {("accounts", "b"): Row(1)}),
        (told(errand("look"), "done", {"revision": 1, "balance": 100, "note": ""}), PAIR),
    ],
)  # fmt: skip
def test_what_may_be_is_no_crime(entries, found):
    assert complaints([*CREATED, *entries], found) == []


@pytest.mark.parametrize(
    ("crime", "entries", "found"),
    [
        ("a lost create", [], {("accounts", "a"): Row(1)}),
        ("a lost change", told(CHANGE, "done", {"revision": 2, "note": "n"}), PAIR),
        ("half a transfer", told(MOVE, "unknown"), PAIR | {("accounts", "a"): Row(2, 93)}),
        ("a lost transfer", told(MOVE, "done", SAID), PAIR),
        ("a refused change that was done", told(CHANGE, "refused"), PAIR | {("accounts", "a"): Row(2, 100, "n")}),
        ("a row nobody asked for", [], PAIR | {("accounts", "z"): Row(1)}),
        ("a row that came back", told(errand("delete"), "done"), PAIR),
        ("a change done twice", told(CHANGE, "done", {"revision": 2, "note": "n"}), PAIR | {("accounts", "a"): Row(3, 100, "n")}),
        ("a write that no revision counts", told(CHANGE, "unknown"), PAIR | {("accounts", "a"): Row(1, 100, "n")}),
        ("a stale revision taken", told(errand("stale", note="n"), "done", {"revision": 2, "note": "n"}), PAIR),
        ("another answer under a key", [*told(KEYED, "done", SAID), Entry(KEYED, "again", 200, SAID | {"purse": 114})], MOVED),
        ("twice under a key", [*told(KEYED, "unknown"), Entry(KEYED, "again", 200, SAID)], {("accounts", "a"): Row(3, 86), ("purses", "p"): Row(3, 114)}),
        ("an old row read", told(CHANGE, "done", {"revision": 2, "note": "n"}) + told(errand("look"), "done", {"revision": 1, "balance": 100, "note": ""}), PAIR | {("accounts", "a"): Row(2, 100, "n")}),
        ("another file", told(errand("file", "d", table="deeds", digest="x"), "done"), PAIR | {("deeds", "d"): Row(1, digest="y")}),
    ],
)  # fmt: skip
def test_each_crime_is_told(crime, entries, found):
    assert complaints([*CREATED, *entries], found) != [], crime


TOLD = [Told(("accounts", "a"), -3, 2), Told(("accounts", "a"), -4, 3), Told(("purses", "p"), 7, 2)]
BALANCES = {("accounts", "a"): Row(3, 93), ("purses", "p"): Row(2, 107), ("deeds", "d"): Row(1)}


def test_what_is_told_is_held_against_the_rows():
    assert untold(BALANCES, TOLD) == []
    assert untold(BALANCES, TOLD[:2]) != [], "a write without its event"
    assert untold(PAIR, TOLD[2:]) != [], "an event without its write"
    assert untold(BALANCES, [*TOLD, TOLD[0]]) != [], "told twice"
    assert untold(BALANCES, [TOLD[1], TOLD[0], TOLD[2]]) != [], "told in another order"


def test_a_ledger_is_read_as_it_was_written(tmp_path):
    ledger = Ledger(tmp_path / "ledger")
    for entry in CREATED:
        ledger.write(entry)
    assert ledger.read() == CREATED
    ledger.close()
