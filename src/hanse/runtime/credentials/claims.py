"""Reads a token's claims once its signature is proven: for whom, until when, who, what for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from hanse.runtime.credentials.refused import Refused
from hanse.runtime.identity.principal import Principal, PrincipalKind
from hanse.runtime.identity.verified import Verified

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.runtime.credentials.compact import Compact
    from hanse.runtime.credentials.issuer import Issuer

SCOPE_LENGTH_MAX = 4_096
PERMISSIONS_MAX = 256
_TEXT_LENGTH_MAX = 255
_TIME_MAX = 253_402_300_799
"""The last second of the year 9999."""
_LOOSE_TYPS = (None, "jwt", "at+jwt")

T = TypeVar("T")


def read_claims(token: Compact, issuer: Issuer, *, now: float) -> Verified:
    """Who calls, according to a token whose signature is proven to be `issuer`'s.

    Args:
        token: The token.
        issuer: Whose it is.
        now: Seconds since the epoch.

    Raises:
        Refused: A claim is missing, of the wrong type, or says what does not count here.
    """
    claims = token.claims
    _check_typ(token, issuer)
    _check_audience(claims, issuer)
    expires_at, issued_at = _read_times(claims, leeway=issuer.leeway, now=now)
    if "cnf" in claims:
        # RFC 7800: whoever shows it must prove to hold a key. Taken as a plain bearer token it
        # would be worth as much in a thief's hand.
        raise Refused("bound", "The token is bound to a key of its holder (cnf), send another.")
    return Verified(
        principal=Principal(
            kind=_read_kind(claims, issuer),
            id=_text(claims, issuer.claims.id),
            permissions=_read_permissions(claims, issuer),
        ),
        site=_read_site(claims, issuer),
        expires_at=expires_at,
        token_id=_text(claims, "jti") if "jti" in claims else "",
        issued_at=issued_at,
    )


def _check_typ(token: Compact, issuer: Issuer) -> None:
    accepted = _LOOSE_TYPS if issuer.typ is None else (issuer.typ.lower(),)
    if token.typ not in accepted:
        wanted = issuer.typ or "JWT"
        raise Refused("typ", f"The token is of another type: its header typ is not {wanted}.")


def _check_audience(claims: dict[str, Any], issuer: Issuer) -> None:
    given = claims.get("aud")
    for_whom = [given] if isinstance(given, str) else _texts(given, "aud")
    if not any(name in issuer.audience for name in for_whom):
        raise Refused("audience", "The token is for another audience (aud).")


def _read_times(claims: dict[str, Any], *, leeway: float, now: float) -> tuple[float, float]:
    """`exp` and `iat` (RFC 7519 section 4.1), after checking both and `nbf`."""
    expires_at = _time(claims, "exp")
    if expires_at is None:
        raise Refused("claim", "The token has no end (exp).")
    if now >= expires_at + leeway:
        raise Refused("expired", "The token has expired (exp).")
    not_before = _time(claims, "nbf")
    if not_before is not None and now < not_before - leeway:
        raise Refused("not_yet", "The token is not valid yet (nbf).", lasting=False)
    issued_at = _time(claims, "iat")
    if issued_at is not None and now < issued_at - leeway:
        raise Refused("not_yet", "The token was issued in the future (iat).", lasting=False)
    return expires_at, issued_at or 0.0


def _read_kind(claims: dict[str, Any], issuer: Issuer) -> PrincipalKind:
    names = issuer.claims
    if names.kind in claims:
        kind = _meaning(_text(claims, names.kind), names.kinds, names.kind)
    else:
        kind = names.default_kind
    if kind not in issuer.kinds:
        raise Refused(
            "kind", f"The token's issuer does not speak for this kind of principal ({names.kind})."
        )
    return kind


def _read_site(claims: dict[str, Any], issuer: Issuer) -> str:
    name = issuer.claims.site
    if name in claims:
        site = _meaning(_text(claims, name), issuer.claims.site_names, name)
    elif issuer.sites is None:
        return ""
    else:
        site = issuer.sites[0] if len(issuer.sites) == 1 else ""
    if issuer.sites is not None and site not in issuer.sites:
        raise Refused("site", f"The token's issuer does not speak for this site ({name}).")
    return site


def _read_permissions(claims: dict[str, Any], issuer: Issuer) -> frozenset[str]:
    name = issuer.claims.permissions
    given = claims.get(name, "")
    words = given.split(" ") if isinstance(given, str) else _texts(given, name)
    if len(words) > PERMISSIONS_MAX or sum(map(len, words)) > SCOPE_LENGTH_MAX:
        raise Refused(
            "scope",
            f"The token carries more than {PERMISSIONS_MAX} permissions or {SCOPE_LENGTH_MAX} "
            f"characters of them ({name}).",
        )
    if not "".join(words).isprintable():
        raise Refused("claim", f"The token's {name} is not printable text.")
    meant = issuer.claims.permission_names
    if meant is not None:
        return frozenset(ours for word in words for ours in meant.get(word, ()))
    return frozenset(filter(None, words))


def _meaning(word: str, meanings: Mapping[str, T] | None, claim: str) -> T | str:
    if meanings is None:
        return word
    if word not in meanings:
        raise Refused("claim", f"The token's {claim} says what has no meaning here.")
    return meanings[word]


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    # Printable: neither control characters, which forge log lines, nor halves of surrogate
    # pairs, which no database stores.
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= _TEXT_LENGTH_MAX
        or not value.isprintable()
    ):
        raise Refused(
            "claim",
            f"The token's {name} is not a printable text of 1 to {_TEXT_LENGTH_MAX} characters.",
        )
    return value


def _texts(value: object, name: str) -> list[str]:
    words = cast("list[object]", value) if isinstance(value, list) else [None]
    if not all(isinstance(word, str) for word in words):
        raise Refused("claim", f"The token's {name} is not a text or a list of texts.")
    return cast("list[str]", words)


def _time(claims: dict[str, Any], name: str) -> float | None:
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused("claim", f"The token's {name} is not a number of seconds.")
    if not 0 <= value <= _TIME_MAX:
        raise Refused("claim", f"The token's {name} is not a time before the year 10000.")
    return float(value)
