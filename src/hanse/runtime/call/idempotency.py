"""Idempotency keys: a call that is sent again under its key happens once and answers the same."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Protocol

from hanse.runtime.call.context import Keyed
from hanse.runtime.errors import Aborted, FailedPrecondition, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import msgspec

    from hanse.runtime.call.context import Call
    from hanse.runtime.contract.method import Method
    from hanse.runtime.errors import HanseError

HEADER = b"idempotency-key"
"""As Stripe has it, and draft-ietf-httpapi-idempotency-key-header; also between hosts."""

_KEY = re.compile(rb"[!-~]{1,255}")


class KeyRefused(InvalidArgument):
    """The header is no key, or stands where keys do not count."""

    code = "idempotency_key_refused"
    title = "Idempotency key refused"


class KeyReused(FailedPrecondition):
    """The key came before, with another request."""

    code = "idempotency_key_reused"
    status = 422
    title = "Idempotency key reused"


class KeyInFlight(Aborted):
    """The request that came first under the key has no answer yet.

    Attributes:
        retry_after: Seconds after which another try makes sense.
    """

    code = "idempotency_key_in_flight"
    title = "Still running"
    retry_after: int = 1


class KeyInterrupted(Aborted):
    """The request that came first under the key did a part of its work, and nobody knows which."""

    code = "idempotency_key_interrupted"
    title = "Interrupted"


REFUSALS = (KeyRefused, KeyReused, KeyInFlight, KeyInterrupted)
"""What any method may answer to a key, whatever it declares."""


class Once(Protocol):
    """Sees to it that what came before under a key is not done again."""

    async def run(
        self,
        call: Call,
        arguments: msgspec.Struct,
        handle: Callable[..., Awaitable[Any]],
        fail: Callable[[Call, BaseException], HanseError],
    ) -> Any:
        """The answer: the handler's, or the one that was given under the key before.

        Args:
            call: With its key.
            arguments: As they were read and checked.
            handle: Takes them one by one.
            fail: Makes of what a handler raised what its caller sees.

        Raises:
            HanseError: What the handler raised, now or before; or the key is refused.
        """
        ...


def takes_keys(method: Method) -> bool:
    """Whether a key means anything for a method: not if it only reads, or takes what others send.

    The latter has a signature and a time in its headers, which are others in each repeat; and
    anybody could take its key before it comes.
    """
    return not method.as_it_came and (method.route is None or method.route.verb != "GET")


def read_key(value: bytes, method: Method) -> Keyed | None:
    """The key in a header; None where it means nothing.

    Raises:
        KeyRefused: It is no key; or the method streams and has no one answer to remember, or
            takes a file, of which a repeat makes another.
    """
    if not takes_keys(method):
        return None
    if method.signature.streams:
        raise KeyRefused(f"{method.full_name} streams, so it takes no Idempotency-Key.")
    if method.upload is not None:
        raise KeyRefused(
            f"{method.full_name} takes a file, so it takes no Idempotency-Key: send it again, and "
            "the one that nobody refers to goes by itself."
        )
    if not _KEY.fullmatch(value):
        raise KeyRefused(
            "An Idempotency-Key has 1 to 255 visible ASCII characters, a UUID for example."
        )
    return Keyed(value.decode())


def derived_key(caller: str, keyed: Keyed, method: Method, body: bytes) -> Keyed | None:
    """The key of a call that a keyed call makes: the same one when it all happens again.

    It follows from whose call it is, what is called and with what; of calls that are alike the
    second has another than the first. The outer key itself never travels.
    """
    if not takes_keys(method) or method.signature.streams:
        return None
    outer = f"{caller} {keyed.key} {method.full_name} "
    digest = hashlib.sha256(outer.encode() + body).hexdigest()
    turn = keyed.made[digest] = keyed.made.get(digest, 0) + 1
    return Keyed(f"{digest}.{turn}")
