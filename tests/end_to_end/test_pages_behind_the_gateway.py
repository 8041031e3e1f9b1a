"""Pages and forms of a real host behind a real gateway, in a real browser, over TLS and HTTP/2."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from hanse import (
    PUBLIC,
    Cookie,
    Host,
    HostConfig,
    Html,
    Redirect,
    Service,
    SetCookie,
    form,
    page,
    rpc,
)
from hanse.fleet.gateway.picture import Endpoint, Upstream
from hanse.fleet.gateway.settings import GatewaySettings
from hanse.fleet.gateway.tests.world import NO_LIMIT, World, eventually, free_port, make_certificate
from tests.end_to_end.test_pages_in_a_browser import browsing

FORM = '<!doctype html><html lang="en"><title>x</title><p>{given}</p><form method="post" action="{to}"><input name="tea" value="Assam"><button>Go</button></form></html>'


class Shop(Service):
    def __init__(self) -> None:
        self.sent: list[str] = []

    @rpc("GET /shop/v1/count", allow=PUBLIC)
    async def count(self) -> int:
        return len(self.sent)

    @page("/basket", allow=PUBLIC)
    async def basket(
        self,
        shopper: Annotated[str, Cookie("shopper")] = "",
        currency: Annotated[str, Cookie("currency")] = "",
        to: str = "/basket",
    ) -> Html:
        return Html(FORM.format(given=f"{shopper} {currency} {self.sent}", to=to))

    @form("/basket", allow=PUBLIC)
    async def add(self, tea: str) -> Redirect:
        self.sent.append(tea)
        return Redirect("/basket", (SetCookie("shopper", "ada"), SetCookie("currency", "EUR")))


@pytest.fixture
async def gateway(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # paths of sockets stay short
    settings = GatewaySettings(per_address=NO_LIMIT, per_key=NO_LIMIT)
    world = World(
        tmp_path, msgspec.structs.replace(settings, port=free_port(), tls_port=free_port())
    )
    try:
        await world.start()
        yield world
    finally:
        await world.stop()


async def test_a_form_is_sent_through_the_gateway_and_kept_from_other_sites(
    gateway: World, chromium: str
) -> None:
    async with Host([Shop], HostConfig(port=None, gate=Path("shop.gate"))) as host:
        shop = Upstream("shop.v1.Shop", ("basket",), (Endpoint("shop.gate"),))
        await gateway.show(shop, certificate=make_certificate(gateway.folder, "localhost"))
        here = f"https://localhost:{gateway.settings.tls_port}"
        async with browsing(chromium, java_script_enabled=False, ignore_https_errors=True) as tab:
            await tab.goto(f"{here}/basket")
            await tab.click("button")
            own = await tab.inner_text("p")
            cookies = await tab.context.cookies()
            await tab.goto(f"https://127.0.0.1:{gateway.settings.tls_port}/basket?to={here}/basket")
            await tab.click("button")
            other = await tab.inner_text("h1")
        count = await host.get(Shop).count()
    await eventually(lambda: "HTTP/2" in _protocols(gateway))

    assert own == "ada EUR ['Assam']"
    assert [(one["name"], one["secure"], one["httpOnly"]) for one in cookies] == [
        ("shopper", True, True),
        ("currency", True, True),
    ]
    assert _protocols(gateway) == {"HTTP/2"}
    assert (other, count) == ("Sent from another site", 1)


def _protocols(gateway: World) -> set[str]:
    return {line["protocol"] for line in gateway.log_lines()}
