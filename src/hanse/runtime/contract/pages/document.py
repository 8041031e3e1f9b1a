"""`Document`: what a page answers with where it is no HTML: a feed, a site map, a style sheet."""

from __future__ import annotations

import re

import msgspec

from hanse.runtime.contract.pages.html import NO_STORE, check_line

POLICY = "default-src 'none'; frame-ancestors 'none'"
"""What is shown by itself loads nothing and runs nothing."""

_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+")


class Document(msgspec.Struct, frozen=True, tag="document"):
    """A text that is no HTML and is meant for programs: browsers, feed readers, search engines.

        return Document(feed, "application/rss+xml", cache="public, max-age=300")

    Attributes:
        text: All of it; it is sent as UTF-8.
        media_type: Like `application/xml`, without parameters.
        status: 200, or another.
        cache: Its Cache-Control, as in `Html`.

    Raises:
        ValueError: The status is no answer's, the media type is none or HTML, or a header would
            break.
    """

    text: str
    media_type: str
    status: int = 200
    cache: str = NO_STORE

    def __post_init__(self) -> None:
        if not 200 <= self.status <= 599:
            raise ValueError(f"The status of a document is 200 to 599, not {self.status}.")
        if not _MEDIA_TYPE.fullmatch(self.media_type):
            raise ValueError(
                f"{self.media_type!r} is no media type; write it like application/rss+xml, "
                "in lower case and without parameters."
            )
        if self.media_type == "text/html":
            raise ValueError("A document that is HTML is a page; answer it with Html.")
        if self.cache is not NO_STORE:
            check_line("cache", self.cache)
