"""A text that must not be shown: passwords, keys, tokens of other systems."""

from __future__ import annotations

import hmac
from typing import Any, NoReturn

_SHOWN = "Secret(***)"


class Secret:
    """Wraps a text so that no log line, traceback, JSON document or pickle ever carries it.

    Only `reveal` gives the text; whoever greps for `reveal(` sees every use of a secret.
    """

    __slots__ = ("_text",)
    _text: str

    def __init__(self, text: str) -> None:
        """Wraps `text`.

        Raises:
            ValueError: `text` is empty: an empty secret is a mistake in the set-up, not a secret.
        """
        if not text:
            raise ValueError("Expected a secret of at least one character, got an empty text.")
        object.__setattr__(self, "_text", text)

    def reveal(self) -> str:
        """The text itself, for the one line that needs it."""
        return self._text

    def __repr__(self) -> str:
        return _SHOWN

    def __str__(self) -> str:
        return _SHOWN

    def __format__(self, spec: str) -> str:
        """The same for every spec: widths would tell the length, `!s` and `:.3` the text."""
        return _SHOWN

    def __eq__(self, other: object) -> bool:
        """Compares in time that does not depend on where the texts differ."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._text), _bytes(other._text))

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("A Secret does not change.")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("A Secret does not change.")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A Secret cannot be pickled: hand over where to find it instead.")


def decode_secret(kind: type, value: object) -> Any:
    """A `dec_hook` for msgspec that reads a text into a `Secret`.

    Raises:
        ValueError: The value is not a text, or empty. The sentence never contains it.
        NotImplementedError: `kind` is not `Secret`.
    """
    if kind is not Secret:
        raise NotImplementedError(f"Cannot read a value of type {kind.__name__}.")
    if not isinstance(value, str):
        given = type(value).__name__
        # Only to a ValueError does msgspec add the path.
        raise ValueError(f"Expected a secret as `str`, got `{given}`")  # noqa: TRY004
    return Secret(value)


def encode_secret(value: object) -> str:
    """An `enc_hook` for msgspec that writes the text of a `Secret`, where it is meant to go.

    Raises:
        TypeError: It is something else that has no JSON form.
    """
    if not isinstance(value, Secret):
        raise TypeError(f"Encoding objects of type {type(value).__name__} is unsupported")
    return value.reveal()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
