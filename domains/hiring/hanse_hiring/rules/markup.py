"""Text that people wrote as HTML: a subset of Markdown, in which nothing from outside is HTML."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

TAGS = frozenset(
    [
        "p",
        "h2",
        "h3",
        "h4",
        "ul",
        "ol",
        "li",
        "strong",
        "em",
        "code",
        "pre",
        "blockquote",
        "a",
        "br",
        "hr",
    ]
)
"""All that can come out."""

SCHEMES = frozenset({"https", "http", "mailto"})
NESTING_MAX = 8


@lru_cache(maxsize=512)
def html(text: str, *, top: int = 2) -> Markup:
    """The text as HTML: every `<` that somebody wrote is shown, and none is a tag.

    There are paragraphs, headings, lists, emphasis, code, quotes and links; no HTML, no pictures,
    no tables. A link leads to https, http or mailto, or is text.

    Args:
        text: Markdown (CommonMark), or plain text.
        top: Level of the highest heading, so that the text fits below one.
    """
    tokens = _READER.parse(text)
    _fit(tokens, top)
    made = _READER.renderer.render(tokens, _READER.options, {})
    return Markup(made)  # noqa: S704  the reader escapes; what it may make stands in TAGS


def plain(text: str) -> str:
    """The text without its marks, a line a block."""
    lines: list[str] = []
    for token in _READER.parse(text):
        if token.type == "inline":
            lines.append("".join(_words(token.children or ())))
        elif token.type in {"fence", "code_block"}:
            lines.append(token.content.rstrip())
    return "\n".join(lines)


def _words(tokens: Sequence[Token]) -> list[str]:
    breaks = {"softbreak": " ", "hardbreak": " "}
    return [breaks.get(token.type, token.content) for token in tokens]


def _fit(tokens: list[Token], top: int) -> None:
    """Moves headings below the one of the page, and tells browsers that links lead elsewhere."""
    highest = min(
        (int(token.tag[1]) for token in tokens if token.type == "heading_open"), default=1
    )
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) - highest + top, 4)}"
        token.attrs.pop("start", None)
        for inner in token.children or ():
            if inner.type == "link_open":
                inner.attrs["rel"] = "nofollow noopener"
                inner.attrs.pop("title", None)


def _may_lead_to(address: str) -> bool:
    try:
        return urlsplit(address).scheme.lower() in SCHEMES
    except ValueError:
        return False


def _reader() -> MarkdownIt:
    options: dict[str, Any] = {"html": False, "linkify": False, "maxNesting": NESTING_MAX}
    reader = MarkdownIt("commonmark", options).disable("image")
    reader.validateLink = _may_lead_to  # pyright: ignore[reportAttributeAccessIssue]  its own hook
    return reader


_READER = _reader()
