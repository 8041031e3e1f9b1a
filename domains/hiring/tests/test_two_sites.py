"""Two employers in one fleet: each shows what is its own on all of its routes, and nothing of the other on any."""

from urllib.parse import urlencode

import msgspec
import pytest
from hanse_hiring.api import Employer, Person, Pillar, Post

from domains.hiring.tests.careers_world import FORM, RIGHT, SERVICES, read_all, read_jobs
from hanse import Principal
from hanse.runtime.tests.every_route import EveryRoute, Given
from hanse.testing import World

OWNER, STRANGER = "mark-owner", "stranger"
RIGHTS = "jobs.read jobs.write story.write applications.read applications.write"
GIL = Principal("staff", "gil", frozenset(f"hiring.{one}" for one in RIGHTS.split()))
RESOURCES = {
    "Jobs": ("jobs", "title"), "Employers": ("employers", "name"), "Pillars": ("pillars", "title"),
    "Posts": ("posts", "title"), "People": ("people", "name"), "Applications": ("applications", "name"),
}  # fmt: skip
RIGHTLY = {name: RIGHT[name] for name in ("name", "email")}
PDF = b"%%PDF-1.7 %s\n"


def items(mark):
    """One of each, as an import would bring it, with a mark where it is shown."""
    made = {
        "Jobs": read_jobs()[0], "Employers": read_all("employers", Employer)[0],
        "Pillars": read_all("pillars", Pillar)[0], "Posts": read_all("posts", Post)[0],
        "People": read_all("people", Person)[0],
    }  # fmt: skip
    for service, one in made.items():
        plain = msgspec.to_builtins(one)
        for name in ("id", "revision", "create_time", "update_time"):
            plain.pop(name, None)
        plain[RESOURCES[service][1]] = f"{mark} {service}"
        if "external_id" in plain:
            plain["external_id"] = mark.replace("mark", "m")
        yield service, plain


async def told(world, site, mark):
    """Fills a site as an import and an applicant would; arguments for each service, and a file."""
    http, values = world.http(GIL, site=site), {}
    made = dict(items(mark))
    kind = {
        "content-type": "application/pdf",
        "content-disposition": 'attachment; filename="cv.pdf"',
    }
    sent = await http.post("/hiring/v1/applications:upload", PDF % mark.encode(), kind)
    made["Applications"] = {
        "job": made["Jobs"]["external_id"], "name": f"{mark} Applications", "email": "ada@example.com",
        "cv": sent.json, "consent": "2026-01-01T09:00:00Z",
    }  # fmt: skip
    for service, one in made.items():
        path, name = RESOURCES[service]
        answer = await http.post(f"/hiring/v1/{path}", one)
        assert answer.status == 200, answer.text
        at, written = answer.json["id"], one | {name: "theirs"}
        known = {
            "id": at, "ids": [at], "fields": [name], "filter": {"id": at}, "item": written,
            "items": [written | {"id": at}], "file": b"theirs", "field": "cv",
        }  # fmt: skip
        values |= {f"{service}.{argument}": value for argument, value in known.items()}
    link = await http.get(f"/hiring/v1/applications/{at}:url?field=cv")
    return values, link.json.rpartition("/files/")[2]


@pytest.fixture
async def world():
    async with World(*SERVICES) as world:
        yield world


async def test_each_reads_what_is_its_own_on_all_routes_and_of_the_other_nothing(world):
    values, link = await told(world, OWNER, OWNER)
    await told(world, STRANGER, "theirs")
    job = "m-owner"
    values |= {
        "Hiring.external_id": job, "Hiring.candidate": RIGHTLY,
        "Stories.external_id": job,
        "page.external_id": job, "page.words": "mark-owner-jobs", "page.name": "careers.css",
    }  # fmt: skip
    form = urlencode(RIGHT).encode(), FORM | {"accept": "text/html"}
    silent = {
        "GET /careers": "sends to the page with the openings",
        "GET /careers/static/{name}": "looks the same for all",
    }
    given = Given(OWNER, values, {"/careers/apply/{external_id}": form}, link, silent, STRANGER)
    owner, stranger = (world.http(GIL, site=site) for site in (OWNER, STRANGER))

    shown = await EveryRoute(world, given).ask_both(owner, stranger)

    assert shown >= 70, "routes that read are not known as such any more"
