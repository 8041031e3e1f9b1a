"""For whom a flag is asked for by a program: what counts of a context of OpenFeature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, get_args

from hanse.runtime.call.context import DEFAULT_LOCALE, Origin
from hanse.runtime.errors import InvalidArgument, Violation
from hanse.runtime.identity.principal import Principal, PrincipalKind

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT_MAX = 200
PERMISSIONS_MAX = 100
TARGETING_KEY = "targetingKey"

_KINDS: tuple[str, ...] = get_args(PrincipalKind)


def origin_of(site: str, context: Mapping[str, Any]) -> Origin:
    """Whom a context names, at a site that it has no say in.

    `targetingKey`, `kind`, `locale` and `permissions` count, and all else is left alone.

    Raises:
        InvalidArgument: One of them is of another type, or too long.
    """
    key = _text(context, TARGETING_KEY)
    kind = _text(context, "kind") or ("member" if key else "visitor")
    if kind not in _KINDS:
        raise refused("context.kind", " or ".join(_KINDS), f"Got {kind}.")
    permissions = context.get("permissions", ())
    if not _are_texts(permissions):
        rule = f"a list of at most {PERMISSIONS_MAX} texts"
        raise refused("context.permissions", rule, "Send fewer, as texts.")
    principal = Principal(cast("PrincipalKind", kind), key, frozenset(permissions))
    return Origin(site, principal, _text(context, "locale") or DEFAULT_LOCALE)


def refused(field: str, rule: str, said: str) -> InvalidArgument:
    """What is told of a request that cannot be read."""
    broken = Violation(field, rule, f"Expected {rule}. {said}")
    return InvalidArgument(f"{field or 'body'}: {broken.message}", violations=(broken,))


def _text(context: Mapping[str, Any], name: str) -> str:
    value = context.get(name, "")
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        raise refused(f"context.{name}", f"a text of at most {TEXT_MAX} characters", "Shorten it.")
    return value


def _are_texts(given: Any) -> bool:
    if not isinstance(given, list | tuple):
        return False
    some = cast("list[Any]", given)
    return len(some) <= PERMISSIONS_MAX and all(
        isinstance(one, str) and len(one) <= TEXT_MAX for one in some
    )
