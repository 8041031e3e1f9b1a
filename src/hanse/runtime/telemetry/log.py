"""Structured logs on the standard library's logging: one line an event, whoever reads it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal, TextIO, cast

import msgspec

ContextFields = Callable[[], dict[str, str]]
"""What the running call is about: site, principal, trace_id, service; empty outside of calls."""

VALUE_LENGTH_LIMIT = 16 * 1024
"""Characters kept of a message, a value or a stack."""

_ITEMS_LIMIT = 100  # of a list or a mapping
_DEPTH_LIMIT = 5  # of lists and mappings in each other

# Whatever `extra` adds to a record is what a bare one does not have.
_OWN_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

# All that ends a line or moves a cursor: control characters (C0, DEL, C1), line and paragraph
# separators, and the marks that reverse the direction of writing. JSON itself only escapes the
# first 32.
_sub_control = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]"
).sub

_COLOURS = {"DEBUG": "2", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the context, `extra` values, the stack.

    Values that are not plain data appear as their `str()`, so that a secret stays one.

    Args:
        context_fields: Called for every line.
    """

    def __init__(self, context_fields: ContextFields) -> None:
        super().__init__()
        self._context_fields = context_fields

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record, self._context_fields),
        }
        if stack := _stack(self, record):
            line["stack"] = stack
        return _escape(msgspec.json.encode(_plain(line, 0)).decode())


class ConsoleFormatter(logging.Formatter):
    """One short line for people: time, level, message, then `name=value`; a stack below.

    Args:
        context_fields: Called for every line.
        colour: Whether the level is coloured.
    """

    def __init__(self, context_fields: ContextFields, *, colour: bool = False) -> None:
        super().__init__()
        self._context_fields = context_fields
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line without its end."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        level = f"{record.levelname:<7}"
        if self._colour and (colour := _COLOURS.get(record.levelname)):
            level = f"\x1b[{colour}m{level}\x1b[0m"
        line = f"{time}.{int(record.msecs):03d} {level} {_shown(record.getMessage())}"
        for name, value in _fields(record, self._context_fields).items():
            line += f"  {_shown(name)}={_shown(_plain(value, 0))}"
        stack = _stack(self, record)
        return line + "".join(f"\n    {_escape(row)}" for row in stack.split("\n") if row)


def configure(
    logger: logging.Logger,
    stream: TextIO,
    style: Literal["json", "console"],
    context_fields: ContextFields,
) -> None:
    """Make a logger write to a stream; again to change it. Touches no other logger.

    Colour is used where the stream is a terminal. Lines no longer go to the loggers above, which
    would write them a second time.
    """
    handler = logging.StreamHandler(stream)
    if style == "json":
        handler.setFormatter(JsonFormatter(context_fields))
    else:
        handler.setFormatter(ConsoleFormatter(context_fields, colour=stream.isatty()))
    for earlier in list(logger.handlers):
        if isinstance(earlier.formatter, JsonFormatter | ConsoleFormatter):
            logger.removeHandler(earlier)
    logger.addHandler(handler)
    logger.propagate = False


def _fields(record: logging.LogRecord, context_fields: ContextFields) -> dict[str, Any]:
    """The context and what `extra` added; neither may take the place of a field of the record."""
    extra = {name: value for name, value in vars(record).items() if name not in _OWN_FIELDS}
    taken = ("time", "level", "logger", "message", "stack")
    both = {**extra, **{name: value for name, value in context_fields().items() if value}}
    return {f"{name}_" if name in taken else name: value for name, value in both.items()}


def _stack(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = [formatter.formatException(record.exc_info)] if record.exc_info else []
    if record.stack_info:
        parts.append(record.stack_info)
    return "\n".join(parts)


def _plain(value: object, depth: int) -> Any:
    """Plain data of bounded size. Only exact types pass: a subclass may be a secret in disguise."""
    if value is None or type(value) in (bool, float):
        return value
    if type(value) is int and value.bit_length() < 64:
        return value
    if type(value) is str:
        return _cut(value)
    if depth < _DEPTH_LIMIT and type(value) is dict:
        pairs = islice(cast("dict[object, object]", value).items(), _ITEMS_LIMIT)
        return {_cut(_text(key)): _plain(item, depth + 1) for key, item in pairs}
    if depth < _DEPTH_LIMIT and type(value) in (list, tuple, set, frozenset):
        items = islice(cast("Iterable[object]", value), _ITEMS_LIMIT)
        return [_plain(item, depth + 1) for item in items]
    return _cut(_text(value))


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001  a broken __str__ must not lose the line
        return f"<{type(value).__name__} that cannot be shown>"


def _cut(text: str) -> str:
    """At most so long, and without half characters, which no encoding takes."""
    short = text if len(text) <= VALUE_LENGTH_LIMIT else text[:VALUE_LENGTH_LIMIT] + "… (cut)"
    return short.encode("utf-8", "backslashreplace").decode()


def _shown(value: object) -> str:
    """A value on one line, as it is when it is a word, else as JSON would write it."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return _escape(_cut(text))


def _escape(text: str) -> str:
    return _sub_control(lambda found: f"\\u{ord(found[0]):04x}", text)
