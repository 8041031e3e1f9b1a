"""What every host serves besides its services: health, metrics, OpenAPI, the docs page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.figures.totals import totals_of
from hanse.runtime.http.message import JSON, TEXT, Response
from hanse.runtime.telemetry.prometheus import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hanse.runtime.contract.description import ContractDescription
    from hanse.runtime.data.database import Database
    from hanse.runtime.figures.tally import Tally
    from hanse.runtime.http.message import Request
    from hanse.runtime.server.router import Router
    from hanse.runtime.telemetry.metrics import Metrics

FRESH_JSON = JSON + b"cache-control: no-store\r\n"
METRICS = f"content-type: {CONTENT_TYPE}\r\ncache-control: no-store\r\n".encode()
PAGE = (
    "/docs", "/docs/app.js", "/docs/events.js", "/docs/schema.js", "/docs/try.js", "/docs/style.css"
)  # fmt: skip
"""The files of the docs page."""


class Answer:
    """A resource that a function without arguments answers."""

    max_body = 0

    def __init__(self, answer: Callable[[], Response]) -> None:
        self._answer = answer

    async def serve(self, request: Request) -> Response:  # noqa: ARG002 - a resource's signature
        return self._answer()


def add_health(router: Router, ready: Callable[[], bool]) -> None:
    """`/health/live`: the process answers; `/health/ready`: it wants to be sent requests."""

    def readiness() -> Response:
        return Response(200, TEXT, b"ready\n") if ready() else Response(503, TEXT, b"draining\n")

    router.add("GET", "/health/live", Answer(lambda: Response(200, TEXT, b"alive\n")))
    router.add("GET", "/health/ready", Answer(readiness))


def add_metrics(
    router: Router, metrics: Metrics, applied: Callable[[], tuple[int, int]], *, trusted_only: bool
) -> None:
    """`/metrics` for Prometheus; on an open host only for peers that are trusted.

    And `/totals`, in short, for who looks whether hosts are well; only for those.
    """

    def told() -> Response:
        return Response(200, METRICS, metrics.prometheus().encode())

    def totals() -> Response:
        return Response(200, FRESH_JSON, msgspec.json.encode(totals_of(metrics, applied())))

    router.add("GET", "/metrics", Answer(told), hidden=trusted_only)
    router.add("GET", "/totals", Answer(totals), hidden=True)


def add_figures(
    router: Router, tally: Tally, services: Sequence[type], database: Database | None
) -> None:
    """`/figures` for who judges this release; only for peers that are trusted."""
    known: dict[str, int] = {}

    def figures() -> Response:
        if database is not None:
            if database.outbox is not None and not known:
                from hanse.runtime.subscriptions.describe import told_by  # few hosts are asked

                known.update(dict.fromkeys(told_by(services), 0))
            known.update(database.told)
        return Response(200, FRESH_JSON, msgspec.json.encode(tally.figures(known)))

    router.add("GET", "/figures", Answer(figures), hidden=True)


def add_docs(
    router: Router,
    contracts: Callable[[], Sequence[ContractDescription]],
    services: Sequence[type],
    title: str,
) -> None:
    """`/openapi.json`, `/asyncapi.json` and `/docs`, made when somebody first asks."""
    made: list[bytes] = []
    told: list[bytes] = []

    def document() -> Response:
        if not made:
            from hanse.runtime.publish.openapi import openapi  # few hosts are asked

            made.append(msgspec.json.encode(openapi(contracts(), title=title, version="1")))
        return Response(200, JSON, made[0])

    def events() -> Response:
        if not told:
            from hanse.runtime.publish.asyncapi import asyncapi  # as above
            from hanse.runtime.subscriptions.describe import describe_post

            post = describe_post(services)
            told.append(msgspec.json.encode(asyncapi(post, title=title, version="1")))
        return Response(200, JSON, told[0])

    router.add("GET", "/openapi.json", Answer(document))
    router.add("GET", "/asyncapi.json", Answer(events))
    for path in PAGE:
        router.add("GET", path, Answer(_asset(path)))


def _asset(path: str) -> Callable[[], Response]:
    def answer() -> Response:
        from hanse.runtime.publish.docs_page import (  # few hosts are asked
            CONTENT_SECURITY_POLICY,
            docs_assets,
        )

        asset = docs_assets()[path]
        head = f"content-type: {asset.content_type}\r\n"
        policy = f"content-security-policy: {CONTENT_SECURITY_POLICY}\r\n"
        return Response(200, (head + policy).encode(), asset.body)

    return answer
