"""The templates of one kind of letter: checked when a host starts, filled in for each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.kit.ids import span_id
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.errors import InvalidArgument
from hanse.runtime.mail.address import SUBJECT_MAX, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jinja2 import Environment

    from hanse.runtime.mail.letter import Letter, LetterModel

SIZE_MAX = 400_000
"""Characters of text and HTML together, so that a row has room for them, sealed."""

HEAD = "Subject:"

HEAD_END = f"\x1e{span_id()}\x1e"
"""Behind the first line of a text. What people wrote has line ends too, and none ends a subject."""

_ENDING = re.compile(r"(?:\.([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*))?\.(txt|html)")


class Said(msgspec.Struct, frozen=True):
    """What a letter says.

    Attributes:
        locale: Of the templates it was made by; empty for those that name none.
        subject: In one line.
        text: Its text.
        html: The same as HTML; empty without.
    """

    locale: str
    subject: str
    text: str
    html: str


class Templates:
    """Those of one kind of letter, by language.

    Args:
        model: What was read of its class.

    Raises:
        ConfigurationError: Templates are missing or broken, or ask for what the letter lacks; with
            all that is wrong.
    """

    def __init__(self, model: LetterModel) -> None:
        self._model = model
        self._where = f"Letter {model.cls.__name__}"
        self._names = dict(_found(model)) if model.folder else {}
        problems = list(self._missing())
        if not problems:
            self._environment = _environment(model.folder)
            problems = list(self._broken())
        if problems:
            raise ConfigurationError(*problems)
        self._templates = {
            key: self._environment.get_template(name) for key, name in self._names.items()
        }

    def said(self, letter: Letter, locale: str) -> Said:
        """A letter in a language, or the nearest there is: `de-AT`, then `de`, then any.

        Raises:
            InvalidArgument: It is too long.
        """
        locale = self._nearest(locale)
        given = {name: getattr(letter, name) for name in self._model.fields}
        head, _, text = self._templates[locale, "txt"].render(given).partition(HEAD_END)
        html = self._templates.get((locale, "html"))
        said = Said(
            locale,
            one_line(head.removeprefix(HEAD), SUBJECT_MAX),
            text.replace(HEAD_END, "").strip("\n") + "\n",
            html.render(given).replace(HEAD_END, "") if html else "",
        )
        if len(said.text) + len(said.html) > SIZE_MAX:
            raise InvalidArgument(f"{self._where} is longer than {SIZE_MAX} characters.")
        return said

    def _nearest(self, locale: str) -> str:
        wanted = locale.lower()
        while wanted:
            if (wanted, "txt") in self._names:
                return wanted
            wanted = wanted.rpartition("-")[0]
        return ""

    def _missing(self) -> Iterator[str]:
        name, there = self._model.name, self._names
        for locale in sorted({"", *(locale for locale, _ in there)}):
            middle = f".{locale}" if locale else ""
            if (locale, "txt") not in there:
                yield f"{self._where}: there is no {name}{middle}.txt in {self._model.folder}."
            elif ("", "html") in there and (locale, "html") not in there:
                yield f"{self._where}: {name}.html has no {name}{middle}.html beside it."

    def _broken(self) -> Iterator[str]:
        from jinja2 import TemplateError, TemplateSyntaxError

        for (_, kind), name in sorted(self._names.items()):
            try:
                source = self._source(name)
                if kind == "txt" and not source.startswith(HEAD):
                    yield f"{self._where}: {name} begins with no line `{HEAD} …`."
                for asked in sorted(self._asked(name, set())):
                    yield f"{self._where}: {name} asks for {asked}, which is no field of it."
                self._environment.get_template(name)
            except TemplateSyntaxError as error:
                yield f"{self._where}: {error.name}:{error.lineno}: {error.message}."
            except TemplateError as error:
                yield f"{self._where}: {name} needs {error}, which is not there."
            except UnicodeDecodeError:
                yield f"{self._where}: {name} is not UTF-8."

    def _asked(self, name: str, seen: set[str]) -> set[str]:
        """Names that a template asks for and nothing gives, and those it is made of with it."""
        from jinja2 import meta

        seen.add(name)
        tree = self._environment.parse(self._source(name), name, name)
        known = self._model.fields | self._environment.globals.keys()
        asked = {one for one in meta.find_undeclared_variables(tree) if one not in known}
        for other in meta.find_referenced_templates(tree):
            if other is not None and other not in seen:
                asked |= self._asked(other, seen)
        return asked

    def _source(self, name: str) -> str:
        assert self._environment.loader is not None
        return self._environment.loader.get_source(self._environment, name)[0]


def _found(model: LetterModel) -> Iterator[tuple[tuple[str, str], str]]:
    folder: Path | None = model.folder
    for path in sorted(folder.glob(f"{model.name}.*")) if folder else ():
        found = _ENDING.fullmatch(path.name.removeprefix(model.name))
        if found is not None:
            yield ((found[1] or "").lower(), found[2]), path.name


def _environment(folder: Path | None) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    class Loader(FileSystemLoader):
        def get_source(self, environment: Environment, template: str) -> Any:
            source, *others = super().get_source(environment, template)
            if source.startswith(HEAD):
                source = source.replace("\n", f"{HEAD_END}\n", 1)
            return source, *others

    assert folder is not None, "nothing would have been found"
    return Environment(
        loader=Loader(folder),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"], default=False),
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
