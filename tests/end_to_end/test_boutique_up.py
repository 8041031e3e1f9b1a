"""The boutique by `hanse up`, through its gateway, in a real browser and under its load, in both placements."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hanse.kit.clock import wait_set
from tests.end_to_end.fleet import Fleet

ROOT = Path(__file__).parents[2]
BOUTIQUE = ROOT / "examples/boutique"
PATIENCE_SECONDS = 30.0


@pytest.fixture(scope="module")
def boutique(tmp_path_factory: pytest.TempPathFactory):
    """A copy of the example on ports of its own."""
    folder = tmp_path_factory.mktemp("up") / "boutique"
    shutil.copytree(
        BOUTIQUE, folder, ignore=shutil.ignore_patterns("tests", ".hanse", "__pycache__")
    )
    file = folder / "hanse.toml"
    text = file.read_text()
    assert "[gateway.limits]" in text
    file.write_text(
        text.replace("[gateway.limits]", "[gateway]\nport = 0\ntls_port = 0\n\n[gateway.limits]")
    )
    made = Fleet(folder)
    try:
        yield made
    finally:
        made.kill_all()


@pytest.fixture(scope="module", params=["", "apart"], ids=["together", "apart"])
def shop(boutique: Fleet, request: pytest.FixtureRequest) -> Fleet:
    """The second time nothing is stopped: it is the same fleet, told otherwise by one word."""
    boutique.up("--env", request.param) if request.param else boutique.up()
    hosts = boutique.processes("host")
    assert len(hosts) == (10 if request.param else 1)
    return boutique


@pytest.mark.parametrize(
    "width", [pytest.param(1280, marks=pytest.mark.long), 360], ids=["desktop", "phone"]
)
async def test_a_person_shops(shop: Fleet, chromium: str, width: int) -> None:
    from playwright.async_api import async_playwright, expect

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page(viewport={"width": width, "height": 800}, base_url=shop.url)
        await page.goto("/")
        await page.get_by_role("link", name="Brass Compass").click()
        await page.get_by_role("button", name="Add to basket").click()
        await page.get_by_label("Currency", exact=True).select_option("EUR")
        await page.get_by_role("button", name="Show prices in this currency").click()
        await expect(page.locator("[data-sum=items] dd")).to_have_text("€54.41")
        await page.get_by_role("link", name="Go to checkout").click()
        await page.get_by_label("E-mail").fill("ada@example.com")
        await page.get_by_label("Street and number").fill("1 Quay")
        await page.get_by_label("Card number").fill("4432 8015 6152 0454")
        await page.get_by_label("Security code").fill("672")
        await page.get_by_role("button", name="Place order").click()
        await expect(page.get_by_text("ada@example.com")).to_be_visible()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
        overflow = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        number = await page.locator("[data-order]").get_attribute("data-order")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while f"Your order {number}" not in await mailed(page):
                await wait_set(asyncio.Event(), 0.1)
        await browser.close()
    assert overflow <= 0


async def mailed(page) -> str:
    """What the inbox shows of the letters that nobody sends here."""
    return await (await page.request.get("/hanse/inbox/letters.json")).text()


def test_its_load_finds_every_answer_right(shop: Fleet) -> None:
    folders = os.pathsep.join(str(path.parent) for path in BOUTIQUE.glob("*/pyproject.toml"))
    command = [
        sys.executable,
        "-m",
        "boutique_load",
        shop.url,
        "--users",
        "4",
        "--seconds",
        "4",
        "--json",
    ]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": folders},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["wrong"] == report["failed"] == 0, report
    assert report["requests"] > 40, report
