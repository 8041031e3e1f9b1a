"""The careers site in a real browser: with scripts and without, wide and narrow, by keyboard alone."""

from contextlib import asynccontextmanager

import pytest
from hanse_hiring import api
from hanse_hiring.service import Applications
from playwright.async_api import async_playwright, expect

from domains.hiring.tests.careers_world import STAFF
from hanse import Unavailable
from hanse.testing import Faults, fake

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
PHONE, DESKTOP = 360, 1280
SHOWN = "#shown"
ON_PURPOSE = (
    "status of 404",
    "status of 410",
    "status of 422",
    "status of 503",
    "net::ERR_ABORTED",
)


@asynccontextmanager
async def visiting(careers, chromium, *, width=DESKTOP, scripts=True, dark=False, path="/careers/"):
    """A page of the site; anything the browser complains of fails the test."""
    troubles = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = await browser.new_context(
            viewport={"width": width, "height": 740}, java_script_enabled=scripts, base_url=careers.url,
            color_scheme="dark" if dark else "light", reduced_motion="reduce",
        )  # fmt: skip
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "requestfailed", lambda request: troubles.append(f"{request.failure} {request.url}")
        )
        await page.goto(path)
        yield page
        await browser.close()
    assert [text for text in troubles if not any(word in text for word in ON_PURPOSE)] == []


@pytest.fixture
async def careers(open_careers):
    async with open_careers() as one:
        yield one


@pytest.mark.parametrize(
    "width", [pytest.param(DESKTOP, marks=pytest.mark.long), PHONE], ids=["desktop", "phone"]
)
async def test_without_scripts_a_person_narrows_the_list_reads_and_applies(
    careers, chromium, width
):
    async with visiting(careers, chromium, width=width, scripts=False) as page:
        await page.get_by_label("Payments").check()
        await page.get_by_role("button", name="Show what fits").click()
        await expect(page.locator(SHOWN)).to_have_text("Showing 2 of 16")
        assert page.url == f"{careers.url}/careers/?team=Payments#openings"
        await page.get_by_role("link", name="Backend Engineer, Payments").click()
        await page.get_by_role("link", name="Apply for Backend Engineer, Payments").click()
        await page.get_by_label("Your name").fill("Ada Lovelace")
        await page.get_by_label("E-mail").fill("ada@example")
        await page.get_by_label("What should we know?").fill("I built a loom.")
        await page.get_by_role("button", name="Send the application").click()
        await expect(page.get_by_role("alert")).to_contain_text("Not sent yet.")
        await expect(page.get_by_label("E-mail")).to_have_accessible_description(
            "An e-mail address looks like name@example.com."
        )
        await page.get_by_label("E-mail").fill("ada@example.com")
        await page.get_by_label("You may keep what I send here").check()
        await page.get_by_role("button", name="Send the application").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. It is with us.")
    assert [one[:2] for one in await careers.applications()] == [("be-103", "ada@example.com")]


@pytest.mark.parametrize(
    "scripts", [True, pytest.param(False, marks=pytest.mark.long)], ids=["scripts", "no scripts"]
)
async def test_who_clicks_again_while_it_is_sent_has_applied_once(open_careers, chromium, scripts):
    faults, posts = Faults(), []
    async with (
        open_careers(faults=faults) as careers,
        visiting(careers, chromium, scripts=scripts, path="/careers/apply/be-103") as page,
    ):
        page.on("request", lambda request: posts.append(request.method == "POST"))
        await fill_in(page)
        send = page.get_by_role("button", name="Send the application")
        held = faults.at("idempotency.worked").hold()
        await send.scroll_into_view_if_needed()
        box = await send.bounding_box()
        at = box["x"] + 9, box["y"] + 9
        await page.mouse.dblclick(*at)  # of which some browsers make one request
        await held.came()
        async with page.expect_request(lambda request: request.method == "POST"):
            await page.mouse.click(*at)
        held.release()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. It is with us.")
        assert sum(posts) >= 2
        assert len(await careers.applications()) == 1


