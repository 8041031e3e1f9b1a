"""How others prove that a webhook is theirs: by Standard Webhooks, and by two older ways."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from hanse.runtime.contract.incoming.incoming import Incoming
from hanse.runtime.errors import InvalidArgument, Unauthenticated
from hanse.runtime.webhooks.signature import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIME_HEADER,
    key_in,
    signature_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hanse.runtime.config.secret import Secret

T = TypeVar("T")

TOLERANCE = timedelta(minutes=5)
"""Between the sender's clock and ours, both ways; what is older somebody kept."""

SIGNATURES_MAX = 20
"""Of one request, that are looked at."""

SECONDS_DIGITS_MAX = 12


class NotVerified(Unauthenticated):
    """A webhook is not proven to be its sender's, or it is too old."""

    code = "webhook_not_verified"


class Verified(msgspec.Struct, frozen=True):
    """A webhook that is its sender's.

    Attributes:
        id: The sender's; by it a repeat is known.
        body: As it came.
    """

    id: str
    body: bytes

    def read(self, kind: type[T]) -> T:
        """The body as JSON of a type; fields that the type does not know are passed over.

        Raises:
            InvalidArgument: It is none.
        """
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise InvalidArgument(f"The webhook is not what is expected here: {error}") from None


class Verifier(Protocol):
    """Knows by which secret a sender signs, and how."""

    def verify(self, incoming: Incoming, now: datetime) -> Verified:
        """The webhook, if it is the sender's and not old.

        Raises:
            NotVerified: It is not.
        """
        ...


class StandardWebhooks:
    """Senders who keep to standardwebhooks.com, as Hanse itself does.

    Args:
        secrets: `whsec_…`; two, while one takes the other's place.

    Raises:
        ValueError: There is none, or one is no such secret.
    """

    def __init__(self, *secrets: Secret) -> None:
        self._secrets = _some(secrets)
        for one in secrets:
            key_in(one)

    def verify(self, incoming: Incoming, now: datetime) -> Verified:
        """See `Verifier`."""
        id, text = incoming.header(ID_HEADER), incoming.header(TIME_HEADER)
        seconds = _recent(text, now)
        given = incoming.header(SIGNATURE_HEADER).split(" ")[:SIGNATURES_MAX]
        wanted = (signature_of(one, id, seconds, incoming.body) for one in self._secrets)
        _check(given, wanted)
        return _identified(id, incoming.body)


class StripeWebhooks:
    """Stripe, by `stripe-signature`.

    Args:
        secrets: `whsec_…` as Stripe shows it; two, while one takes the other's place.

    Raises:
        ValueError: There is none.
    """

    def __init__(self, *secrets: Secret) -> None:
        self._secrets = _some(secrets)

    def verify(self, incoming: Incoming, now: datetime) -> Verified:
        """See `Verifier`."""
        pairs = [one.partition("=") for one in incoming.header("stripe-signature").split(",")]
        text = next((value for name, _, value in pairs if name.strip() == "t"), "")
        seconds = _recent(text, now)
        given = [value.strip() for name, _, value in pairs if name.strip() == "v1"]
        signed = f"{seconds}.".encode() + incoming.body
        _check(given[:SIGNATURES_MAX], (_hex(one, signed) for one in self._secrets))
        return _identified(Verified("", incoming.body).read(_Identified).id, incoming.body)


class GitHubWebhooks:
    """GitHub, by `x-hub-signature-256`.

    It signs neither the time nor the id of a delivery: who has once seen a request can send it
    again under another id. So let what follows from it do no harm twice.

    Args:
        secrets: As it was given to GitHub; two, while one takes the other's place.

    Raises:
        ValueError: There is none.
    """

    def __init__(self, *secrets: Secret) -> None:
        self._secrets = _some(secrets)

    def verify(self, incoming: Incoming, now: datetime) -> Verified:  # noqa: ARG002  it has no time
        """See `Verifier`."""
        given = [incoming.header("x-hub-signature-256").removeprefix("sha256=")]
        _check(given, (_hex(one, incoming.body) for one in self._secrets))
        return _identified(incoming.header("x-github-delivery"), incoming.body)


class _Identified(msgspec.Struct):
    id: str


def _some(secrets: Sequence[Secret]) -> Sequence[Secret]:
    if not secrets:
        raise ValueError("Without a secret nothing is verified; give one.")
    return secrets


def _hex(secret: Secret, signed: bytes) -> str:
    return hmac.digest(secret.reveal().encode(), signed, "sha256").hex()


def _recent(text: str, now: datetime) -> int:
    """Seconds since 1970 that are near to now, as they were signed."""
    if not (text.isascii() and text.isdecimal()) or len(text) > SECONDS_DIGITS_MAX:
        raise NotVerified("The webhook does not say when it was sent.")
    if abs(now.timestamp() - int(text)) > TOLERANCE.total_seconds():
        raise NotVerified("The webhook was sent too long ago, or a clock is wrong.")
    return int(text)


def _check(given: Iterable[str], wanted: Iterable[str]) -> None:
    """Looks at all, in time that does not depend on where one differs."""
    there = [one.encode("latin-1", "replace") for one in given]
    found = False
    for one in wanted:
        for other in there:
            found |= hmac.compare_digest(one.encode(), other)
    if not found:
        raise NotVerified("The webhook's signature does not hold.")


def _identified(id: str, body: bytes) -> Verified:
    if not id:
        raise NotVerified("The webhook has no id.")
    return Verified(id, body)
