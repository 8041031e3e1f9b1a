"""What of a contract breaks those who call it: asks the rules of all its methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.catalog.compatibility.rules.errors import changed_error_hits, removed_error_hits
from hanse.catalog.compatibility.rules.flow import Flow, by_name
from hanse.catalog.compatibility.rules.idempotency import idempotency_hits
from hanse.catalog.compatibility.rules.methods import (
    body_hits,
    removed_hits,
    route_hits,
    streaming_hits,
    upload_hits,
)
from hanse.catalog.compatibility.rules.permissions import permission_hits
from hanse.catalog.compatibility.rules.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.catalog.compatibility.finding import Hit
    from hanse.runtime.contract.description import ContractDescription, MethodDescription

_OF_ALL = (streaming_hits, permission_hits, idempotency_hits, removed_error_hits)
_OF_ROUTES = (route_hits, body_hits, upload_hits)


def contract_hits(
    before: ContractDescription, after: ContractDescription, *, outside: bool
) -> Iterator[Hit]:
    """What breaks who knows a contract as it was.

    Args:
        before: As they know it, with no more than they use.
        after: As it is served now.
        outside: Whether they are programs by other means, which reach routes, leave out what has a
            default and are refused what is not taken; else services, which do none of it.
    """
    comparison = _Comparison(before, after, outside=outside)
    served = {method.name: method for method in after.methods}
    for method in before.methods:
        now = served.get(method.name)
        place = f"{before.full_name}/{method.name}"
        if now is None:
            yield from removed_hits(place)
        else:
            yield from comparison.method(place, method, now)


class _Comparison:
    def __init__(
        self, before: ContractDescription, after: ContractDescription, *, outside: bool
    ) -> None:
        types = [by_name(one.types) for one in (before, after)]
        self._outside = outside
        self._there = Flow("request", types[0], types[1], old_writes=True, sparse=outside)
        self._back = Flow("answer", types[1], types[0], old_writes=False)
        self._errors = [{one.code: one for one in each.errors} for each in (before, after)]

    def method(
        self, place: str, before: MethodDescription, after: MethodDescription
    ) -> Iterator[Hit]:
        for rule in _OF_ALL + _OF_ROUTES * self._outside:
            yield from rule(place, before, after)
        request = Walk(self._there).fields(f"{place} request ", before.arguments, after.arguments)
        yield from request
        yield from Walk(self._back).shape(f"{place} answer ", after.result, before.result)
        for code in before.errors:
            if code in after.errors:
                yield from self._error(f"{place} error {code}", code)

    def _error(self, place: str, code: str) -> Iterator[Hit]:
        before, after = (each[code] for each in self._errors)
        yield from changed_error_hits(place, before, after)
        flow = self._back._replace(kind="error")
        yield from Walk(flow).fields(f"{place} ", after.fields, before.fields)
