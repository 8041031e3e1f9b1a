"""A form with files as a real browser sends it."""

import re

from playwright.async_api import async_playwright

from hanse import PUBLIC, Html, page
from hanse.runtime.tests.test_file_forms import PDF, Careers, kept
from hanse.testing import World

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]

FORM = """<!doctype html><form method="post" action="/apply" enctype="multipart/form-data">
<input name="name"><input type="file" name="cv"><input type="file" name="photo">
<input type="checkbox" name="agreed"><textarea name="tags"></textarea><button>Send</button></form>"""


class Pages(Careers):
    @page("/form", allow=PUBLIC)
    async def show(self) -> Html:
        return Html(FORM)


async def test_a_browser_sends_a_file_and_gets_it_back(chromium, tmp_path) -> None:
    cv = tmp_path / 'Lebenslauf "äß".pdf'
    cv.write_bytes(PDF * 1000)
    async with World(Pages) as world, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        tab = await browser.new_page()
        await tab.goto(world.host.url + "/form")
        await tab.fill("[name=name]", "Ada")
        await tab.check("[name=agreed]")
        await tab.fill("[name=tags]", "two\nlines")
        await tab.set_input_files("[name=cv]", cv)
        await tab.click("button")
        told, _, url = (await tab.text_content("body") or "").partition("|")
        assert told == repr(
            ("Ada", cv.name, len(PDF) * 1000, "application/pdf", None, True, ("two\r\nlines",))
        )
        async with tab.expect_download() as waiting:
            await tab.evaluate("url => { location.href = url }", url)
        download = await waiting.value
        saved = tmp_path / "saved"
        await download.save_as(saved)
        assert saved.read_bytes() == cv.read_bytes()
        assert re.sub(r"_", "", download.suggested_filename) == re.sub(r'["_]', "", cv.name)
        await tab.goto(world.host.url + "/form")
        await tab.fill("[name=name]", "Eve")
        await tab.click("button")
        assert "choose a file" in (await tab.text_content("body") or "")
        assert await kept(world) == 1
        await browser.close()
