"""The documentation page in a real browser: reading, searching, calling; keyboard and phone."""

import contextlib
import json
import shutil
import threading

import pytest
from playwright.async_api import async_playwright

from hanse.runtime.contract.description import (
    EventDescription,
    FieldDescription,
    Many,
    PostDescription,
    Row,
    Scalar,
    SubscriptionDescription,
)
from hanse.runtime.publish.asyncapi import asyncapi
from hanse.runtime.publish.docs_page import CONTENT_SECURITY_POLICY, docs_assets, docs_page
from hanse.runtime.publish.openapi import openapi
from hanse.runtime.publish.tests.sample import CONTACTS, HOSTILE, ORDERS
from hanse.runtime.publish.tests.serving import json_answer, serving, stream_answer

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
UUID = "123e4567-e89b-42d3-a456-426614174000"
MERGE = f"POST /crm/v1/contacts/{UUID}:merge"


def page_answers(prefix=""):
    files = {
        f"GET {prefix}{path}": (
            200,
            {
                "content-type": asset.content_type,
                "content-security-policy": CONTENT_SECURITY_POLICY,
            },
            [asset.body],
        )
        for path, asset in docs_assets().items()
    }
    document = openapi([CONTACTS, ORDERS], title="Boutique <b>bold</b>", version="1.4.0")
    events = asyncapi(POST, title="Boutique <b>bold</b>", version="1.4.0")
    return files | {
        f"GET {prefix}/openapi.json": json_answer(document),
        f"GET {prefix}/asyncapi.json": json_answer(events),
    }


PAID = EventDescription(
    "Paid", "crm.v1", (
        FieldDescription("order", Scalar("uuid"), doc="Which."),
        FieldDescription("payer", Scalar("string", max_length=100), doc="Who paid."),
        FieldDescription("lines", Many(Row((Scalar("string"), Scalar("integer")))), required=False),
    ),
    key="order", doc=f"An order was paid.\n\n{HOSTILE}", personal=(("payer", "order"),),
)  # fmt: skip
POST = PostDescription(
    (PAID, EventDescription("Shut", "crm.v1", (), doc="The shop is shut.")),
    (("crm.v1", ("crm.v1.Contacts", "crm.v1.Tills")),),
    (SubscriptionDescription("mail.v1.Letters/thank", "mail.v1.Letters", ("crm.v1.Paid",), HOSTILE),
     SubscriptionDescription("sums.v1.Sums/add", "sums.v1.Sums", ("crm.v1.Paid",), batch=100)),
)  # fmt: skip


@contextlib.asynccontextmanager
async def browsing(server, *, path="/docs", width=1280, scheme="light", expected=()):
    """A page that fails the test on any script error, refused file or unexpected message."""
    if CHROMIUM is None:
        pytest.skip("Chromium is missing: apt-get install chromium, as ./hanse test does")
    troubles = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": width, "height": 740}, color_scheme=scheme)
        page.set_default_timeout(15_000)
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        await page.goto(server.url + path)
        await page.wait_for_selector("#list a")
        yield page
        await browser.close()
    assert [text for text in troubles if not any(word in text for word in expected)] == []


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere():
    html = docs_page()
    assert "<style" not in html
    assert "style=" not in html
    assert "onclick" not in html
    assert (
        html.count("<script")
        == html.count('<script type="module" src="docs/app.js"></script>')
        == 1
    )
    for asset in docs_assets().values():
        text = asset.body.decode()
        assert "http:" not in text
        assert "https:" not in text
        assert "innerHTML" not in text
        assert "insertAdjacentHTML" not in text
        assert len(text.splitlines()) < 300


def test_the_address_of_the_description_cannot_leave_its_attribute():
    assert '"><script>alert' not in docs_page('"><script>alert(1)</script>')


async def test_filling_the_form_and_sending_shows_the_answer():
    answers = page_answers() | {
        MERGE: json_answer({"name": "<b>merged</b>"}, 200, **{"x-trace": "t1"})
    }
    with serving(answers) as server:
        async with browsing(server) as page:
            # when a method is chosen and its form filled
            await page.click("#list a:has-text('merge_contacts')")
            await page.fill("[name=contact_id]", UUID)
            await page.fill("#body", '{"others": ["it\'s"]}')
            await page.fill("#token", "secret")
            curl = await page.inner_text(".example pre")
            await page.click("text=Send")
            await page.wait_for_selector(".status")
            # then the answer is there with status, time and headers, as text
            assert "200" in await page.inner_text(".status")
            assert " ms" in await page.inner_text(".time")
            await page.click("#result summary")
            assert "x-trace: t1" in await page.inner_text("#result details")
            await page.wait_for_function(
                "document.querySelector('#result > pre').textContent.includes('<b>merged</b>')"
            )
            # and the token stays in this tab only
            assert await page.evaluate("sessionStorage.length") == 1
            assert await page.evaluate("localStorage.length") == 0
            assert await page.evaluate("document.cookie") == ""
    sent = next(seen for seen in server.seen if seen.verb == "POST")
    assert json.loads(sent.body) == {"others": ["it's"]}
    assert sent.headers["authorization"] == "Bearer secret"
    assert "secret" not in curl
    assert "$TOKEN" in curl
    assert r"'{" + '"others":["it' + r"'\''" + 's"]}' in curl


