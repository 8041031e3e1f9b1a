"""Whose tokens count, and what they may say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import msgspec

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.credentials.signing_key import Algorithm
from hanse.runtime.credentials.verified_cache import LEEWAY_MAX
from hanse.runtime.identity.principal import PrincipalKind

if TYPE_CHECKING:
    from collections.abc import Iterator


class Claims(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which claim of a token says what, and what a foreign issuer's words mean here.

    A map that is given decides alone: what it does not list is not accepted as a kind or a site,
    and not granted as a permission.

    Attributes:
        id: Claim with the principal's id.
        kind: Claim with its kind.
        default_kind: Kind when the token has no such claim; None refuses the token.
        kinds: What the issuer says → kind; None takes it as it is.
        permissions: Claim with permissions: a list, or a text with spaces between.
        permission_names: What the issuer says → our permissions; None takes them as they are.
        site: Claim with the site.
        site_names: What the issuer says → site; None takes it as it is.
    """

    id: str = "sub"
    kind: str = "kind"
    default_kind: PrincipalKind | None = None
    kinds: dict[str, PrincipalKind] | None = None
    permissions: str = "scope"
    permission_names: dict[str, tuple[str, ...]] | None = None
    site: str = "site"
    site_names: dict[str, str] | None = None


class Issuer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One issuer whose tokens count.

    Attributes:
        issuer: Exactly what its tokens say in `iss`.
        audience: Values of `aud` of which a token must carry one.
        algorithms: Values of `alg` it signs with. RS256 only together with `jwks_url`: it is
            there for foreign issuers that know nothing better.
        keys: Its public keys as a JWK set; or
        jwks_url: where to fetch them.
        claims: Which claim says what.
        leeway: Seconds its clock may differ from ours.
        typ: Required header `typ`. None is for foreign issuers that do not follow RFC 9068: it
            accepts a missing one, `JWT` and `at+jwt`, but no token made for another purpose.
        sites: Sites it may speak for. With one, tokens need not name it. None means all, and
            tokens without any: for our own.
        kinds: Kinds of principal it may speak for. `service` is ours, so it must be listed.

    Raises:
        ConfigurationError: The parts do not fit together; with all problems.
    """

    issuer: str
    audience: tuple[str, ...]
    algorithms: tuple[Algorithm, ...] = ("Ed25519", "EdDSA", "ES256")
    keys: dict[str, Any] | None = None
    jwks_url: str | None = None
    claims: Claims = Claims()
    leeway: float = 30.0
    typ: str | None = "at+jwt"
    sites: tuple[str, ...] | None = None
    kinds: tuple[PrincipalKind, ...] = ("member", "staff", "app")

    def __post_init__(self) -> None:
        problems = [f"Issuer {self.issuer or '(no name)'}: {text}" for text in self._problems()]
        if problems:
            raise ConfigurationError(*problems)

    def _problems(self) -> Iterator[str]:
        if not self.issuer:
            yield "issuer is empty; write what its tokens say in iss."
        if not self.audience or not all(self.audience):
            yield "audience needs at least one name, none of them empty."
        if (self.keys is None) == (self.jwks_url is None):
            yield "give either keys or jwks_url."
        unknown = sorted(set(self.algorithms) - set(get_args(Algorithm)))
        if unknown or not self.algorithms:
            yield f"algorithms are some of {', '.join(get_args(Algorithm))}; got {unknown}."
        if "RS256" in self.algorithms and self.jwks_url is None:
            yield "RS256 is accepted only from an issuer with jwks_url; sign with Ed25519 or ES256."
        if not 0 <= self.leeway <= LEEWAY_MAX:
            yield f"leeway is 0 to {LEEWAY_MAX:.0f} seconds."
        if self.sites == ():
            yield "sites is empty, so no token could count; leave it out to allow all."
        if not self.kinds or "visitor" in self.kinds:
            yield "kinds needs at least one, and never visitor: a visitor has no token."
