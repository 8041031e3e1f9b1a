"""What went wrong, as a page where a person asks and as a problem where a program does."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING

from hanse.runtime.errors import HanseError, InvalidArgument
from hanse.runtime.http.message import HTML, Response
from hanse.runtime.http.problem import HIDDEN, challenge, problem, retry_after

if TYPE_CHECKING:
    from hanse.runtime.http.message import Request

_STYLE = """
:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;
font:1.0625rem/1.6 system-ui,sans-serif;background:Canvas;color:CanvasText}
main{box-sizing:border-box;width:100%;max-width:36rem;padding:2rem 1.5rem;overflow-wrap:anywhere}
h1{margin:.25rem 0 1rem;font-size:1.75rem;line-height:1.2}
p,ul{margin:0 0 1rem}
.status{margin:0;font-variant-numeric:tabular-nums}
.trace{font-size:.875rem}
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<p class="status">{status}</p>
<h1>{title}</h1>
{sentences}
{trace}
</main>
</body>
</html>
"""

_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_HEAD = (
    HTML
    + b"cache-control: no-store\r\nvary: accept\r\n"
    + f"content-security-policy: default-src 'none'; style-src 'sha256-{_DIGEST}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n".encode()
)


def failure(error: HanseError, trace_id: str, request: Request) -> Response:
    """The response for an error: a page for who accepts one by name, as browsers do."""
    if not accepts_html(request.headers.get(b"accept", b"")):
        response = problem(error, trace_id)
        response.head += b"vary: accept\r\n"
        return response
    head = _HEAD + retry_after(error) + challenge(error)
    return Response(error.status, head, failure_page(error, trace_id).encode())


def failure_page(error: HanseError, trace_id: str) -> str:
    """A small page that says what went wrong; of a fault of ours nothing but the trace."""
    trace = f'<p class="trace">Trace <code>{escape(trace_id)}</code></p>' if trace_id else ""
    return _PAGE.format(
        title=escape(error.title),
        status=error.status,
        style=_STYLE,
        sentences=_sentences(error),
        trace=trace,
    )


def _sentences(error: HanseError) -> str:
    if error.log:
        return f"<p>{escape(HIDDEN)}</p>"
    told = [one.message for one in error.violations] if isinstance(error, InvalidArgument) else []
    if len(told) > 1:
        return "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in told) + "</ul>"
    return f"<p>{escape(error.detail)}</p>" if error.detail else ""


def accepts_html(value: bytes) -> bool:
    """Whether `Accept` names HTML; programs that take anything say `*/*`, or nothing."""
    for one in value.lower().split(b","):
        kind, *parameters = (part.strip() for part in one.split(b";"))
        if kind in {b"text/html", b"application/xhtml+xml"}:
            return not any(_is_refusal(parameter) for parameter in parameters)
    return False


def _is_refusal(parameter: bytes) -> bool:
    name, _, weight = parameter.partition(b"=")
    return name.strip() == b"q" and not weight.strip(b" \t0.")