async def fill_in(page):
    await page.get_by_label("Your name").fill("Ada Lovelace")
    await page.get_by_label("E-mail").fill("ada@example.com")
    await page.get_by_label("CV").set_input_files([CV])
    await page.get_by_label("You may keep what I send here").check()


CV = {"name": "Ada.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n" + bytes(90_000)}


@pytest.mark.parametrize(
    "scripts", [pytest.param(True, marks=pytest.mark.long), False], ids=["scripts", "no scripts"]
)
async def test_a_cv_goes_with_an_application_and_is_chosen_once(careers, chromium, scripts):
    async with visiting(
        careers, chromium, width=PHONE, scripts=scripts, path="/careers/apply/be-103"
    ) as page:
        await page.get_by_label("Your name").fill("Ada Lovelace")
        await page.get_by_label("E-mail").fill("ada@example")
        await page.get_by_label("CV").set_input_files([CV])
        await page.get_by_label("You may keep what I send here").check()
        await page.get_by_role("button", name="Send the application").click()
        await expect(page.get_by_role("alert")).to_contain_text("Not sent yet.")
        await expect(page.get_by_label("CV")).to_have_accessible_description(
            "PDF, Word, OpenDocument or text, 10 MB at most. "
            "Kept from before: Ada.pdf, 87 kB. Choose another only to replace it."
        )
        await page.get_by_label("E-mail").fill("ada@example.com")
        await page.get_by_role("button", name="Send the application").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. It is with us.")
        assert await page.context.cookies() == []
    [one] = (await careers.world.get(Applications, as_=STAFF).list()).items
    assert (one.cv.name, one.cv.size) == (CV["name"], len(CV["buffer"]))


async def test_a_cv_that_is_too_large_is_said_before_it_is_sent(careers, chromium, tmp_path):
    large = tmp_path / "large.pdf"
    large.write_bytes(bytes(10 * 1024 * 1024 + 1))
    async with visiting(careers, chromium, path="/careers/apply/be-103") as page:
        asked = []
        page.on("request", lambda request: asked.append(request.method))
        chosen = page.get_by_label("CV")
        await chosen.set_input_files(large)
        await expect(page.get_by_role("alert")).to_have_text(
            "This file has more than 10 MB. Please choose a smaller one."
        )
        await page.get_by_role("button", name="Send the application").click()
        await expect(chosen).to_be_focused()
        await expect(chosen).to_have_attribute("aria-invalid", "true")
        await expect(chosen).to_have_accessible_description(
            "PDF, Word, OpenDocument or text, 10 MB at most. "
            "This file has more than 10 MB. Please choose a smaller one."
        )
        assert "POST" not in asked
        await chosen.set_input_files([CV])
        await expect(page.get_by_role("alert")).to_have_count(0)


async def test_with_scripts_the_list_changes_in_place_and_every_step_can_be_gone_back(
    careers, chromium
):
    async with visiting(careers, chromium) as page:
        await page.evaluate("window.kept = true")
        await page.get_by_label("Payments").check()
        await expect(page.locator(SHOWN)).to_have_text("Showing 2 of 16")
        await expect(page.get_by_role("status")).to_have_text("Showing 2 of 16")
        await expect(page.get_by_label("Payments")).to_be_focused()
        await page.get_by_label("Remote").check()
        await expect(page.locator(SHOWN)).to_have_text("Showing 1 of 16")
        assert page.url.endswith("/careers/?team=Payments&location=Remote")
        await expect(page).to_have_title("Payments, Remote: 1 opening · Kogge")
        await page.get_by_role("link", name="Take away Payments").click()
        await expect(page.locator(SHOWN)).to_have_text("Showing 6 of 16")
        await expect(page.locator(SHOWN)).to_be_focused()
        await page.go_back()
        await expect(page.locator(SHOWN)).to_have_text("Showing 1 of 16")
        await expect(page.get_by_label("Payments")).to_be_checked()
        await page.go_back()
        await page.go_back()
        await expect(page.locator(SHOWN)).to_have_text("Showing 16 of 16")
        await expect(page.get_by_label("Payments")).not_to_be_checked()
        assert await page.evaluate("window.kept")  # the page itself was never loaded again
        await page.goto("/careers/?tag=Student&tag=Intern")
        await expect(page.locator(SHOWN)).to_have_text("Showing 2 of 16")


