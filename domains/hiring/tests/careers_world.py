"""A careers site to test: all of hiring with the sample in a real database, and visitors to it."""

import csv
import re
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import hanse_hiring
import msgspec
from hanse_hiring.api import Employer, Job, Person, Pillar, Post
from hanse_hiring.pages.careers import Careers
from hanse_hiring.service import (
    Applications,
    Employers,
    Hiring,
    Jobs,
    People,
    Pillars,
    Posts,
    Stories,
)

from hanse import Principal
from hanse.runtime.contract.service import contract_of
from hanse.testing import World

PERMISSIONS = (
    "hiring.jobs.read",
    "hiring.jobs.write",
    "hiring.story.write",
    "hiring.applications.read",
)
STAFF = Principal("staff", "gil", frozenset(PERMISSIONS))
SERVICES = (Applications, Careers, Employers, Hiring, Jobs, People, Pillars, Posts, Stories)
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


async def load(world, jobs=None, employer=None):
    """Stores the sample, or what is given instead, as staff would."""
    given = {
        Jobs: read_jobs() if jobs is None else jobs,
        Employers: read_all("employers", Employer) if employer is None else [employer],
        Pillars: read_all("pillars", Pillar),
        Posts: read_all("posts", Post),
        People: read_all("people", Person),
    }
    for resource, items in given.items():
        done = await world.get(resource, as_=STAFF).bulk_create(tuple(items))
        assert [one.error for one in done.results if one.error] == []


class Visitor:
    """Asks as a browser does."""

    def __init__(self, http):
        self._http = http

    async def get(self, path, **headers):
        given = {"accept": "text/html"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return await self._http.get(path, headers=given)

    async def apply_with(self, cv, external_id="be-101", called="cv.pdf", **fields):
        """As `apply`, with a CV, as a browser sends a form that has an input for files."""
        sent = {name: value for name, value in (RIGHT | fields).items() if value}
        parts = [(f'name="{name}"', value.encode()) for name, value in sent.items()]
        parts.append((f'name="cv"; filename="{called}"', cv))
        body = b"".join(
            b"--cut\r\ncontent-disposition: form-data; %s\r\n\r\n%s\r\n" % (name.encode(), value)
            for name, value in parts
        )
        return await self._http.post(
            f"/careers/apply/{external_id}",
            body + b"--cut--\r\n",
            FORM | {"accept": "text/html", "content-type": "multipart/form-data; boundary=cut"},
        )

    async def apply(self, external_id="be-101", **fields):
        sent = {name: value for name, value in (RIGHT | fields).items() if value}
        return await self._http.post(
            f"/careers/apply/{external_id}",
            urlencode(sent).encode(),
            FORM | {"accept": "text/html"},
        )


class CareersSite:
    """A world with the careers site in it."""

    def __init__(self, world):
        self.world = world
        self.url = world.host.url

    def visitor(self):
        return Visitor(self.world.http())

    async def applications(self):
        found = await self.world.get(Applications, as_=STAFF).list()
        return [
            (one.job, one.email, one.name, one.phone, one.links, one.message) for one in found.items
        ]


@asynccontextmanager
async def opened(*instead, apart=False, faults=None, **given):
    """The site over the sample; fakes take the place of the services whose contracts they serve."""
    replaced = {contract_of(service).full_name for service in instead}
    kept = [service for service in SERVICES if contract_of(service).full_name not in replaced]
    async with World(*kept, *instead, apart=apart, faults=faults) as world:
        await load(world, **given)
        yield CareersSite(world)


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
