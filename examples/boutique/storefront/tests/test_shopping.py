"""A person's whole way through the shop, in a real browser without scripts, together and apart."""

from contextlib import asynccontextmanager

import pytest
from playwright.async_api import async_playwright, expect

from examples.boutique.storefront.tests.shop_world import HeldParcel

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, TABLET, DESKTOP = 360, 768, 1280
REFUSED_ON_PURPOSE = ("422", "403", "404", "409")
LEFT_BEHIND = "net::ERR_ABORTED"  # a picture of a page that was left before it came


@asynccontextmanager
async def shopping(shop, chromium, *, width=DESKTOP, scripts=False):
    """A page of the shop; anything the browser complains of fails the test."""
    troubles = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = await browser.new_context(
            viewport={"width": width, "height": 740}, java_script_enabled=scripts, base_url=shop.url
        )
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: troubles.append(message.text))
        page.on(
            "requestfailed", lambda request: troubles.append(f"{request.failure} {request.url}")
        )
        await page.goto("/")
        yield page
        await browser.close()
    expected = (*REFUSED_ON_PURPOSE, LEFT_BEHIND)
    assert [text for text in troubles if not any(word in text for word in expected)] == []


@pytest.mark.parametrize("apart", [False, pytest.param(True, marks=pytest.mark.long)])
async def test_a_person_browses_pays_in_euros_mistypes_a_card_and_is_thanked(
    open_shop, apart, chromium
):
    async with open_shop(apart=apart) as shop, shopping(shop, chromium) as page:
        await page.get_by_role("link", name="Brass Compass").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Brass Compass")
        await page.get_by_label("Quantity").select_option("2")
        await page.get_by_role("button", name="Add to basket").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Your basket")

        await page.get_by_label("Currency", exact=True).select_option("EUR")
        await page.get_by_role("button", name="Show prices in this currency").click()
        await expect(page).to_have_url(f"{shop.url}/basket")
        await expect(page.locator("[data-sum=total] dd")).to_have_text("€114.18")

        await page.get_by_label("Quantity of Brass Compass", exact=True).select_option("1")
        await page.get_by_role("button", name="Change the quantity of Brass Compass").click()
        await expect(page.locator("[data-sum=items] dd")).to_have_text("€54.41")

        await page.get_by_role("link", name="Go to checkout").click()
        await page.get_by_label("E-mail").fill("ada@example.com")
        await page.get_by_label("Street and number").fill("1 Quay")
        await page.get_by_label("Card number").fill("4432 8015 6152 0455")
        await page.get_by_role("button", name="Place order").click()
        await expect(page.get_by_role("alert")).to_contain_text("Nothing has been charged.")
        await expect(page.get_by_label("E-mail")).to_have_value("ada@example.com")
        await expect(page.get_by_label("Card number")).to_have_value("")
        await expect(page.get_by_label("Card number")).to_have_accessible_description(
            "This is not the number of a card; look again."
        )

        await page.get_by_label("Card number").fill("4432 8015 6152 0454")
        await page.get_by_label("Security code").fill("672")
        await page.get_by_role("button", name="Place order").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "Thank you. It is being packed."
        )
        await expect(page.get_by_text("ada@example.com")).to_be_visible()
        await expect(
            page.get_by_role("listitem").filter(has_text="Brass Compass").first
        ).to_contain_text("1 × €54.41")

        await page.reload()
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "Thank you. It is being packed."
        )
        await page.get_by_role("link", name="Basket").first.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Your basket is empty")


async def into_the_basket(page, product):
    await page.goto(f"/products/{product}")
    await page.get_by_role("button", name="Add to basket").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your basket")