async def test_a_method_open_to_all_asks_for_no_token_and_leaves_nothing_in_its_place():
    with serving(page_answers()) as server:
        async with browsing(server) as page:
            await page.click("#list a:has-text('pay') >> nth=0")
            form = page.locator("#try")
            assert await form.locator("#token").count() == 0
            assert "false" not in await form.inner_text()


async def test_problems_and_missing_servers_are_shown():
    problem = {
        "title": "Invalid request",
        "status": 400,
        "code": "invalid_argument",
        "violations": [],
    }
    with serving(page_answers() | {"POST /crm/v1/payments": json_answer(problem, 400)}) as server:
        async with browsing(server, path="/docs#Contacts_pay", expected=["400"]) as page:
            await page.click("text=Send")
            await page.wait_for_selector(".status .bad")
            assert "invalid_argument" in await page.inner_text("#result")


async def test_query_arguments_go_into_the_address_and_empty_ones_stay_out():
    with serving(page_answers() | {"GET /crm/v1/contacts": json_answer([])}) as server:
        async with browsing(server, path="/docs#Contacts_find") as page:
            await page.fill("[name=word]", "a&b")
            await page.fill("[name=tags]", "x\ny")
            await page.select_option("[name=deep]", "true")
            await page.select_option("[name=colour]", "deep blue")
            await page.click("text=Send")
            await page.wait_for_selector(".status")
            assert await page.locator("#token").count() == 0
    assert (
        server.seen[-1].path
        == "/crm/v1/contacts?word=a%26b&tags=x&tags=y&deep=true&colour=deep+blue"
    )


async def test_a_stream_is_shown_as_it_comes_and_can_be_stopped():
    shown = threading.Event()

    def second():
        assert shown.wait(20), "the first item was not shown before the second was sent"
        return b'data: {"name": "second"}\n\n'

    endless = threading.Event()

    def third():
        endless.wait(20)
        return b"data: never\n\n"

    chunks = (b'data: {"name": "first"}\n\n', second, third)
    with serving(page_answers() | {"GET /crm/v1/contacts:watch": stream_answer(*chunks)}) as server:
        async with browsing(server, path="/docs#Contacts_watch") as page:
            assert "A stream, each item: CrmV1ContactsNode" in await page.inner_text("article")
            await page.click("text=Send")
            await page.wait_for_selector("#result pre:has-text('first')")
            shown.set()
            await page.wait_for_selector("#result pre:has-text('second')")
            await page.click("text=Stop")
            await page.wait_for_selector("text=Stopped.")
            assert "second" in await page.inner_text("#result > pre")
            assert await page.is_enabled("text=Send")
        endless.set()


async def test_everything_works_by_keyboard_alone():
    with serving(
        page_answers() | {"POST /crm/v1/payments": json_answer({"kind": "card"})}
    ) as server:
        async with browsing(server) as page:
            await page.keyboard.press("/")
            await page.wait_for_function("document.activeElement.id === 'search'")
            await page.keyboard.type("contacts pay")
            await page.wait_for_function("document.querySelectorAll('#list a').length === 1")
            await page.keyboard.press("ArrowDown")
            await page.keyboard.press("Enter")
            await page.wait_for_selector("article h1:has-text('pay')")
            assert await page.evaluate("document.activeElement.id") == "main"
            for _ in range(30):
                await page.keyboard.press("Tab")
                if await page.evaluate("document.activeElement.id") == "body":
                    break
            await page.keyboard.press("Control+A")
            await page.keyboard.type('{"payment": 1}')
            await page.keyboard.press("Control+Enter")
            await page.wait_for_selector(".status .good")
    assert server.seen[-1].body == '{"payment": 1}'


async def test_search_narrows_and_says_when_there_is_nothing():
    with serving(page_answers()) as server:
        async with browsing(server) as page:
            await page.fill("#search", "DELETE contacts")
            assert await page.locator("#list a").count() == 1
            assert "1 found" in await page.text_content("#count")
            await page.fill("#search", "zzz")
            assert "Nothing" in await page.inner_text("#list")


