"""What the shop looks like, as far as numbers can tell: sizes, contrast, and nothing from elsewhere."""

import re
from xml.etree import ElementTree

import pytest
from boutique_catalog.products import read_products
from boutique_storefront.pages import FOLDER, STATIC, static_addresses

CSS = (STATIC / "shop.css").read_text()
PICTURES = sorted(STATIC.rglob("*.svg"))
TEXT_CONTRAST = 4.5
CONTROL_CONTRAST = 3.0


def test_every_product_has_its_picture():
    assert {product.picture for product in read_products()} <= set(static_addresses())


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.stem)
def test_a_picture_is_small_and_only_a_picture(picture):
    root = ElementTree.fromstring(picture.read_text())
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    links = {
        value
        for element in root.iter()
        for name, value in element.attrib.items()
        if name.endswith("href")
    }

    assert picture.stat().st_size < 6_000
    assert root.get("viewBox")
    assert not names & {"script", "image", "foreignObject", "style", "a"}
    assert all(link.startswith("#") for link in links)


def test_the_style_sheet_is_small_and_asks_for_nothing_else():
    assert len(CSS.encode()) < 20_000
    assert not re.search(r"@import|@font-face|url\(|http", CSS)
    for feature in (
        "prefers-color-scheme: dark",
        "prefers-reduced-motion",
        "@media print",
        ":focus-visible",
    ):
        assert feature in CSS


def test_templates_hold_no_script_and_no_style_of_their_own():
    for template in (FOLDER / "templates").iterdir():
        text = template.read_text()
        assert not re.search(r"<script|<style| style=|\son\w+=|javascript:|\|safe", text), (
            template.name
        )


def colours(scheme):
    """The custom properties of a scheme that are plain colours."""
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", blocks[0]))
    return (
        found
        if scheme == "light"
        else found | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", blocks[1]))
    )


def luminance(colour):
    """Relative luminance (WCAG 2.2)."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back"),
    [
        ("ink", "paper"), ("ink", "sheet"), ("ink", "sand"), ("soft", "paper"), ("soft", "sheet"), ("soft", "sand"),
        ("on-sea", "sea"), ("on-sea", "sea-deep"), ("sea", "paper"), ("brick", "paper"), ("brick", "sheet"), ("paper", "brick"),
        ("wrong", "paper"), ("wrong", "wrong-sheet"), ("ink", "wrong-sheet"),
    ],
)  # fmt: skip
def test_text_can_be_read_by_tired_eyes(scheme, front, back):
    palette = colours(scheme)
    assert contrast(palette[front], palette[back]) >= TEXT_CONTRAST


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back"),
    [("focus", "paper"), ("focus", "sheet"), ("soft", "sheet"), ("wrong", "paper")],
)
def test_borders_and_focus_can_be_seen(scheme, front, back):
    palette = colours(scheme)
    assert contrast(palette[front], palette[back]) >= CONTROL_CONTRAST
