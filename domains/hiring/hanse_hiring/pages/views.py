"""The pages out of values: templates compiled once, a method a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hanse import File, form_key
from hanse_hiring.api import (
    CV_BYTES,
    REMOTE,
    Board,
    Employer,
    FacetName,
    Opening,
    Post,
    Story,
    Vacancy,
)
from hanse_hiring.pages.failures import Failure
from hanse_hiring.pages.sent import kept, size
from hanse_hiring.pages.static_files import FOLDER, StaticFiles
from hanse_hiring.rules import slugs
from hanse_hiring.rules.applying import CONSENT, CV_ENDINGS, CV_MISTAKES, FIELDS, TRAP
from hanse_hiring.rules.markup import html
from hanse_hiring.rules.posting import countries, posting, script

POSTS_SHOWN = 3
ROWS_KEPT = 4096
FACET_TITLES: dict[FacetName, str] = {"team": "Team", "location": "Location", "tag": "Kind"}


class Picked(NamedTuple):
    """A value that was chosen, and the address of the list without it."""

    value: str
    without: str


class Views:
    """The site's pages as HTML; whoever has the values can make them, with or without a host."""

    def __init__(self, files: StaticFiles) -> None:
        environment = _environment(files)
        names = ("home", "job", "apply", "applied", "post", "failure")
        self._render = {name: environment.get_template(f"{name}.html").render for name in names}

    def home(self, story: Story, board: Board) -> str:
        """The front: who they are, what is open, how they work."""
        given: dict[str, Any] = {
            "board": board,
            "picked": picked(board),
            "posts": story.posts[:POSTS_SHOWN],
            "summary": summary(board),
        }
        return self._page("home", story.employer, story=story, **given)

    def job(self, employer: Employer, vacancy: Vacancy) -> str:
        """One open job."""
        opening = vacancy.opening
        path = _job_path(opening)
        return self._page(
            "job",
            employer,
            vacancy=vacancy,
            opening=opening,
            path=path,
            live_in=countries(vacancy, employer) if REMOTE in opening.locations else (),
            data=script(posting(vacancy, employer, path)),
        )

    def application(
        self,
        employer: Employer,
        vacancy: Vacancy,
        typed: Mapping[str, str],
        mistakes: Mapping[str, str],
        *,
        cv: File | None = None,
    ) -> str:
        """The form to apply with, with what was typed and chosen, and what is wrong with it."""
        given: dict[str, Any] = {"typed": typed, "mistakes": mistakes, "cv": cv}
        return self._page("apply", employer, opening=vacancy.opening, **given)

    def applied(self, employer: Employer, vacancy: Vacancy) -> str:
        """Thanks."""
        return self._page("applied", employer, vacancy=vacancy, opening=vacancy.opening)

    def post(self, employer: Employer, post: Post) -> str:
        """Something that somebody wrote."""
        return self._page("post", employer, post=post)

    def failure(self, employer: Employer, failure: Failure) -> str:
        """What went wrong, and a way on."""
        return self._page("failure", employer, failure=failure)

    def _page(self, name: str, employer: Employer, **values: Any) -> str:
        return self._render[name](employer=employer, **values)


def summary(board: Board) -> str:
    """How many are shown, as a sentence; read out when it changes."""
    shown = len(board.openings)
    if not board.total:
        return "No openings just now"
    return f"Showing {shown} of {board.total}" if shown else f"None of {board.total} fits"


def picked(board: Board) -> tuple[Picked, ...]:
    """What was chosen, in the order of the facets."""
    pairs = list(_chosen(board))
    return tuple(
        Picked(
            value, slugs.home_path(pair for pair in pairs if pair != (name, value)) + "#openings"
        )
        for name, value in pairs
    )


def long_date(day: date) -> str:
    """`3 January 2026`."""
    return f"{day.day} {day:%B %Y}"


def initials(name: str) -> str:
    """The first letters of the first and the last word."""
    words = name.split()
    return "".join(word[0] for word in (words[0], words[-1])) if len(words) > 1 else name[:1]


def _row(environment: Environment) -> Callable[[Opening], Markup]:
    """An opening as a line of a list; alike for everybody, so it is made once."""
    template = environment.get_template("row.html")

    @lru_cache(maxsize=ROWS_KEPT)
    def row(one: Opening) -> Markup:
        return Markup(template.render(one=one))  # noqa: S704  the template escapes

    return row


def _job_path(opening: Opening) -> str:
    return slugs.job_path(opening.external_id, opening.title)


def _chosen(board: Board) -> Iterator[tuple[str, str]]:
    for facet in board.facets:
        for choice in facet.choices:
            if choice.chosen:
                yield facet.name, choice.value


def _environment(files: StaticFiles) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER.parent / "templates"),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    mark = (FOLDER / "mark.svg").read_text(encoding="utf-8").strip()
    filters: dict[str, Any] = {
        "address": files.address,
        "day": long_date,
        "html": html,
        "initials": initials,
        "kept": kept,
        "size": size,
        "slug": slugs.slug,
    }
    shared: dict[str, Any] = {
        "apply_path": slugs.apply_path,
        "consent": CONSENT,
        "cv_bytes": CV_BYTES,
        "cv_endings": CV_ENDINGS,
        "cv_too_large": CV_MISTAKES["file_too_large"],
        "facet_titles": FACET_TITLES,
        "feed_path": slugs.FEED,
        "fields": FIELDS,
        "form_key": form_key,
        "home_path": slugs.HOME,
        "job_path": _job_path,
        "post_path": slugs.post_path,
        "trap": TRAP,
        "mark": Markup(mark),  # noqa: S704  a file of ours
    }
    environment.filters.update(filters)
    environment.globals.update(shared)
    filters = {"row": _row(environment)}
    environment.filters.update(filters)
    return environment