async def test_hostile_documentation_is_text():
    with serving(page_answers()) as server:
        async with browsing(server) as page:
            assert "<script>window.hacked=1</script>" in await page.inner_text("main")
            await page.goto(server.url + "/docs#Contacts_merge_contacts")
            await page.wait_for_selector("article")
            assert "<img src=x" in await page.inner_text("article")
            for summary in await page.locator("article summary").all():
                await summary.click()
            assert await page.evaluate("window.hacked") is None
            assert await page.locator("main img, main script, main b").count() == 0


async def test_an_event_says_what_it_tells_who_tells_it_and_who_takes_it():
    with serving(page_answers()) as server:
        async with browsing(server) as page:
            assert "An order was paid." in await page.inner_text("main")
            await page.fill("#search", "event paid")
            await page.keyboard.press("ArrowDown")
            await page.keyboard.press("Enter")
            await page.wait_for_selector("article h1:has-text('Paid')")
            text = await page.inner_text("article")
            for said in (
                "in the order of its order", "leaves sealed", "Who paid. Sealed: personal",
                "list of (string, integer)", "crm.v1.Contacts", "crm.v1.Tills",
                "mail.v1.Letters/thank", "sums.v1.Sums/add", "up to 100 at once",
            ):  # fmt: skip
                assert said in text, said
            assert await page.evaluate("window.hacked") is None
            await page.fill("#search", "")
            await page.click("#list a:has-text('Shut')")
            await page.wait_for_selector("article h1:has-text('Shut')")
            text = await page.inner_text("article")
            for said in ("all of a site in one order", "that it happened is all", "Nobody here."):
                assert said in text, said


async def test_types_that_contain_themselves_unfold_one_by_one():
    with serving(page_answers()) as server:
        async with browsing(server, path="/docs#Contacts_merge_contacts") as page:
            inner = ".columns > div:last-child"
            before = await page.locator(f"{inner} .name").count()
            await page.locator(f"{inner} summary").first.click()
            await page.wait_for_function(
                "n => document.querySelectorAll('.columns > div:last-child .name').length > n",
                arg=before,
            )


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.long), "dark"])
async def test_a_phone_sees_everything_without_scrolling_sideways(scheme):
    with serving(
        page_answers() | {"POST /crm/v1/payments": json_answer({"long": "x" * 500})}
    ) as server:
        async with browsing(server, width=360, scheme=scheme) as page:
            await page.click("#list a:has-text('pay') >> nth=0")
            await page.wait_for_selector("article")
            assert not await page.is_visible("nav")
            await page.click("text=Send")
            await page.wait_for_selector(".status")
            for shown in await page.locator("article summary").all():
                await shown.click()
            assert await page.evaluate("document.documentElement.scrollWidth") <= 360
            await page.click("text=All methods")
            await page.wait_for_selector("nav", state="visible")
            await page.click("#list a:has-text('Paid')")
            await page.wait_for_selector("article")
            assert await page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_stands_out_from_its_ground(scheme):
    """WCAG 2.2, 1.4.3: 4.5 to 1 at least, for each colour of text on each ground."""
    script = """() => {
      const style = getComputedStyle(document.documentElement);
      const light = (name) => {
        const hex = style.getPropertyValue(name).trim().replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3");
        const parts = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
        const [r, g, b] = parts.map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ratio = (...pair) => {
        const [dim, bright] = pair.map(light).sort((a, b) => a - b);
        return (bright + 0.05) / (dim + 0.05);
      };
      const texts = ["--ink", "--quiet", "--accent", "--good", "--bad"];
      const pairs = texts.flatMap((text) => [[text, "--paper"], [text, "--raised"]]);
      pairs.push(["--accent-ink", "--accent"]);
      return Object.fromEntries(pairs.map(([a, b]) => [a + b, ratio(a, b)]));
    }"""
    with serving(page_answers()) as server:
        async with browsing(server, scheme=scheme) as page:
            ratios = await page.evaluate(script)
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


async def test_the_page_works_under_a_prefix():
    answers = page_answers("/inner") | {"GET /inner/crm/v1/contacts:count": json_answer(7)}
    with serving(answers) as server:
        async with browsing(server, path="/inner/docs#Contacts_count") as page:
            await page.click("text=Send")
            await page.wait_for_selector(".status .good")
    assert server.seen[-1].path == "/inner/crm/v1/contacts:count"


async def test_a_description_that_cannot_be_read_is_said():
    answers = page_answers()
    answers["GET /openapi.json"] = json_answer({}, 503)
    with serving(answers) as server:
        if CHROMIUM is None:
            pytest.skip("Chromium is missing: apt-get install chromium, as ./hanse test does")
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = await browser.new_page()
            await page.goto(server.url + "/docs")
            await page.wait_for_selector("text=could not be read: /openapi.json answered 503")
            await browser.close()
