"""Every page by the rules a screen reader, a keyboard and a slow line rely on."""

from html.parser import HTMLParser

import pytest
from boutique_storefront.order_form import DEMO

PAGE_BYTES_MAX = 30_000
VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
}
SVG = {"svg", "path", "circle", "g", "rect"}


class Outline(HTMLParser):
    """Elements of a page with their attributes, and which contains which."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.open = []
        self.faults = []
        self.words = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.elements.append((tag, given, tuple(each for each, _ in self.open)))
        if tag not in VOID:
            self.open.append((tag, len(self.elements) - 1))

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(each for each, _ in self.open)))

    def handle_endtag(self, tag):
        if not self.open or self.open[-1][0] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:]}")
            return
        self.open.pop()

    def handle_data(self, data):
        for _, number in self.open:
            self.words[number] = self.words.get(number, "") + data

    def all(self, *tags):
        return [
            (number, given, within)
            for number, (tag, given, within) in enumerate(self.elements)
            if tag in tags
        ]


async def pages(shop):
    """Every kind of page, by name."""
    visitor = shop.visitor()
    empty = await visitor.get("/basket")
    await visitor.put_in("enamel-mug", 2)
    await visitor.put_in("ships-clock")
    paths = {
        "front": "/", "product": "/products/brass-compass", "basket": "/basket", "checkout": "/basket/checkout",
        "search": "/search?q=brass", "nothing": "/search?q=nothing", "failure": "/products/none",
    }  # fmt: skip
    shown = {name: await visitor.get(path) for name, path in paths.items()}
    wrong = await visitor.order(email="", card_number="1")
    order = await visitor.follow(await visitor.order(**DEMO))
    return {
        name: page.text
        for name, page in (shown | {"empty": empty, "wrong": wrong, "order": order}).items()
    }


@pytest.fixture
async def outlines(shop):
    shown = await pages(shop)
    return {name: (text, Outline(text)) for name, text in shown.items()}


async def test_every_page_is_well_formed_light_and_of_its_own_name(outlines):
    for name, (text, outline) in outlines.items():
        assert outline.faults == [], name
        assert outline.open == [], name
        assert len(text.encode()) < PAGE_BYTES_MAX, name
        assert [given["lang"] for _, given, _ in outline.all("html")] == ["en"], name
    titles = {outline.words[outline.all("title")[0][0]] for _, outline in outlines.values()}
    assert len(titles) >= len(outlines) - 2  # two baskets, two searches


async def test_every_page_has_its_landmarks_and_one_heading_above_all(outlines):
    for name, (_, outline) in outlines.items():
        for landmark in ("header", "main", "footer", "h1"):
            assert len(outline.all(landmark)) == 1, (name, landmark)
        first = outline.all("a")[0][1]
        target = outline.all("main")[0][1]
        assert first["href"] == f"#{target['id']}", name
        assert any(given.get("role") == "search" for _, given, _ in outline.all("form")), name


async def test_every_field_has_a_label_and_every_button_a_name(outlines):
    for name, (_, outline) in outlines.items():
        labelled = {given.get("for") for _, given, _ in outline.all("label")}
        for _, given, within in outline.all("input", "select"):
            assert (
                given.get("type") == "hidden" or given.get("id") in labelled or "label" in within
            ), (name, given)
        for number, given, _ in outline.all("button", "a"):
            named = (
                given.get("aria-label")
                or outline.words.get(number, "").strip()
                or given.get("aria-hidden")
            )
            assert named, (name, given)


async def test_no_id_comes_twice_and_none_is_pointed_to_in_vain(outlines):
    for name, (_, outline) in outlines.items():
        ids = [given["id"] for _, given, _ in outline.elements if "id" in given]
        assert len(ids) == len(set(ids)), name
        for attribute in ("for", "aria-labelledby", "aria-describedby"):
            pointed = {given[attribute] for _, given, _ in outline.elements if attribute in given}
            assert pointed <= set(ids), (name, attribute)


async def test_pictures_have_a_size_so_that_nothing_jumps_and_a_text_or_none(outlines):
    for name, (_, outline) in outlines.items():
        for _, given, _ in outline.all("img"):
            assert {"width", "height", "alt"} <= set(given), (name, given)


async def test_no_page_has_a_script_or_asks_another_site(outlines):
    for name, (text, outline) in outlines.items():
        assert outline.all("script", "style", "iframe", "object") == [], name
        assert "//" not in text.replace("<!doctype", ""), name
        assert not [
            given for _, given, _ in outline.elements if any(key.startswith("on") for key in given)
        ], name


async def test_what_is_wrong_is_announced_and_leads_to_its_field(outlines):
    _, outline = outlines["wrong"]
    alerts = [given for _, given, _ in outline.all("div") if given.get("role") == "alert"]
    invalid = {
        given["id"] for _, given, _ in outline.all("input") if given.get("aria-invalid") == "true"
    }
    links = {
        given["href"].removeprefix("#")
        for _, given, _ in outline.all("a")
        if given.get("href", "").startswith("#")
    }
    assert len(alerts) == 1
    assert invalid == {"email", "card_number"}
    assert invalid <= links


async def test_fields_of_the_order_tell_the_browser_what_they_are(outlines):
    _, outline = outlines["checkout"]
    told = {
        given["name"]: given.get("autocomplete")
        for _, given, _ in outline.all("input")
        if given.get("name") in DEMO
    }
    assert set(told) == set(DEMO)
    assert all(told.values())
