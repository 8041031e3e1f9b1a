"""A careers site to test: its pages over what the sample says, by the rules that decide it."""

import csv
import re
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import hanse_hiring
import msgspec
from hanse_hiring.api import (
    AlreadyApplied,
    Employer,
    Hiring,
    Job,
    JobClosed,
    NoSuchJob,
    NoSuchPost,
    Opening,
    Person,
    Pillar,
    Post,
    PostLine,
    Receipt,
    Stories,
    Story,
    TooManyApplications,
    Vacancy,
)
from hanse_hiring.pages.careers import Careers
from hanse_hiring.rules.facets import board, similar

from hanse.testing import World, fake

SAMPLE = Path(hanse_hiring.__file__).parent / "sample"
FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
RIGHT = {"name": "Ada Lovelace", "email": "ada@example.com", "consent": "on"}


def read_jobs():
    with (SAMPLE / "jobs.csv").open(newline="", encoding="utf-8") as file:
        rows = [{name: text for name, text in row.items() if text} for row in csv.DictReader(file)]
    for row in rows:
        for name in {"locations", "tags", "remote_countries"} & row.keys():
            row[name] = row[name].split("; ")
    return msgspec.convert(rows, tuple[Job, ...], strict=False)


def read_all(name, kind):
    return msgspec.json.decode((SAMPLE / f"{name}.json").read_bytes(), type=tuple[kind, ...])


class Site:
    """What the contracts answer from, and what was sent to them."""

    def __init__(self, jobs=None, employer=None):
        self.jobs = list(read_jobs() if jobs is None else jobs)
        self.employer = employer or read_all("employers", Employer)[0]
        self.posts = read_all("posts", Post)
        self.applications = []
        self.trouble = None

    @property
    def openings(self):
        open_jobs = [one for one in self.jobs if one.status == "open"]
        return [msgspec.convert(one, Opening, from_attributes=True) for one in open_jobs]

    def find_openings(self, team, location, tag):
        if self.trouble:
            raise self.trouble
        return board(self.openings, {"team": team, "location": location, "tag": tag})

    def get_opening(self, external_id):
        job = next(
            (one for one in self.jobs if one.external_id == external_id and one.status != "draft"),
            None,
        )
        if job is None:
            raise NoSuchJob("There is no such job.")
        others = similar(self.openings, job.team, job.tags, beside=job.external_id)
        if job.status == "closed":
            raise JobClosed("It is closed.", job_title=job.title, similar=others)
        shown = msgspec.convert(job, Opening, from_attributes=True)
        return Vacancy(shown, job.description, job.remote_countries, job.apply_by, others)

    def apply(self, external_id, name, email, phone, links, message):
        if self.trouble:
            raise self.trouble
        if (external_id, email) in [one[:2] for one in self.applications]:
            raise AlreadyApplied("It is here.")
        if len(self.applications) >= 3:
            raise TooManyApplications("Wait.", retry_after=600)
        self.applications.append((external_id, email, name, phone, links, message))
        return Receipt(self.get_opening(external_id).opening.title)

    def get_story(self):
        lines = (msgspec.convert(one, PostLine, from_attributes=True) for one in self.posts)
        return Story(
            self.employer, read_all("pillars", Pillar), tuple(lines), read_all("people", Person)
        )

    def get_post(self, external_id):
        found = next((one for one in self.posts if one.external_id == external_id), None)
        if found is None:
            raise NoSuchPost("There is no such post.")
        return found

    def services(self):
        return (
            fake(
                Hiring,
                find_openings=self.find_openings,
                get_opening=self.get_opening,
                apply=self.apply,
            ),
            fake(Stories, get_story=self.get_story, get_post=self.get_post),
            Careers,
        )


class Visitor:
    """Asks as a browser does."""

    def __init__(self, http):
        self._http = http

    async def get(self, path, **headers):
        given = {"accept": "text/html"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return await self._http.get(path, headers=given)

    async def apply(self, external_id="be-101", **fields):
        sent = {name: value for name, value in (RIGHT | fields).items() if value}
        return await self._http.post(
            f"/careers/apply/{external_id}",
            urlencode(sent).encode(),
            FORM | {"accept": "text/html"},
        )


class CareersSite:
    """A world with the careers site in it."""

    def __init__(self, world, site):
        self.world, self.site = world, site
        self.url = world.host.url

    def visitor(self):
        return Visitor(self.world.http())


@asynccontextmanager
async def opened(*, apart=False, **given):
    site = Site(**given)
    async with World(*site.services(), apart=apart) as world:
        yield CareersSite(world, site)


def titles(text):
    """The jobs a page lists, in its order."""
    return [
        unescape(one)
        for one in re.findall(r'<h3><a href="/careers/jobs/[^"]+">([^<]+)</a></h3>', text)
    ]


def counts(text, facet):
    """What a facet shows beside each of its values."""
    found = re.findall(rf'name="{facet}" value="([^"]+)".*?</span>(\d+)<span', text, re.DOTALL)
    return {unescape(value): int(count) for value, count in found}


def said(text):
    """The page as it reads, without its tags."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))
