"""Public keys that signatures are checked with, each bound to its algorithms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

import msgspec

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.credentials.strict_json import read_base64url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Algorithm = Literal["EdDSA", "Ed25519", "ES256", "RS256"]
"""RFC 9864 renamed EdDSA over Ed25519 to Ed25519; tokens carry either name."""

KEYS_MAX = 100
_RSA_BITS = range(2_048, 8_193)
_PRIVATE_MEMBERS = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))


class SigningKey(msgspec.Struct, frozen=True):
    """One public key.

    Attributes:
        algorithms: Values of `alg` this key may check; fixed by the key, not by the token.
        check: Whether a signature (second) is this key's over a message (first).
    """

    algorithms: frozenset[str]
    check: Callable[[bytes, bytes], bool]


class Keys(Protocol):
    """Where an issuer's keys come from."""

    async def find(self, key_id: str | None, algorithm: str) -> SigningKey | None:
        """The key `key_id`; without an id the only one that is fit for `algorithm`."""
        ...


class FixedKeys:
    """Keys written in the configuration."""

    def __init__(self, document: Mapping[str, Any], *, issuer: str) -> None:
        """Takes a JWK set (RFC 7517): `{"keys": [{"kty": …}, …]}`.

        Raises:
            ConfigurationError: A key in it cannot be used, or there is none.
        """
        try:
            keys, reasons = read_key_set(document)
        except ValueError as error:
            keys, reasons = {}, [str(error)]
        if reasons or not keys:
            reasons = reasons or ["there is no key in it"]
            raise ConfigurationError(*(f"Issuer {issuer}, keys: {reason}." for reason in reasons))
        self._keys = keys

    async def find(self, key_id: str | None, algorithm: str) -> SigningKey | None:
        return pick_key(self._keys, key_id, algorithm)


def pick_key(
    keys: Mapping[str, SigningKey], key_id: str | None, algorithm: str
) -> SigningKey | None:
    """The key `key_id`; without an id the only one that is fit for `algorithm`."""
    if key_id is not None:
        return keys.get(key_id)
    fit = [key for key in keys.values() if algorithm in key.algorithms]
    return fit[0] if len(fit) == 1 else None


def read_key_set(document: Mapping[str, Any]) -> tuple[dict[str, SigningKey], list[str]]:
    """The usable keys of a JWK set by their id, and why each of the others is not used.

    Raises:
        ValueError: The document is no JWK set.
    """
    entries = document.get("keys")
    if not isinstance(entries, (list, tuple)):
        raise ValueError("a JWK set has a list called keys")  # noqa: TRY004 (one error for all)
    keys: dict[str, SigningKey] = {}
    problems: list[str] = []
    for place, entry in enumerate(cast("list[object]", entries)[:KEYS_MAX]):
        try:
            key_id, key = _read_key(entry)
        except ValueError as error:
            problems.append(f"key {place} is not used: {error}")
            continue
        if key_id in keys:
            problems.append(f"key {place} is not used: its kid is taken by a key before it")
        keys.setdefault(key_id, key)
    return keys, problems


def _read_key(entry: object) -> tuple[str, SigningKey]:
    if not isinstance(entry, dict):
        raise ValueError("it is not an object")  # noqa: TRY004 (one error type for bad input)
    jwk = cast("dict[str, object]", entry)
    if not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise ValueError("it carries private members: keep those with the issuer and replace it")
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not _holds(operations, "verify"):
        raise ValueError("it is not for signatures")
    names, public = _public_part(jwk)
    algorithm = jwk.get("alg")
    if algorithm is not None:
        names = names & {str(algorithm)}
    if not names:
        raise ValueError(
            "its alg does not fit its type, or is none of Ed25519, EdDSA, ES256, RS256"
        )
    check, thumbprint = _import(public)
    key_id = jwk.get("kid", thumbprint)
    if not isinstance(key_id, str):
        raise ValueError("its kid is not a text")  # noqa: TRY004 (one error type for bad input)
    return key_id, SigningKey(frozenset(names), check)


def _holds(listed: object, word: str) -> bool:
    return isinstance(listed, list) and word in cast("list[object]", listed)


def _public_part(jwk: dict[str, object]) -> tuple[set[str], dict[str, str]]:
    """Algorithms that fit the key, and the members that make it up, leaving everything else out."""
    match jwk:
        case {"kty": "OKP", "crv": "Ed25519", "x": str(x)}:
            return {"Ed25519", "EdDSA"}, {"kty": "OKP", "crv": "Ed25519", "x": x}
        case {"kty": "EC", "crv": "P-256", "x": str(x), "y": str(y)}:
            return {"ES256"}, {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        case {"kty": "RSA", "n": str(n), "e": str(e)}:
            bits = int.from_bytes(read_base64url(n), "big").bit_length()
            if bits not in _RSA_BITS:
                raise ValueError(f"RSA keys have 2048 to 8192 bits, this one has {bits}")
            return {"RS256"}, {"kty": "RSA", "n": n, "e": e}
        case _:
            raise ValueError("it is neither Ed25519 nor P-256 nor RSA, or a member is missing")


def _import(public: dict[str, str]) -> tuple[Callable[[bytes, bytes], bool], str]:
    # Here because joserfc brings cryptography along, which a host without issuers need not load.
    from joserfc.errors import JoseError
    from joserfc.jwa import JWS_ALGORITHMS
    from joserfc.jwk import JWKRegistry

    name = {"OKP": "Ed25519", "EC": "ES256", "RSA": "RS256"}[public["kty"]]
    model: Any = next(model for model in JWS_ALGORITHMS if model.name == name)
    try:
        key = JWKRegistry.import_key(cast("Any", public))
    except (JoseError, ValueError) as error:
        raise ValueError("its numbers do not make a key") from error
    return lambda message, signature: model.verify(message, signature, key), key.thumbprint()
