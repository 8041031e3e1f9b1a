"""Compares plain data with the types it should have, and says everything that does not fit."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Union, cast, get_args, get_origin

import msgspec

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.config.setting_value import WrongValueError, convert

if TYPE_CHECKING:
    from hanse.runtime.project.lines import Place

Finding = tuple["Place", str]
"""Where something is wrong, and the sentence about it."""

_REMEDIES = {
    ("int", "str"): "write it without quotes",
    ("float", "str"): "write it without quotes",
    ("bool", "str"): "write true or false, without quotes",
    ("str", "int"): "put it in quotes",
    ("str", "float"): "put it in quotes",
    ("str", "bool"): "put it in quotes",
    ("array", "str"): 'put it in brackets: ["…"]',
}


class Strict:
    """Collects findings.

    Attributes:
        findings: What is there and wrong.
        missing: What is required and not there.
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.missing: list[Finding] = []

    def check(self, value: object, kind: Any, place: Place) -> None:
        """Compares a value with the type it should have, and all that is in it with theirs."""
        plain, rules = _unwrap(kind)
        if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
            self._struct(value, plain, place)
        elif get_origin(plain) is Mapping:
            self._mapping(value, get_args(plain), place)
        elif get_origin(plain) in (tuple, frozenset) and isinstance(value, list):
            items = cast("list[object]", value)
            for position, item in enumerate(items):
                self.check(item, get_args(plain)[0], (*place, position))
            count_rule = Annotated[tuple[Any, ...], *rules] if rules else tuple[Any, ...]
            self._leaf(items, count_rule, place, _described(rules))
        else:
            self._leaf(value, kind, place, _described(rules))

    def _struct(self, value: object, kind: type[msgspec.Struct], place: Place) -> None:
        if not isinstance(value, dict):
            self._add(place, f"{dotted(place)} is a table: write [{dotted(place)}] above its keys")
            return
        table = cast("dict[str, object]", value)
        fields = {field.name: field for field in msgspec.structs.fields(kind)}
        for name, item in table.items():
            if name in fields:
                self.check(item, fields[name].type, (*place, name))
            else:
                self._add(
                    (*place, name), f"{dotted((*place, name))} is unknown{like(name, fields)}"
                )
        missing = [name for name, field in fields.items() if field.required and name not in table]
        for name in missing:
            said = f"{dotted((*place, name))} is missing{_rule(fields[name].type)}."
            self.missing.append((place, said))
        if not missing and hasattr(kind, "__post_init__"):
            self._together(table, kind, place)

    def _together(self, table: dict[str, object], kind: type, place: Place) -> None:
        """Whether the parts fit each other, where a type says so itself."""
        try:
            convert(table, kind, strict=True)
        except WrongValueError:
            return  # a part is wrong, which is said where it stands
        except ConfigurationError as error:
            for problem in error.problems:
                self._add(place, problem.rstrip("."))

    def _mapping(self, value: object, kinds: tuple[Any, Any], place: Place) -> None:
        if not isinstance(value, dict):
            self._add(place, f"{dotted(place)} is a table: write [{dotted(place)}] above its keys")
            return
        for name, item in cast("dict[str, object]", value).items():
            inner = (*place, name)
            self._leaf(name, kinds[0], inner, _described(_unwrap(kinds[0])[1]))
            self.check(item, kinds[1], inner)

    def _leaf(self, value: object, kind: Any, place: Place, description: str) -> None:
        try:
            convert(value, kind, strict=True)
        except WrongValueError as error:
            said = str(error).partition(" - at `$")[0].replace(" | null", "")  # TOML has none
            said = said[0].lower() + said[1:]
            if description:  # says more to people than a regular expression or a comparison
                said = f"{said}; {description}" if ", got" in said else description
            self._add(place, f"{dotted(place)}: {said}{_remedy(said)}")

    def _add(self, place: Place, sentence: str) -> None:
        self.findings.append((place, sentence if sentence.endswith("?") else f"{sentence}."))


def dotted(place: Place) -> str:
    """A place as it is written: `environments.production.host.port`, `project.services[1]`."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
            continue
        plain = step.replace("-", "").replace("_", "").isalnum() and step.isascii()
        text += ("." if text else "") + (step if plain else f'"{step}"')
    return text


def like(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` or what there is, to follow a name that is wrong."""
    listed = sorted(known)
    close = difflib.get_close_matches(name, listed, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; known are {', '.join(listed)}" if listed else ""


def _unwrap(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type without `Annotated` and `| None`, and what it was annotated with."""
    rules: tuple[Any, ...] = ()
    if hasattr(kind, "__metadata__"):
        rules, kind = kind.__metadata__, get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        options = [option for option in get_args(kind) if option is not types.NoneType]
        if len(options) == 1:
            inner, inner_rules = _unwrap(options[0])
            return inner, (*rules, *inner_rules)
    return kind, rules


def _remedy(said: str) -> str:
    """What to do where a value was written as another type than it should be."""
    for (wanted, given), remedy in _REMEDIES.items():
        if f"`{given}`" in said.partition("got")[2] and f"`{wanted}" in said.partition("got")[0]:
            return f"; {remedy}"
    return ""


def _described(rules: tuple[Any, ...]) -> str:
    return next((rule.description for rule in rules if getattr(rule, "description", None)), "")


def _rule(kind: Any) -> str:
    description = _described(_unwrap(kind)[1])
    return f": {description}" if description else ""
