"""Every page by the rules a screen reader, a keyboard, a slow line and weak eyes rely on."""

import re
from html.parser import HTMLParser

import msgspec
import pytest
from hanse_hiring.pages.static_files import FOLDER

from domains.hiring.tests.careers_world import RIGHT, opened, read_jobs

FIRST_LOAD_BYTES_MAX = 50_000
VOID = {"br", "hr", "img", "input", "link", "meta"}
AA_TEXT, AA_SIGN = 4.5, 3.0


class Outline(HTMLParser):
    """Elements of a page with their attributes, what stands in each, and what contains it."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.faults, self.words = [], [], [], {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(each for each, _ in self.open)))
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


@pytest.fixture
async def outlines():
    jobs = [
        msgspec.structs.replace(one, status="closed") if one.external_id == "be-103" else one
        for one in read_jobs()
    ]
    paths = {
        "front": "/careers/", "narrowed": "/careers/?team=Payments&tag=Full+time", "empty": "/careers/?team=Search&tag=Student",
        "job": "/careers/jobs/be-102/staff-engineer-storage", "gone": "/careers/jobs/be-103", "apply": "/careers/apply/be-101",
        "applied": "/careers/applied/be-101", "post": "/careers/posts/exactly-once", "nowhere": "/careers/jobs/none",
    }  # fmt: skip
    async with opened(jobs=jobs) as careers:
        visitor = careers.visitor()
        shown = {name: (await visitor.get(path)).text for name, path in paths.items()}
        shown["wrong"] = (await visitor.apply(email="nowhere", phone="none", consent="")).text
    return {name: (text, Outline(text)) for name, text in shown.items()}


async def test_every_page_is_well_formed_and_of_its_own_name(outlines):
    for name, (_, outline) in outlines.items():
        assert outline.faults == [], name
        assert outline.open == [], name
        assert [given["lang"] for _, given, _ in outline.all("html")] == ["en"], name
    titles = {outline.words[outline.all("title")[0][0]] for _, outline in outlines.values()}
    assert len(titles) == len(outlines)


async def test_every_page_has_its_landmarks_and_headings_without_a_gap(outlines):
    for name, (_, outline) in outlines.items():
        for landmark in ("main", "footer", "h1"):
            assert len(outline.all(landmark)) == 1, (name, landmark)
        assert sum(within == ("html", "body") for _, _, within in outline.all("header")) == 1, name
        first, target = outline.all("a")[0][1], outline.all("main")[0][1]
        assert first["href"] == f"#{target['id']}", name
        navigations = [given.get("aria-label") for _, given, _ in outline.all("nav")]
        assert all(navigations), name
        assert len(set(navigations)) == len(navigations), name
        levels = [int(tag[1]) for tag, _, _ in outline.elements if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1, name
        assert all(
            after <= before + 1 for before, after in zip(levels, levels[1:], strict=False)
        ), (name, levels)


async def test_every_field_has_a_label_and_every_button_and_link_a_name(outlines):
    for name, (_, outline) in outlines.items():
        labelled = {given.get("for") for _, given, _ in outline.all("label")}
        for _, given, _ in outline.all("input", "textarea", "select"):
            if given.get("type") != "hidden":
                assert given["id"] in labelled, (name, given)
        for number, given, _ in outline.all("button", "a", "summary", "legend"):
            assert outline.words.get(number, "").strip(), (name, given)
        assert len(outline.all("fieldset")) == len(outline.all("legend")), name


async def test_no_id_comes_twice_and_none_is_pointed_to_in_vain(outlines):
    for name, (_, outline) in outlines.items():
        ids = [given["id"] for _, given, _ in outline.elements if "id" in given]
        assert len(ids) == len(set(ids)), name
        for attribute in ("for", "aria-labelledby", "aria-describedby"):
            pointed = {
                one for _, given, _ in outline.elements for one in given.get(attribute, "").split()
            }
            assert pointed <= set(ids), (name, attribute)
        inside = {
            given["href"][1:]
            for _, given, _ in outline.all("a")
            if given.get("href", "").startswith("#")
        }
        assert inside <= set(ids), name


async def test_no_page_has_code_of_its_own_or_asks_another_site(outlines):
    for name, (_, outline) in outlines.items():
        assert outline.all("style", "iframe", "object", "img") == [], name
        for _, given, _ in outline.all("script"):
            assert (
                given.get("src", "").startswith("/careers/static/")
                or given["type"] == "application/ld+json"
            ), name
        for _, given, _ in outline.elements:
            assert not [key for key in given if key.startswith("on") or key == "style"], (
                name,
                given,
            )
        for _, given, _ in outline.all("link"):
            assert given["rel"] == "canonical" or given["href"].startswith("/careers/"), (
                name,
                given,
            )


async def test_a_first_visit_loads_less_than_fifty_kilobytes(outlines):
    files = sum(len(path.read_bytes()) for path in FOLDER.iterdir())
    for name, (text, _) in outlines.items():
        assert len(text.encode()) + files < FIRST_LOAD_BYTES_MAX, name


async def test_what_is_wrong_is_announced_and_leads_to_its_field(outlines):
    _, outline = outlines["wrong"]
    alerts = [number for number, given, _ in outline.all("div") if given.get("role") == "alert"]
    invalid = {
        given["id"]: given
        for _, given, _ in outline.all("input", "textarea")
        if given.get("aria-invalid") == "true"
    }
    links = {
        given["href"][1:]
        for _, given, _ in outline.all("a")
        if given.get("href", "").startswith("#")
    }

    assert len(alerts) == 1
    assert set(invalid) == {"email", "phone", "consent"}
    assert set(invalid) <= links
    assert all(f"{name}-wrong" in given["aria-describedby"] for name, given in invalid.items())


async def test_fields_tell_the_browser_what_they_are_and_the_trap_stays_out_of_the_way(outlines):
    _, outline = outlines["apply"]
    fields = {given["name"]: given for _, given, _ in outline.all("input", "textarea")}

    assert {name: fields[name].get("autocomplete") for name in ("name", "email", "phone")} == {
        "name": "name",
        "email": "email",
        "phone": "tel",
    }
    assert fields["email"]["type"] == "email"
    assert {name for name, given in fields.items() if "required" in given} == {*RIGHT}
    assert (fields["website"]["tabindex"], fields["website"]["autocomplete"]) == ("-1", "off")
    [trap] = [given for _, given, _ in outline.all("div") if given.get("class") == "trap"]
    assert trap["aria-hidden"] == "true"


async def test_changes_are_said_by_a_region_that_is_there_before_them(outlines):
    _, outline = outlines["front"]
    [region] = [
        (given, within) for _, given, within in outline.elements if given.get("role") == "status"
    ]

    assert region[0]["aria-live"] == "polite"
    board = next(number for number, given, _ in outline.all("div") if given.get("id") == "board")
    inside = [given.get("id") for number, given, _ in outline.all("p") if number > board]
    assert "said" not in inside


def tokens(dark):
    text = (FOLDER / "careers.css").read_text()
    light = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", text[: text.index("@media")]))
    start = text.index("prefers-color-scheme: dark")
    other = dict(
        re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", text[start : text.index("\n}\n", start)])
    )
    assert set(light) == set(other)
    return other if dark else light


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(one * 2 for one in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_colours_are_told_apart_by_everybody(dark):
    colour = tokens(dark)
    pairs = [
        ("ink", "paper"), ("ink", "tint"), ("ink", "sheet"), ("soft", "paper"), ("soft", "tint"), ("sea", "paper"), ("on-sea", "sea"), ("on-sea", "sea-deep"),
        ("brick", "paper"), ("wrong", "paper"), ("ink", "wrong-sheet"),
    ]  # fmt: skip
    for one, other in pairs:
        assert contrast(colour[one], colour[other]) >= AA_TEXT, (one, other)
    for one in ("strong-line", "focus"):
        assert contrast(colour[one], colour["paper"]) >= AA_SIGN, one


def test_contrast_is_reckoned_as_the_w3c_does():
    assert contrast("#fff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
