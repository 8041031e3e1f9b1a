"""The operations as requests: what is sent, and how an answer is known to be right."""

from __future__ import annotations

import datetime
import json
import secrets
from typing import TYPE_CHECKING, Any, cast

from benchmarks.data import contact
from benchmarks.data.over_http.dialect import PATH, Dialect, compact
from benchmarks.data.over_http.request import Caller, Request
from benchmarks.data.plan import CREATED_STAGE, PAGE, STAGE, Plan
from benchmarks.load import Load, LoadError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.rpc.question import Issuer

MARK = "@MARK-REPLACED@"
_INSTANTS = ("last_seen", "create_time", "update_time")


class Asked:
    """What one contestant is asked.

    Args:
        plan: Which rows.
        dialect: How it wants to be asked.
        issuer: Of the tokens; each names the site it is for.
    """

    def __init__(self, plan: Plan, dialect: Dialect, issuer: Issuer) -> None:
        self.plan = plan
        self.dialect = dialect
        self.tokens = [issuer.token(site=contact.site_name(site)) for site in range(plan.sites)]

    def path(self, site: int, number: int) -> str:
        """Where a contact is."""
        return f"{PATH}/{self.dialect.id_text(contact.contact_id(site, number))}"

    def get(self, site: int, number: int) -> Request:
        """One contact by its id."""
        return Request("GET", self.path(site, number), self.tokens[site])

    def query(self, site: int, since: str, stage: str = STAGE, limit: int = PAGE) -> Request:
        """Who of a stage was seen since."""
        body = compact(self.dialect.question(stage, since, limit))
        return Request("POST", f"{PATH}:query", self.tokens[site], body)

    def create(self, site: int, number: int, email: str) -> Request:
        """One more contact."""
        return Request("POST", PATH, self.tokens[site], compact(self.new(site, number, email)))

    def change(self, site: int, number: int, revision: int | str, **fields: Any) -> Request:
        """Some fields of a contact, if it is still what it was."""
        path = f"{self.path(site, number)}{self.dialect.change(fields)}{revision}"
        return Request("PATCH", path, self.tokens[site], compact(fields))

    def new(self, site: int, number: int, email: str) -> dict[str, Any]:
        """What is sent for a new contact: like the one of a number, but seen long ago."""
        fields = contact.contact(site, number, self.plan.rows)
        changed = {
            "email": email,
            "stage": CREATED_STAGE,
            "last_seen": contact.seen_at(-1 - number),
        }
        return {name: one for name, one in (fields | changed).items() if one is not None}

    def expected(self, site: int, number: int) -> dict[str, Any]:
        """A stored contact, as far as it is known."""
        fields = contact.contact(site, number, self.plan.rows)
        key = self.dialect.id_text(contact.contact_id(site, number))
        return fields | {"id": key, "revision": 1, "create_time": contact.MADE.isoformat()}


def learn_gets(asked: Asked, caller: Caller) -> Load:
    """Ask for each contact once, look at every field, and keep the bytes for the rounds.

    Raises:
        LoadError: An answer was not what is stored.
    """
    pairs = [
        (asked.get(site, number), [asked.expected(site, number)])
        for number in asked.plan.got()
        for site in range(asked.plan.sites)
    ]
    return _learn(pairs, caller, lambda answer: [answer])


def learn_queries(asked: Asked, caller: Caller) -> Load:
    """The same for queries: which contacts, in which order, and all their fields.

    Raises:
        LoadError: An answer was not what is stored.
    """
    pairs = [
        (asked.query(site, window.since), [asked.expected(site, each) for each in window.numbers])
        for window in asked.plan.asked()
        for site in range(asked.plan.sites)
    ]
    return _learn(pairs, caller, asked.dialect.found)


def creates(asked: Asked) -> bytes:
    """New contacts for `writes.lua`: each is asked for with an address nobody had."""
    entries = [
        _entry(asked.create(site, number, f"{MARK}@{contact.site_name(site)}.example"), None)
        for number in range(5)
        for site in range(asked.plan.sites)
    ]
    return _as_lua(entries)


def changes(asked: Asked, revisions: Mapping[tuple[int, int], int]) -> bytes:
    """Changes for `writes.lua`: two fields, if the contact is still of its revision.

    Args:
        asked: What is asked.
        revisions: By site and number, as they are now.
    """
    entries = [
        _entry(asked.change(site, number, "@", phone="+43 1 5550100", note=f"Call {MARK}"), now)
        for (site, number), now in revisions.items()
    ]
    return _as_lua(entries)


def is_as_expected(found: Any, expected: Mapping[str, Any]) -> bool:
    """Whether a contact in an answer has every field as it must; one left out is null."""
    fields = cast("dict[str, Any]", found if isinstance(found, dict) else {})
    return bool(fields) and all(
        _same(name, fields.get(name), value) for name, value in expected.items()
    )


def _same(name: str, found: Any, value: Any) -> bool:
    if name in _INSTANTS and isinstance(found, str):
        return datetime.datetime.fromisoformat(found) == datetime.datetime.fromisoformat(value)
    return bool((found if found is not None else _left_out(name)) == value)


def _left_out(name: str) -> Any:
    return [] if name == "tags" else None


def _learn(
    pairs: list[tuple[Request, list[dict[str, Any]]]],
    caller: Caller,
    read: Callable[[Any], list[Any]],
) -> Load:
    requests: list[bytes] = []
    answers: set[bytes] = set()
    for request, expected in pairs:
        answer = caller.ask(request)
        found = read(answer.json()) if answer.status == 200 else []
        right = len(found) == len(expected) and all(map(is_as_expected, found, expected))
        if not right:
            raise LoadError(
                f"answered {request.method} {request.path} {request.body.decode()} with "
                f"{answer.status} {answer.body[:600]!r}, not with {str(expected)[:600]}"
            )
        requests.append(request.raw())
        answers.add(answer.body)
    return Load(requests, sorted(answers))


def _entry(request: Request, revision: int | None) -> str:
    """A request in parts, as a table of Lua: what stands before, between and after."""
    # The mark that wrk puts in is as long as the placeholder: Content-Length stays right.
    before, _, after = request.raw().decode("ascii").partition(MARK)
    if revision is None:
        return f"{{{json.dumps(before)}, {json.dumps(after)}}}"
    head, _, middle = before.partition("revision=@")
    parts = (f"{head}revision=", middle, after)
    return f"{{{', '.join(map(json.dumps, parts))}, revision={revision}}}"


def _as_lua(entries: list[str]) -> bytes:
    series = secrets.token_hex(3)
    text = ",\n".join(entries)
    return f'return {{{text}}}, "{series}", {len(MARK) - len(series)}\n'.encode("ascii")
