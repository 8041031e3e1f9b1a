"""What the gateway itself answers: problems for programs, a page for people."""

from __future__ import annotations

from typing import Any, NamedTuple


class Reply(NamedTuple):
    """What a status means when the gateway gives it."""

    status: int
    code: str
    title: str
    detail: str
    retry_after: int | None = None


REPLIES = (
    Reply(400, "malformed_request", "Malformed request", "This is no valid HTTP request."),
    Reply(404, "not_found", "Not found", "No service answers at this address."),
    Reply(408, "request_timeout", "Request timeout", "The request took too long to arrive."),
    Reply(429, "too_many_requests", "Too many requests", "Wait a moment, then try again.", 1),
    Reply(431, "headers_too_large", "Headers too large", "Send fewer or shorter headers."),
    Reply(502, "bad_answer", "Bad answer", "The service answered what is no valid HTTP."),
    Reply(503, "unavailable", "Unavailable", "The service does not answer now; try again.", 1),
    Reply(504, "too_late", "No answer in time", "The service did not answer in time."),
)

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>TITLE</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 32rem; margin: 18vh auto 0; padding: 0 1.5rem }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .5rem }
p { margin: 0 0 1rem }
small { opacity: .75; overflow-wrap: anywhere }
</style>
<main>
<h1>TITLE</h1>
<p>DETAIL</p>
<p><small>%RESPONSE_CODE% · %STREAM_ID%</small></p>
</main>
</html>
"""

OTHER = Reply(0, "refused", "Not possible", "The gateway could not pass this request on.")


def local_reply_config() -> dict[str, Any]:
    """For each status two forms, chosen by what the client accepts; what is no error stays."""
    known = [mapper for reply in REPLIES for mapper in _mappers(reply, "EQ", reply.status)]
    return {
        "mappers": [*known, *_mappers(OTHER, "GE", 400)],
        "body_format": {"text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"}},
    }


def _mappers(reply: Reply, comparison: str, status: int) -> list[dict[str, Any]]:
    value = {"default_value": status, "runtime_key": "hanse.none"}
    of_status = {"status_code_filter": {"comparison": {"op": comparison, "value": value}}}
    of_people = {"and_filter": {"filters": [of_status, _accepts_html()]}}
    headers = _headers(reply)
    return [
        {"filter": of_people, "body_format_override": _page(reply), "headers_to_add": headers},
        {"filter": of_status, "body_format_override": _problem(reply), "headers_to_add": headers},
    ]


def _accepts_html() -> dict[str, Any]:
    accept = {"name": "accept", "string_match": {"contains": "text/html", "ignore_case": True}}
    return {"header_filter": {"header": accept}}


def _headers(reply: Reply) -> list[dict[str, Any]]:
    given = {"cache-control": "no-store"}
    if reply.retry_after is not None:
        given["retry-after"] = str(reply.retry_after)
    return [
        {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        for key, value in given.items()
    ]


def _page(reply: Reply) -> dict[str, Any]:
    text = PAGE.replace("TITLE", reply.title).replace("DETAIL", reply.detail)
    return {
        "text_format_source": {"inline_string": text},
        "content_type": "text/html; charset=utf-8",
    }


def _problem(reply: Reply) -> dict[str, Any]:
    return {
        "json_format": {
            "type": f"urn:hanse:error:{reply.code}",
            "title": reply.title,
            "status": "%RESPONSE_CODE%",
            "code": reply.code,
            "detail": reply.detail,
            "instance": "urn:uuid:%STREAM_ID%",
        },
        "content_type": "application/problem+json",
    }