async def test_where_the_list_cannot_be_had_the_page_says_so(open_careers, chromium):
    troubles = []

    def find_openings(team, location, tag):
        if troubles:
            raise troubles[0]
        return api.Board((), 1, (api.Facet("team", (api.Choice("Payments", 1),)),))

    async with (
        open_careers(fake(api.Hiring, find_openings=find_openings)) as careers,
        visiting(careers, chromium) as page,
    ):
        troubles.append(Unavailable("Away."))
        await page.get_by_label("Payments").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "The list does not answer just now"
        )


async def test_the_keyboard_alone_skips_narrows_and_opens_a_job_and_sees_where_it_is(
    careers, chromium
):
    async with visiting(careers, chromium) as page:
        await page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to the content")
        await expect(skip).to_be_focused()
        await expect(skip).to_be_in_viewport()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("main")).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await expect(page.get_by_label("Commerce")).to_be_focused()
        assert (
            await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        )
        await page.keyboard.press("Space")
        await expect(page.locator(SHOWN)).to_have_text("Showing 2 of 16")
        await expect(page.get_by_label("Commerce")).to_be_focused()
        await page.get_by_role("link", name="Backend Engineer, Checkout").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "Backend Engineer, Checkout"
        )


async def test_on_a_phone_filters_are_folded_until_wanted_and_stay_open_then(careers, chromium):
    async with visiting(careers, chromium, width=PHONE) as page:
        await expect(page.get_by_label("Payments")).not_to_be_visible()
        await page.get_by_text("Filter", exact=True).click()
        await page.get_by_label("Payments").check()
        await expect(page.locator(SHOWN)).to_have_text("Showing 2 of 16")
        await expect(page.get_by_label("Payments")).to_be_visible()


@pytest.mark.parametrize(
    "dark", [False, pytest.param(True, marks=pytest.mark.long)], ids=["light", "dark"]
)
async def test_no_page_is_wider_than_its_screen_and_what_is_pressed_is_large_enough(
    careers, chromium, dark
):
    paths = ("/careers/", "/careers/?team=Data+%26+Storage&tag=Temp", "/careers/jobs/be-102/staff-engineer-storage", "/careers/apply/be-101",
             "/careers/posts/deleting", "/careers/jobs/none")  # fmt: skip
    async with visiting(careers, chromium, dark=dark) as page:
        for path in paths:
            await page.goto(path)
            for width in (PHONE, 768, DESKTOP):
                await page.set_viewport_size({"width": width, "height": 740})
                assert await page.evaluate("document.documentElement.scrollWidth") <= width, (
                    path,
                    width,
                )
            small = await page.evaluate(
                "[...document.querySelectorAll('button, .button, .top a, summary, .field input:not([type=checkbox])')]"
                ".map(one => [one.textContent, one.getBoundingClientRect().height]).filter(([, height]) => height && height < 44)"
                ".filter(([text]) => !text.startsWith('Leave') && text)"
            )
            assert small == [], path


async def test_nothing_jumps_while_the_front_loads(careers, chromium):
    async with visiting(careers, chromium) as page:
        shift = await page.evaluate(
            "() => new Promise(done => { let sum = 0; const watch = new PerformanceObserver(list => {"
            "for (const entry of list.getEntries()) sum += entry.value });"
            "watch.observe({type: 'layout-shift', buffered: true});"
            "requestAnimationFrame(() => requestAnimationFrame(() => { watch.disconnect(); done(sum) })) })"
        )
    assert shift < 0.01


async def test_on_paper_there_is_the_job_and_nothing_to_press(careers, chromium):
    async with visiting(
        careers, chromium, path="/careers/jobs/be-102/staff-engineer-storage"
    ) as page:
        await page.emulate_media(media="print")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect(page.get_by_text("Decide what we do not build.")).to_be_visible()
        for away in ("Apply for this position", "How we work"):
            await expect(page.get_by_text(away)).not_to_be_visible()
