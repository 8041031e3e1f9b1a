"""Holds what is left in the database against the ledger: nothing acknowledged lost, nothing invented, nothing by halves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.faults.kills.ledger import Entry, Errand

MAYBES_MAX = 256
"""States a client's rows may be in; each answer that never came doubles them at most."""


class Row(NamedTuple):
    """A row as it should be, or is."""

    revision: int
    balance: int = 100
    note: str = ""
    digest: str = ""


class Told(NamedTuple):
    """An event: by how much a row's balance changed, and the revision it has by that."""

    place: tuple[str, str]
    amount: int
    revision: int


class Rows(NamedTuple):
    """All rows of a client, and the keys under which something was done."""

    rows: dict[tuple[str, str], Row]
    keys: frozenset[str] = frozenset()


def after(before: Rows, errand: Errand) -> Rows | None:
    """What an errand makes of rows; None if it cannot be done to them."""
    if errand.key and errand.key in before.keys:
        return before
    changed = _changed(before.rows, errand)
    if changed is None:
        return None
    return Rows(changed, before.keys | {errand.key} if errand.key else before.keys)


def _changed(rows: dict[tuple[str, str], Row], errand: Errand) -> dict[tuple[str, str], Row] | None:
    place = (errand.table, errand.name)
    row = rows.get(place)
    match errand.kind:
        case "look":
            return rows
        case "create" | "file" if row is None:
            return rows | {place: Row(1, note=errand.note, digest=errand.digest)}
        case "change" if row is not None:
            return rows | {place: row._replace(revision=row.revision + 1, note=errand.note)}
        case "delete" if row is not None:
            return {name: one for name, one in rows.items() if name != place}
        case "transfer" if row is not None and ("purses", errand.other) in rows:
            other = rows["purses", errand.other]
            return rows | {
                place: _moved(row, -errand.amount),
                ("purses", errand.other): _moved(other, errand.amount),
            }
        case _:
            return None


def _moved(row: Row, amount: int) -> Row:
    return row._replace(revision=row.revision + 1, balance=row.balance + amount)


def untold(found: dict[tuple[str, str], Row], told: Iterable[Told]) -> list[str]:
    """What events say otherwise than rows: each change of a balance is told once, and in order."""
    said: list[str] = []
    own: dict[tuple[str, str], list[Told]] = {place: [] for place in found}
    for one in told:
        own.setdefault(one.place, []).append(one)
    for place, events in own.items():
        revisions = [one.revision for one in events]
        balance = found[place].balance if place in found else 100
        if sum(one.amount for one in events) != balance - 100:
            said.append(f"{place} has {balance}, and told are {events}")
        if revisions != sorted(set(revisions)):
            said.append(f"{place} is told in another order: {revisions}")
    return said


def complaints(entries: Iterable[Entry], found: dict[tuple[str, str], Row]) -> list[str]:
    """What is wrong with the rows found; nothing if they may be what the ledger leads to."""
    by_client: dict[int, list[Entry]] = {}
    for entry in entries:
        by_client.setdefault(entry.errand.client, []).append(entry)
    said: list[str] = []
    for client, own in by_client.items():
        names = {(one.errand.table, one.errand.name) for one in own if one.word == "sent"}
        names |= {("purses", one.errand.other) for one in own if one.errand.other}
        there = {place: row for place, row in found.items() if place in names}
        said += _of_client(client, own, there)
        found = {place: row for place, row in found.items() if place not in names}
    return [*said, *(f"{place} was never asked for, and is there" for place in found)]


def _of_client(client: int, entries: list[Entry], found: dict[tuple[str, str], Row]) -> list[str]:
    maybe = [Rows({})]
    first: dict[str, Any] = {}
    for entry in entries:
        errand = entry.errand
        if entry.word == "sent":
            continue
        if entry.word == "again" and first.get(errand.key, entry.answer) != entry.answer:
            return [f"{errand} was answered {first[errand.key]}, and again {entry.answer}"]
        if entry.word == "again" and entry.status >= 300:
            return [f"{errand} can be done, and was refused when asked again: {entry.answer}"]
        done = entry.word == "done" or (entry.word == "again" and entry.status < 300)
        if done and errand.key:
            first[errand.key] = entry.answer
        maybe = _next(maybe, entry, done=done)
        if not maybe:
            return [f"{errand} was acknowledged with {entry.answer}, and cannot have been done"]
        assert len(maybe) <= MAYBES_MAX, "too much is unknown to tell anything"
    if any(one.rows == found for one in maybe):
        return []
    return [f"client {client}: {_nearest(maybe, found)}"]


def _next(maybe: list[Rows], entry: Entry, *, done: bool) -> list[Rows]:
    did = [rows for one in maybe if (rows := after(one, entry.errand)) is not None]
    if done:
        return _distinct([one for one in did if _fits(one, entry)])
    if entry.word == "unknown":
        return _distinct([*maybe, *did])
    return maybe


def _fits(rows: Rows, entry: Entry) -> bool:
    """Whether an answer says what is there then; one given again says what was there."""
    errand, answer = entry.errand, entry.answer
    if not isinstance(answer, dict) or entry.word == "again":
        return True
    row = rows.rows.get((errand.table, errand.name))
    if errand.kind == "look":
        return row == Row(answer["revision"], answer["balance"], answer["note"])
    if row is None:
        return False
    if errand.kind == "transfer":
        other = rows.rows["purses", errand.other]
        said = (answer["account"], answer["account_revision"], answer["purse"])
        return said == (row.balance, row.revision, other.balance)
    return (answer["revision"], answer["note"]) == (row.revision, row.note)


def _distinct(many: list[Rows]) -> list[Rows]:
    return [one for at, one in enumerate(many) if one not in many[:at]]


def _nearest(maybe: list[Rows], found: dict[tuple[str, str], Row]) -> str:
    """The difference to the state that is nearest."""

    def differing(one: Rows) -> list[str]:
        places = sorted({*one.rows, *found})
        return [
            f"{place} should be {one.rows.get(place)} and is {found.get(place)}"
            for place in places
            if one.rows.get(place) != found.get(place)
        ]

    return "; ".join(min(map(differing, maybe), key=len))
