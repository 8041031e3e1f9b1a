"""Typed settings of a service: a class, read from file, environment and mounted secrets."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    cast,
    dataclass_transform,
)

import msgspec

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.config.secret import Secret
from hanse.runtime.config.setting_value import (
    WrongValueError,
    convert,
    from_text,
    read_mounted,
    rule_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class SettingsError(ConfigurationError):
    """Settings are missing, wrong or unknown; all of them are listed in `problems`."""


@dataclass_transform(kw_only_default=True, frozen_default=True)
class SettingsMeta(msgspec.StructMeta):
    """Makes every settings class frozen and keyword-only, which a struct does not inherit."""

    def __new__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> SettingsMeta:
        """Makes the class.

        Raises:
            TypeError: A field's name could not be told apart in the name of a variable.
        """
        options = {"frozen": True, "kw_only": True, **options}
        made: SettingsMeta = super().__new__(cls, name, bases, namespace, **options)
        wrong = [field for field in made.__struct_fields__ if not _NAME.fullmatch(field)]
        if wrong:
            raise TypeError(
                f"{name}: settings are named by lower-case words joined with single underscores; "
                f"rename {', '.join(wrong)}."
            )
        return made


class Settings(msgspec.Struct, metaclass=SettingsMeta):
    """What a service needs to know from its deployment.

    Subclass it, and take the subclass in the service's constructor:

        class GreeterSettings(Settings):
            greeting: str = "Hello"
            api_key: Secret
            timeout: Annotated[float, Meta(gt=0)] = 3.0

    The fields are read once, when the host starts; they never change afterwards.
    """


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Where values come from, weakest first.

    Attributes:
        tables: Section → field → value, as read from TOML.
        variables: The environment; `HANSE_<SECTION>__<FIELD>` counts, everything else is ignored.
        mounted: A folder with one file per value, `<section>.<field>`; None for none.
        listed: Sections of all services of a project, wherever each of them is served.
    """

    tables: Mapping[str, Mapping[str, object]] = {}
    variables: Mapping[str, str] = {}
    mounted: Path | None = None
    listed: frozenset[str] = frozenset()


def load(
    kinds: Mapping[str, type[Settings]], sources: Sources, served: Collection[str] = ()
) -> dict[str, Settings]:
    """One instance for each section.

    A mounted file wins over a variable, a variable over the table, the table over the default.
    Sections that nobody declared are refused in the tables, but for those of services that are
    served elsewhere; among variables and mounted files they are left alone, because other processes
    share those.

    Args:
        kinds: Section (a service's name in lower case) → settings class.
        sources: Where to look.
        served: Sections of all services that are served here, with settings or without.

    Raises:
        SettingsError: Anything is missing, wrong or unknown; with all of it. No problem shows a
            value.
    """
    reader = _Reader(kinds, sources, sources.listed.difference(served))
    loaded = {section: reader.read(section, kind) for section, kind in kinds.items()}
    if reader.problems:
        raise SettingsError(*reader.problems)
    return cast("dict[str, Settings]", loaded)


