"""Pages and forms in a real browser with scripts turned off: filled in, sent, kept from other sites."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import Annotated

import pytest
from playwright.async_api import async_playwright

from hanse import (
    PUBLIC,
    Cookie,
    Host,
    HostConfig,
    Html,
    NotFound,
    Range,
    Redirect,
    Service,
    SetCookie,
    form,
    page,
    rpc,
)
from tests.end_to_end.test_openapi_docs import FLAGS

BASKET = """<!doctype html><html lang="en"><title>Basket</title><link rel="stylesheet" href="/static/shop.css">
<p id="basket">{basket}</p>
<form method="post"><input name="tea" value="Earl Grey &amp; Söhne"><input name="count" type="number">
<input name="gift" type="checkbox"><select name="size" multiple><option selected>s<option selected>l</select>
<button>Add</button></form></html>"""


class Shop(Service):
    def __init__(self) -> None:
        self.sent: list[str] = []

    @rpc("GET /shop/v1/count", allow=PUBLIC)
    async def count(self) -> int:
        return len(self.sent)

    @page("/basket", allow=PUBLIC)
    async def basket(self, shopper: Annotated[str, Cookie("shopper")] = "") -> Html:
        return Html(BASKET.format(basket=f"{shopper}: {'; '.join(self.sent)}"))

    @form("/basket", allow=PUBLIC)
    async def add(
        self,
        tea: str,
        gift: bool,
        count: Annotated[int, Range(1, 10)] = 1,
        size: tuple[str, ...] = (),
    ) -> Redirect:
        self.sent.append(f"{count} {tea} {gift} {size}")
        return Redirect("/basket", cookies=(SetCookie("shopper", "ada", max_age=60),))

    @page("/gone", allow=PUBLIC)
    async def gone(self) -> Html:
        raise NotFound("This tea is no longer grown. <b>Look</b> at the others.")

    @page("/elsewhere", allow=PUBLIC)
    async def elsewhere(self, to: str) -> Html:
        text = f'<!doctype html><title>x</title><form method="post" action="{to}"><input name="tea" value="evil"><button>Go</button></form>'
        return Html(text, policy="default-src 'none'")


@pytest.fixture
async def host(tmp_path):
    (tmp_path / "shop.css").write_text("p { color: rgb(1, 2, 3) }")
    host = Host([Shop], HostConfig())
    host.files("/static", tmp_path)
    async with host:
        yield host


@asynccontextmanager
async def browsing(chromium, **options):
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = await browser.new_context(**options)
        tab = await context.new_page()
        tab.set_default_timeout(20_000)
        yield tab
        await browser.close()


async def test_a_form_is_filled_in_and_sent_without_a_script(host, chromium):
    async with browsing(chromium, java_script_enabled=False) as tab:
        await tab.goto(f"{host.url}/basket")
        await tab.check("[name=gift]")
        await tab.fill("[name=count]", "3")
        await tab.click("button")
        first = await tab.inner_text("#basket")
        await tab.click("button")
        second = await tab.inner_text("#basket")
        await tab.reload()
        reloaded = await tab.inner_text("#basket")
        [cookie] = await tab.context.cookies()

    assert first == "ada: 3 Earl Grey & Söhne True ('s', 'l')"
    assert second == f"{first}; 1 Earl Grey & Söhne False ('s', 'l')"
    assert reloaded == second
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Lax", False)


@pytest.mark.parametrize(
    ("page_at", "form_at"),
    [
        ("127.0.0.1", "localhost"),
        ("localhost", "127.0.0.1"),
        ("a.localhost", "localhost"),
        ("localhost", "a.localhost"),
    ],
)
async def test_a_page_of_another_site_cannot_send_a_form(host, chromium, page_at, form_at):
    there, here = (host.url.replace("127.0.0.1", name) for name in (page_at, form_at))
    async with browsing(chromium) as tab:
        await tab.goto(f"{there}/elsewhere?to={here}/basket")
        await tab.click("button")
        await tab.wait_for_url(f"{here}/basket")
        heading = await tab.inner_text("h1")

    assert heading == "Sent from another site"
    assert await host.get(Shop).count() == 0


async def test_files_and_the_error_page_are_shown_as_their_policies_let_them(host, chromium):
    troubles: list[str] = []
    async with browsing(
        chromium, color_scheme="dark", viewport={"width": 360, "height": 640}
    ) as tab:
        tab.on("console", lambda message: troubles.append(message.text))
        await tab.goto(f"{host.url}/basket")
        color = await tab.evaluate("getComputedStyle(document.querySelector('p')).color")
        await tab.goto(f"{host.url}/gone")
        heading, text = await tab.inner_text("h1"), await tab.inner_text("main")
        layout = await tab.evaluate("getComputedStyle(document.body).display")
        wide = await tab.evaluate("document.documentElement.scrollWidth")

    assert color == "rgb(1, 2, 3)"
    assert (heading, layout, wide) == ("Not found", "grid", 360)
    assert "This tea is no longer grown. <b>Look</b> at the others." in text
    assert [one for one in troubles if "404" not in one] == []
