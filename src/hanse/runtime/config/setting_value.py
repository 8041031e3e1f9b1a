"""One setting's value: from a text or a table to its type, and what is said if it does not fit."""

from __future__ import annotations

import enum
import os
import stat
import types
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import msgspec

from hanse.runtime.config.secret import Secret, decode_secret

if TYPE_CHECKING:
    from pathlib import Path

_MOUNTED_BYTES_MAX = 64 * 1024
_OPEN_TO_OTHERS = stat.S_IRWXO | stat.S_IWGRP


class WrongValueError(Exception):
    """What is wrong with a value, without showing it."""


def read_mounted(path: Path) -> str:
    """The text of a mounted file, without the line end.

    Raises:
        WrongValueError: It is open to others, too long or not UTF-8.
        OSError: It cannot be read.
    """
    if not path.is_file():
        raise WrongValueError("it is not a file")
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & _OPEN_TO_OTHERS:
            raise WrongValueError(
                f"its mode is {mode:04o}, so others could read or change it. Remedy: chmod 0600 "
                f"{path} (in Kubernetes: defaultMode: 0440)"
            )
        raw = file.read(_MOUNTED_BYTES_MAX + 1)
    if len(raw) > _MOUNTED_BYTES_MAX:
        raise WrongValueError(f"it is longer than {_MOUNTED_BYTES_MAX} bytes")
    try:
        return raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise WrongValueError("it is not UTF-8") from None


def from_text(text: str, kind: Any) -> object:
    """A value spelled as text: as it is where a text fits, else a number, truth value or JSON.

    Raises:
        WrongValueError: It does not fit.
    """
    try:
        return convert(text, kind, strict=False)
    except WrongValueError:
        if not text.lstrip().startswith(("[", "{")):
            raise
    try:
        decoded = msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise WrongValueError("it is not valid JSON") from None
    return convert(decoded, kind, strict=True)


def convert(value: object, kind: Any, *, strict: bool) -> object:
    """The value as `kind`; unless `strict`, a text may spell a number or a truth value.

    Raises:
        WrongValueError: It does not fit.
    """
    try:
        return msgspec.convert(value, kind, strict=strict, dec_hook=decode_secret)
    except msgspec.ValidationError as error:
        text = str(error)
        # The only messages of msgspec that repeat what was given.
        if text.startswith("Invalid"):
            text = f"Expected {rule_of(kind)}"
        raise WrongValueError(text.removesuffix(".")) from None


def rule_of(kind: Any) -> str:
    """What a field takes, in words: `float`, `'red' or 'green'`."""
    if kind is Secret:
        return "a secret text"
    if hasattr(kind, "__metadata__"):  # Annotated
        limits = ", ".join(map(repr, kind.__metadata__))
        return f"{rule_of(get_args(kind)[0])} within {limits}"
    if get_origin(kind) is Literal:
        return " or ".join(map(repr, get_args(kind)))
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join(map(rule_of, get_args(kind)))
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return " or ".join(repr(member.value) for member in kind)
    if kind is type(None):
        return "`null`"
    return f"`{kind if get_origin(kind) is not None else kind.__name__}`"