class _Reader:
    """Collects problems while it reads."""

    def __init__(
        self,
        kinds: Mapping[str, type[Settings]],
        sources: Sources,
        elsewhere: Collection[str],
    ) -> None:
        self.problems: list[str] = []
        self._sources = sources
        self._elsewhere = elsewhere
        self._check_names(kinds)
        self._mounted = self._list_mounted()
        self._refuse_unknown(kinds)

    def read(self, section: str, kind: type[Settings]) -> Settings | None:
        known = len(self.problems)
        values: dict[str, Any] = {}
        for field in msgspec.structs.fields(kind):
            self._read_field(section, field, values)
        if len(self.problems) > known:
            return None
        try:
            return kind(**values)
        except (TypeError, ValueError) as error:  # raised by the class's own __post_init__
            secret = any(isinstance(value, Secret) for value in values.values())
            why = "its own check failed" if secret else str(error)
            self.problems.append(f"{section}: {why}.")
            return None

    def _read_field(
        self, section: str, field: msgspec.structs.FieldInfo, values: dict[str, Any]
    ) -> None:
        found = self._find(section, field)
        if found is None:
            if field.required:
                self.problems.append(self._missing(section, field))
            return
        source, read = found
        try:
            values[field.name] = read()
        except WrongValueError as error:
            self.problems.append(f"{section}.{field.name} from {source} is wrong: {error}.")
        except OSError as error:
            self.problems.append(f"{section}.{field.name}: cannot read {source}: {error.strerror}.")

    def _find(
        self, section: str, field: msgspec.structs.FieldInfo
    ) -> tuple[str, Callable[[], object]] | None:
        """The strongest source that has the field: its name, and how to read it."""
        path = self._mounted.get(f"{section}.{field.name}")
        if path is not None:
            return f"file {path}", lambda: from_text(read_mounted(path), field.type)
        variable = _variable(section, field.name)
        text = self._sources.variables.get(variable)
        if text is not None:
            return f"variable {variable}", lambda: from_text(text, field.type)
        table = self._sources.tables.get(section, {})
        if field.name in table:
            value = table[field.name]
            return f"table [{section}]", lambda: convert(value, field.type, strict=True)
        return None

    def _missing(self, section: str, field: msgspec.structs.FieldInfo) -> str:
        places = [
            f"variable {_variable(section, field.name)}",
            f"{field.name} in table [{section}]",
        ]
        if self._sources.mounted is not None:
            places.insert(0, f"file {self._sources.mounted / f'{section}.{field.name}'}")
        return (
            f"{section}.{field.name} is not set and has no default; "
            f"it takes {rule_of(field.type)}. Set one of: {', '.join(places)}."
        )

    def _check_names(self, kinds: Mapping[str, type[Settings]]) -> None:
        for section in kinds:
            if not _NAME.fullmatch(section):
                self.problems.append(
                    f"Section {section!r} is not lower-case words joined with single underscores."
                )

    def _list_mounted(self) -> dict[str, Path]:
        folder = self._sources.mounted
        if folder is None:
            return {}
        try:
            # Names that begin with a dot are how Kubernetes swaps a mount's content.
            return {p.name: p for p in sorted(folder.iterdir()) if not p.name.startswith(".")}
        except OSError as error:
            self.problems.append(
                f"The folder of mounted settings {folder} cannot be read: {error.strerror}. "
                "Mount it, or start without naming it."
            )
            return {}

    def _refuse_unknown(self, kinds: Mapping[str, type[Settings]]) -> None:
        sections = {section.upper(): section for section in kinds}
        for section, table in self._sources.tables.items():
            if section in self._elsewhere:
                continue
            if section not in kinds:
                self._unknown(f"Table [{section}]", section, kinds)
                continue
            for name in table:
                self._check_field(kinds[section], name, f"{name} in table [{section}]")
        for variable in sorted(self._sources.variables):
            owner, mark, name = variable.removeprefix("HANSE_").partition("__")
            if mark and variable.startswith("HANSE_") and owner in sections:
                self._check_field(kinds[sections[owner]], name, f"Variable {variable}", str.upper)
        for filename, path in self._mounted.items():
            owner, mark, name = filename.partition(".")
            if mark and owner in kinds:
                self._check_field(kinds[owner], name, f"File {path}")

    def _check_field(
        self,
        kind: type[Settings],
        name: str,
        place: str,
        spell: Callable[[str], str] = str,
    ) -> None:
        allowed = [spell(field) for field in kind.__struct_fields__]
        if name not in allowed:
            self._unknown(place, name, allowed)

    def _unknown(self, place: str, name: str, allowed: Mapping[str, Any] | list[str]) -> None:
        close = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.6)
        remedy = f"Did you mean {close[0]}?" if close else f"Known: {', '.join(allowed) or 'none'}."
        self.problems.append(f"{place} sets nothing that is declared. {remedy}")


def _variable(section: str, field: str) -> str:
    return f"HANSE_{section.upper()}__{field.upper()}"
