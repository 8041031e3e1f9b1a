"""Pages out of values: templates compiled once, what is alike for everybody made once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from boutique_storefront.order_form import LABELS, SAFE_ATTRIBUTES
from boutique_storefront.prices import price
from boutique_storefront.views import Bill, Item, Line, Placed, Sign, Visit

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
BUY_MAX = 10
"""Pieces of one thing that can be put into the basket at once."""

TO_SHOP = ("/", "Back to the shop")

NOW, LATER = Markup(), Markup(' loading="lazy"')
"""When a picture is wanted: at once, or when it comes into sight."""


class Pages:
    """The shop's pages. Making one compiles the templates; a method a page gives its HTML.

    Args:
        careers: Where one can apply to work there; empty for nowhere.
    """

    def __init__(self, *, careers: str = "") -> None:
        self._environment = environment = _environment(careers)
        names = ("home", "product", "basket", "checkout", "order", "search", "failure")
        self._render = {name: environment.get_template(f"{name}.html").render for name in names}

    def home(self, visit: Visit, goods: Sequence[Item], ad: Sign | None) -> str:
        """The front: everything there is."""
        return self._page("home", visit, goods=goods, ad=ad)

    def product(self, visit: Visit, item: Item, goods: Sequence[Item], ad: Sign | None) -> str:
        """One product, and `goods` that go well with it."""
        return self._page("product", visit, item=item, goods=goods, ad=ad)

    def basket(self, visit: Visit, bill: Bill, goods: Sequence[Item]) -> str:
        """What somebody is about to buy."""
        return self._page("basket", visit, bill=bill, goods=goods)

    def checkout(
        self,
        visit: Visit,
        bill: Bill,
        typed: Mapping[str, str],
        mistakes: Mapping[str, str],
        notice: str = "",
    ) -> str:
        """The order form, with what was typed and what is wrong with it."""
        given: dict[str, Any] = {"typed": typed, "mistakes": mistakes, "notice": notice}
        return self._page("checkout", visit, bill=bill, **given)

    def order(self, visit: Visit, order: Placed, bill: Bill, goods: Sequence[Item] = ()) -> str:
        """Thanks, numbers, and what is coming."""
        return self._page("order", visit, order=order, bill=bill, goods=goods)

    def search(self, visit: Visit, words: str, goods: Sequence[Item]) -> str:
        """What was found."""
        return self._page("search", visit, words=words, goods=goods)

    def failure(
        self,
        visit: Visit,
        status: int,
        title: str,
        sentence: str,
        way: tuple[str, str] = TO_SHOP,
    ) -> str:
        """What went wrong, and a way on."""
        given: dict[str, Any] = {"title": title, "sentence": sentence, "way": way}
        return self._page("failure", visit, status=status, **given)

    def _page(self, name: str, visit: Visit, **values: Any) -> str:
        return self._render[name](visit=visit, **values)


@lru_cache(maxsize=256)
def currency_options(codes: tuple[str, ...], chosen: str) -> Markup:
    """The options of the list of currencies; the same for all who chose alike."""
    return _options([(code, code) for code in codes], chosen)


@lru_cache(maxsize=256)
def quantity_options(quantity: int) -> Markup:
    """How many to have: as many as now, none, or up to ten."""
    numbers = sorted({*range(BUY_MAX + 1), quantity})
    shown = [(str(number), str(number) if number else "Remove") for number in numbers]
    return _options(shown, str(quantity))


def _options(shown: Sequence[tuple[str, str]], chosen: str) -> Markup:
    plain, selected = "<option value={}>{}</option>", "<option value={} selected>{}</option>"
    return Markup().join(
        Markup(selected if value == chosen else plain).format(  # noqa: S704  constants
            Markup('"{}"').format(value), text
        )
        for value, text in shown
    )


def static_addresses() -> dict[str, str]:
    """Each static file's address by its path, with what is in it, so that browsers may keep it."""
    files = (file for file in sorted(STATIC.rglob("*")) if file.is_file())
    paths = {f"/static/{file.relative_to(STATIC).as_posix()}": file for file in files}
    return {
        path: f"{path}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:8]}"
        for path, file in paths.items()
    }


def _kept() -> Callable[[str], str]:
    """The address of a static file that may be kept; of another, its path."""
    addresses = static_addresses()
    return lambda path: addresses.get(path, path)


def _fragments(environment: Environment) -> dict[str, Any]:
    """Parts that are alike for many are rendered once for all; the oldest are forgotten."""
    card_template = environment.get_template("card.html")
    top_template = environment.get_template("top.html")
    ad_template = environment.get_template("ad.html")
    line_template = environment.get_template("line.html")

    @lru_cache(maxsize=4096)
    def card(item: Item, later: Markup) -> str:
        return card_template.render(item=item, later=later)

    @lru_cache(maxsize=1024)
    def top(visit: Visit, words: str) -> Markup:
        options = currency_options(visit.currencies, visit.currency)
        return _safe(top_template.render(visit=visit, words=words, options=options))

    @lru_cache(maxsize=256)
    def sign(ad: Sign | None) -> Markup:
        return _safe(ad_template.render(ad=ad) if ad else "")

    @lru_cache(maxsize=4096)
    def line(line: Line) -> Markup:
        return _safe(line_template.render(line=line))

    def grid(goods: Sequence[Item], at_once: int = 0) -> Markup:
        """Products in a grid; the pictures of all but the first few may come later."""
        cards = [card(item, NOW if at < at_once else LATER) for at, item in enumerate(goods)]
        return _safe(f'<ul class="goods">\n{"".join(cards)}</ul>')

    return {"grid": grid, "line": line, "sign": sign, "top": top}


def _safe(html: str) -> Markup:
    """What our own templates made of values that they escaped."""
    return Markup(html)  # noqa: S704  as said


def _environment(careers: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    filters: dict[str, Any] = {
        "kept": _kept(),
        "price": price,
        "quantities": quantity_options,
    }
    environment.filters.update(filters)
    buy = [(str(number), str(number)) for number in range(1, BUY_MAX + 1)]
    ship = (FOLDER / "templates" / "ship.svg").read_text(encoding="utf-8").strip()
    shared: dict[str, Any] = {
        "ship": _safe(ship),
        "quantities": _options(buy, "1"),
        "labels": LABELS,
        "attributes": SAFE_ATTRIBUTES,
        "words": "",
    }
    environment.globals.update(shared)
    filters = _fragments(environment)
    environment.filters.update(filters)
    rendered = environment.get_template("foot.html").render(careers=careers)
    foot: dict[str, Any] = {"foot": _safe(rendered)}
    environment.globals.update(foot)
    return environment
