"""Addresses of the careers site: readable, stable, and made in one place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import urlencode

HOME = "/careers/"
SITE_MAP = "/careers/sitemap.xml"
FEED = "/careers/feed.xml"
SLUG_MAX = 60


def slug(title: str) -> str:
    """The title in lower-case letters, digits and dashes; `job` if nothing of it is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    dashed = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return dashed[:SLUG_MAX].rstrip("-") or "job"


def job_path(external_id: str, title: str) -> str:
    """Where a job is shown. Its id finds it; the words are for people and may change."""
    return f"/careers/jobs/{external_id}/{slug(title)}"


def apply_path(external_id: str) -> str:
    """Where one applies for a job."""
    return f"/careers/apply/{external_id}"


def post_path(external_id: str) -> str:
    """Where a post is read."""
    return f"/careers/posts/{external_id}"


def home_path(chosen: Iterable[tuple[str, str]]) -> str:
    """The list with what was chosen, to be shared."""
    query = urlencode(list(chosen))
    return f"{HOME}?{query}" if query else HOME
