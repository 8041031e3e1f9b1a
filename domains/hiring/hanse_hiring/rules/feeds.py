"""Openings for programs: the site map for search engines, the feed for readers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from email.utils import format_datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from hanse_hiring.api import Employer, Opening, PostLine
from hanse_hiring.rules.slugs import FEED, HOME, job_path, post_path

SITE_MAP_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
ATOM_SPACE = "http://www.w3.org/2005/Atom"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for, not even escaped."""


def site_map(employer: Employer, openings: Sequence[Opening], posts: Sequence[PostLine]) -> str:
    """The addresses of the site, by the protocol of sitemaps.org."""
    root = Element("urlset", xmlns=SITE_MAP_SPACE)
    newest = max((one.published.date() for one in openings), default=None)
    pages: list[tuple[str, date | None]] = [(HOME, newest)]
    pages += [(job_path(one.external_id, one.title), one.published.date()) for one in openings]
    pages += [(post_path(one.external_id), one.published) for one in posts]
    for path, changed in pages:
        entry = SubElement(root, "url")
        _put(entry, "loc", employer.address + path)
        if changed:
            _put(entry, "lastmod", changed.isoformat())
    return _HEAD + tostring(root, encoding="unicode")


def feed(employer: Employer, openings: Sequence[Opening]) -> str:
    """The openings as RSS 2.0, newest first."""
    root = Element("rss", {"version": "2.0", "xmlns:atom": ATOM_SPACE})
    channel = SubElement(root, "channel")
    _put(channel, "title", f"{employer.guild or 'Jobs'} at {employer.name}")
    _put(channel, "link", employer.address + HOME)
    _put(channel, "description", employer.headline or f"Openings at {employer.name}")
    _put(channel, "language", "en")
    here = {"href": employer.address + FEED, "rel": "self", "type": "application/rss+xml"}
    SubElement(channel, "atom:link", here)
    for one in openings:
        _item(SubElement(channel, "item"), employer, one)
    return _HEAD + tostring(root, encoding="unicode")


def _item(item: Element, employer: Employer, opening: Opening) -> None:
    address = employer.address + job_path(opening.external_id, opening.title)
    places = ", ".join(opening.locations)
    _put(item, "title", f"{opening.title}, {opening.team} ({places})")
    _put(item, "link", address)
    _put(item, "description", opening.summary or f"{opening.title} in {opening.team}, {places}.")
    _put(item, "pubDate", format_datetime(opening.published))
    guid = SubElement(item, "guid", isPermaLink="false")
    guid.text = f"{employer.address}{HOME}{opening.external_id}"
    for value in (opening.team, *opening.tags):
        _put(item, "category", value)


def _put(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _NO_XML.sub("", text)
