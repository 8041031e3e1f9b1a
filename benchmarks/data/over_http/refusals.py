"""Proves that a server does the checks it is measured with, and that no site sees another's."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks.data import contact
from benchmarks.data.over_http.asked import Asked, is_as_expected
from benchmarks.data.over_http.dialect import PATH, compact
from benchmarks.data.over_http.request import Caller, Request
from benchmarks.load import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.rpc.question import Issuer

_BODY_FAULTS = {400, 413, 422}
_MINE, _THEIRS = 0, 1

Trial = tuple[str, Request, set[int]]


def check(asked: Asked, caller: Caller, issuer: Issuer) -> None:
    """Ask what must be refused, and see that what is not refused is done.

    Raises:
        LoadError: An answer has another status than it must, or is not what was stored.
    """
    for what, request, allowed in (*_callers(asked, issuer), *_bodies(asked), *_strangers(asked)):
        answer = caller.ask(request)
        if answer.status not in allowed:
            raise LoadError(
                f"answered {what} with {answer.status} {answer.body[:300]!r}, "
                f"not one of {sorted(allowed)}"
            )
    _check_life(asked, caller)
    _check_sites(asked, caller)


def _callers(asked: Asked, issuer: Issuer) -> Iterator[Trial]:
    good = asked.get(_MINE, 0)
    site = contact.site_name(_MINE)
    yield "a good request", good, {200}
    for what, token, allowed in (
        ("no token", "", {401}),
        ("a forged token", good.token[:-12] + "A" * 12, {401}),
        ("no permission", issuer.token(site=site, permissions=["x"]), {401, 403}),
    ):
        yield what, msgspec.structs.replace(good, token=token), allowed


def _bodies(asked: Asked) -> Iterator[Trial]:
    good = asked.new(_MINE, 0, "refused@example.com")
    for what, changed in (
        ("a name that is a number", {"first_name": 7}),
        ("an empty name", {"first_name": ""}),
        ("a name too long", {"last_name": "x" * 101}),
        ("a tag too long", {"tags": ["x" * 41]}),
        ("a score too high", {"score": 1001}),
        ("no address", {"address": None}),
        ("an address without a city", {"address": {"street": "x", "postal_code": "1"}}),
        ("an instant without a zone", {"last_seen": "2026-01-01T00:00:00"}),
        ("an unknown field", {"nickname": "x"}),
    ):
        yield what, _post(asked, compact(good | changed)), _BODY_FAULTS
    yield "broken JSON", _post(asked, b'{"first_name":'), _BODY_FAULTS
    yield "a change that is too long", asked.change(_MINE, 0, 1, note="x" * 501), _BODY_FAULTS
    yield "a page too long", asked.query(_MINE, contact.seen_at(0), limit=100_000), _BODY_FAULTS


def _strangers(asked: Asked) -> Iterator[Trial]:
    absent, taken = asked.plan.rows + 7, asked.expected(_MINE, 0)["email"]
    yield "an unknown id", asked.get(_MINE, absent), {404}
    yield "a change of an unknown id", asked.change(_MINE, absent, 1, note="x"), {404}
    yield "another site's id", _as_mine(asked, asked.get(_THEIRS, 0)), {404}
    yield (
        "a change of another site's",
        _as_mine(asked, asked.change(_THEIRS, 0, 1, note="x")),
        {404},
    )
    yield "a revision that is past", asked.change(_MINE, 0, 9, note="x"), {409}
    yield "an email that is taken", asked.create(_MINE, 0, taken), {409}


def _check_life(asked: Asked, caller: Caller) -> None:
    """A contact is created, read and changed, and a second change of one revision conflicts."""
    number = asked.plan.updated()[-1]
    new = asked.new(_MINE, 0, f"life-{secrets.token_hex(4)}@example.com")
    _expect(caller, _post(asked, compact(new)), new | {"revision": 1})
    before = caller.ask(asked.get(_MINE, number)).json()["revision"]
    change = asked.change(_MINE, number, before, note="Called.", phone="+43 1 1")
    changed = {"note": "Called.", "phone": "+43 1 1", "revision": before + 1}
    after = asked.expected(_MINE, number) | changed
    _expect(caller, change, after)
    _expect(caller, asked.get(_MINE, number), after)
    if (again := caller.ask(change)).status != 409:
        raise LoadError(f"answered the same change twice, with {again.status}")


def _check_sites(asked: Asked, caller: Caller) -> None:
    """The same query of two sites finds the rows of each, and no other's."""
    window = asked.plan.asked()[0]
    for site in (_MINE, _THEIRS):
        answer = caller.ask(asked.query(site, window.since))
        emails = [one["email"] for one in asked.dialect.found(answer.json())]
        if emails != [asked.expected(site, number)["email"] for number in window.numbers]:
            raise LoadError(f"answered a query of site {site} with {emails}")


def _expect(caller: Caller, request: Request, fields: dict[str, Any]) -> None:
    answer = caller.ask(request)
    if answer.status not in {200, 201} or not is_as_expected(answer.json(), fields):
        raise LoadError(
            f"answered {request.method} {request.path} with {answer.status} "
            f"{answer.body[:600]!r}, not with {fields}"
        )


def _post(asked: Asked, body: bytes) -> Request:
    return Request("POST", PATH, asked.tokens[_MINE], body)


def _as_mine(asked: Asked, request: Request) -> Request:
    return msgspec.structs.replace(request, token=asked.tokens[_MINE])
