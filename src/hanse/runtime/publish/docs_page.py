"""The documentation page: static files that show a host's OpenAPI document in a browser."""

from __future__ import annotations

import html
from collections.abc import Mapping
from importlib import resources
from typing import NamedTuple

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page needs and no more: nothing from elsewhere, nothing inline."""


class Asset(NamedTuple):
    """A file to be served as it is."""

    content_type: str
    body: bytes


def docs_page(openapi_url: str = "openapi.json", asyncapi_url: str = "") -> str:
    """The page's HTML.

    Args:
        asyncapi_url: Where what is said of events lies; empty for nowhere.
        openapi_url: Where the document lies, absolute or relative to the page. Calls from the page
            go to the folder it lies in, so that it works under any prefix.
    """
    page = _text("docs.html").replace("{{openapi_url}}", html.escape(openapi_url))
    return page.replace("{{asyncapi_url}}", html.escape(asyncapi_url))


def docs_assets(
    openapi_url: str = "openapi.json", asyncapi_url: str = "asyncapi.json"
) -> Mapping[str, Asset]:
    """Everything the page consists of, by path; its references are relative to the path `/docs`."""
    return {
        "/docs": Asset("text/html; charset=utf-8", docs_page(openapi_url, asyncapi_url).encode()),
        "/docs/app.js": _script("docs.js"),
        "/docs/events.js": _script("docs_events.js"),
        "/docs/schema.js": _script("docs_schema.js"),
        "/docs/try.js": _script("docs_try.js"),
        "/docs/style.css": Asset("text/css; charset=utf-8", _text("docs.css").encode()),
    }


def _script(name: str) -> Asset:
    return Asset("text/javascript; charset=utf-8", _text(name).encode())


def _text(name: str) -> str:
    return (resources.files("hanse.runtime.publish") / "static" / name).read_text("utf-8")