@pytest.mark.long
async def test_a_person_who_buys_in_two_browsers_at_once_is_asked_to_wait(open_shop, chromium):
    parcel = HeldParcel()
    async with (
        open_shop(parcel.shipping) as shop,
        shopping(shop, chromium) as one,
        shopping(shop, chromium) as other,
    ):
        await into_the_basket(one, "enamel-mug")
        await other.context.add_cookies(await one.context.cookies())
        await one.goto("/basket/checkout")
        await one.get_by_role("button", name="Place order").click(no_wait_after=True)
        await parcel.came.wait()
        await into_the_basket(other, "ships-clock")
        await other.goto("/basket/checkout")
        await other.get_by_role("button", name="Place order").click()
        await expect(other.get_by_role("alert")).to_contain_text("An order of yours is under way.")
        parcel.may_go.set()
        await expect(one.locator("article[data-order]")).to_be_visible()
        await other.get_by_role("link", name="Back to the basket").click()
        await expect(other.locator(".lines > li")).to_have_count(1)
        await expect(other.locator(".lines > li")).to_contain_text("Ship's Clock")
        await other.goto("/basket/checkout")
        await other.get_by_role("button", name="Place order").click()
        await expect(other.locator("article[data-order]")).to_contain_text("Ship's Clock")
        await expect(other.locator("article[data-order]")).not_to_contain_text("Enamel Mug")


@pytest.mark.parametrize("apart", [False, pytest.param(True, marks=pytest.mark.long)])
async def test_a_person_searches_takes_something_out_and_empties_the_basket(
    open_shop, apart, chromium
):
    async with open_shop(apart=apart) as shop, shopping(shop, chromium, width=PHONE) as page:
        for words, name in (("mug", "Enamel Mug"), ("oak", "Oak Salt Cellar")):
            await page.get_by_label("Search the shop").fill(words)
            await page.get_by_label("Search the shop").press("Enter")
            await page.get_by_role("link", name=name).first.click()
            await page.get_by_role("button", name="Add to basket").click()
        await expect(page.locator(".lines > li")).to_have_count(2)

        await page.get_by_role("button", name="Remove Enamel Mug").press("Enter")
        await expect(page.locator(".lines > li")).to_have_count(1)
        await page.get_by_role("button", name="Empty the basket").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Your basket is empty")


async def test_no_page_is_wider_than_its_screen_and_every_picture_comes(shop, chromium):
    async with shopping(shop, chromium, scripts=True) as page:
        await page.goto("/products/ships-clock")
        await page.get_by_role("button", name="Add to basket").click()
        for path in (
            "/",
            "/products/ships-clock",
            "/basket",
            "/basket/checkout",
            "/search?q=wool",
            "/products/none",
        ):
            await page.goto(path)
            for width in (PHONE, TABLET, DESKTOP):
                await page.set_viewport_size({"width": width, "height": 740})
                assert await page.evaluate("document.documentElement.scrollWidth") <= width, (
                    path,
                    width,
                )
            await page.evaluate(
                "document.querySelectorAll('img').forEach(image => image.loading = 'eager')"
            )
            await page.wait_for_function("[...document.images].every(image => image.complete)")
            assert (
                await page.evaluate(
                    "[...document.images].filter(image => !image.naturalWidth).length"
                )
                == 0
            ), path


async def test_the_keyboard_alone_skips_to_the_content_and_sees_where_it_is(shop, chromium):
    async with shopping(shop, chromium, scripts=True) as page:
        await page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to the content")
        await expect(skip).to_be_focused()
        await expect(skip).to_be_in_viewport()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("main")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="See what came in")).to_be_focused()
        assert (
            await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        )


async def test_a_page_of_another_site_cannot_put_things_into_a_basket(shop, chromium, tmp_path):
    async with shopping(shop, chromium) as page:
        await page.goto("/products/ships-clock")
        await page.get_by_role("button", name="Add to basket").click()
        evil = tmp_path / "evil.html"
        evil.write_text(
            f'<form action="{shop.url}/basket" method="post"><input name="product_id" value="tea-caddy">'
            '<input name="quantity" value="9"><button>Win</button></form>'
        )
        await page.goto(evil.as_uri())
        async with page.expect_navigation() as refused:
            await page.get_by_role("button", name="Win").click()
        await page.goto("/basket")
        await expect(page.locator(".lines > li")).to_have_count(1)
    assert (await refused.value).status == 403


async def test_nothing_jumps_while_the_front_loads(shop, chromium):
    async with shopping(shop, chromium, scripts=True) as page:
        shift = await page.evaluate(
            "() => new Promise(done => { let sum = 0; const watch = new PerformanceObserver(list => {"
            "for (const entry of list.getEntries()) sum += entry.value });"
            "watch.observe({type: 'layout-shift', buffered: true});"
            "requestAnimationFrame(() => requestAnimationFrame(() => { watch.disconnect(); done(sum) })) })"
        )
    assert shift < 0.01
