"""The documentation page of a real host in a real browser: read, sign in by a development token, call."""

from __future__ import annotations

import json
import time
from contextlib import asynccontextmanager

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from playwright.async_api import async_playwright

from hanse import Host, HostConfig
from hanse.runtime.credentials.development import DevelopmentIssuer
from hanse.runtime.server.tests.desk import Desk, Gates
from hanse.runtime.server.tests.wire import Peer, get
from tests.end_to_end.library import PERMISSIONS, Library

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BOOK = "123e4567-e89b-42d3-a456-426614174000"


@pytest.fixture
async def development(tmp_path):
    return DevelopmentIssuer(tmp_path / "identity", time.time)


@pytest.fixture
async def host(development):
    config = HostConfig(name="Boutique", issuers=(development.issuer(),))
    async with Host([Library, Desk], config, provided={Gates: Gates()}) as host:
        yield host


@asynccontextmanager
async def reading(host, chromium, *, method="", expected=()):
    """The page; anything the browser complains of fails the test."""
    troubles: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(20_000)
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        await page.goto(f"{host.url}/docs")
        await page.wait_for_selector("#list a")
        if method:
            await page.click(f"#list a:has-text('{method}') >> nth=0")
            await page.wait_for_selector(f"article h1:has-text('{method}')")
        yield page
        await browser.close()
    assert [text for text in troubles if not any(word in text for word in expected)] == []


async def shown(page) -> dict:
    """The answer on the page, once it is there."""
    await page.wait_for_selector(".status")
    await page.wait_for_function(
        "document.querySelector('#result > pre').textContent.includes('}')"
    )
    return json.loads(await page.inner_text("#result > pre"))


async def test_the_description_of_a_running_host_is_valid(host):
    async with await Peer.tcp(host) as peer:
        answer = await peer.ask(get("/openapi.json"))
    OpenAPIV31SpecValidator(answer.json).validate()
    assert answer.json["info"]["title"] == "Boutique"
    assert "/library/v1/books/{book_id}" in answer.json["paths"]


async def test_a_method_is_called_with_a_development_token(host, development, chromium, tmp_path):
    token = development.mint("staff", "eve", permissions=PERMISSIONS)
    async with reading(host, chromium, method="add") as page:
        await page.fill("#body", json.dumps({"draft": {"title": "Emma", "pages": 7}}))
        await page.fill("#token", token)
        await page.click("text=Send")
        answer = await shown(page)
        assert (answer["title"], answer["pages"]) == ("Emma", 7)
        assert "200" in await page.inner_text(".status")
        await page.screenshot(path=tmp_path / "docs.png", full_page=True)
        # and the token serves the next method, whose argument stands in the path
        await page.click("#list a:has-text('read') >> nth=0")
        await page.wait_for_selector("article h1:has-text('read')")
        await page.fill("[name=book_id]", BOOK)
        await page.click("text=Send")
        await page.wait_for_selector(f"#result pre:has-text('{BOOK}')")


async def test_what_is_refused_is_shown_with_its_reason(host, development, chromium):
    async with reading(host, chromium, method="add", expected=["401", "403", "400"]) as page:
        await page.fill("#body", '{"draft": {"title": "Emma"}}')
        await page.click("text=Send")
        assert (await shown(page))["code"] == "unauthenticated"
        await page.fill("#token", development.mint("member", "ada"))
        await page.click("text=Send")
        await page.wait_for_selector("#result pre:has-text('permission_denied')")
        await page.fill("#token", development.mint("staff", "eve", permissions=PERMISSIONS))
        await page.fill("#body", '{"draft": {"title": "Emma", "pages": 0}}')
        await page.click("text=Send")
        await page.wait_for_selector("#result pre:has-text('draft.pages')")


async def test_a_stream_of_the_host_is_shown(host, chromium):
    async with reading(host, chromium, method="ticks") as page:
        await page.fill("[name=count]", "3")
        await page.click("text=Send")
        await page.wait_for_selector("#result pre:has-text('\"2\"')")


async def test_the_page_is_read_only_by_itself(host):
    """Nothing but its own origin may run in it, frame it or be called by it."""
    async with await Peer.tcp(host) as peer:
        answers = [await peer.ask(get(path)) for path in ("/docs", "/docs/app.js", "/openapi.json")]
    policy = answers[0].headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy or "default-src 'self'" in policy
    assert [answer.status for answer in answers] == [200, 200, 200]
