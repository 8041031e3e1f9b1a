"""Jobs as staff keep them by the API: dates follow the status, however it changes, and who may what."""

from datetime import timedelta

import pytest
from hanse_hiring.api import IllegalStatus, Job
from hanse_hiring.service import Applications, Employers, Hiring, Jobs, Stories

from domains.hiring.tests.careers_world import STAFF, opened
from hanse import Duplicate, PermissionDenied, Principal, RevisionConflict, Unauthenticated
from hanse.testing import World

PATH = "/hiring/v1/jobs"


def job(external_id="be-1", **fields):
    return Job(
        **(
            {
                "external_id": external_id,
                "title": "Engineer",
                "team": "Payments",
                "locations": ("Kyiv",),
            }
            | fields
        )
    )


@pytest.fixture
async def world(apart):
    async with World(Jobs, Hiring, principal=STAFF, apart=apart) as one:
        yield one


async def test_a_job_is_published_once_and_closed_when_it_is(world):
    jobs, began = world.get(Jobs), world.clock.now()
    draft = await jobs.create(job())
    world.clock.advance(60)
    opened = await jobs.update(draft.id, {"status": "open"})
    world.clock.advance(60)
    closed = await jobs.update(draft.id, {"status": "closed", "title": "Senior engineer"})
    again = await jobs.update(draft.id, {"status": "open"})

    assert (draft.published, draft.closed) == (None, None)
    assert opened.published == began + timedelta(seconds=60)
    assert (closed.published, closed.closed, closed.title) == (
        opened.published,
        began + timedelta(seconds=120),
        "Senior engineer",
    )
    assert (again.published, again.closed) == (opened.published, None)


async def test_by_http_it_is_the_same(world):
    http = world.http()
    made = (
        await http.post(
            PATH,
            {
                "external_id": "be-1",
                "title": "Engineer",
                "team": "Payments",
                "locations": ["Kyiv"],
                "status": "open",
            },
        )
    ).json
    closed = await http.request("PATCH", f"{PATH}/{made['id']}", {"status": "closed"})
    draft = await http.request("PATCH", f"{PATH}/{made['id']}", {"status": "draft"})
    whole = await http.request(
        "PUT", f"{PATH}/{made['id']}", {**made, "revision": 0, "status": "draft"}
    )

    assert made["published"] == "2026-01-01T09:00:00Z"
    assert closed.json["closed"] == "2026-01-01T09:00:00Z"
    for refused in (draft, whole):
        assert (refused.status, refused.json["code"], refused.json["fields"]["before"]) == (
            400,
            "illegal_status",
            "closed",
        )


async def test_what_has_nothing_to_do_with_the_status_leaves_the_dates_alone(world):
    jobs = world.get(Jobs)
    made = await jobs.create(job(status="open"))
    world.clock.advance(60)
    named = await jobs.update(
        made.id, {"title": "Other", "status": "closed"}, update_mask=("title",)
    )

    assert (named.title, named.status, named.published, named.closed) == (
        "Other",
        "open",
        made.published,
        None,
    )


async def test_many_at_once_are_each_by_themselves(world):
    jobs = world.get(Jobs)
    made = [
        one.item
        for one in (
            await jobs.bulk_create((job("a", status="open"), job("b"), job("c", status="open")))
        ).results
    ]
    done = (await jobs.bulk_update(({"id": made[0].id, "status": "closed"}, {"id": made[1].id, "title": "New title"}, {"id": made[2].id, "status": "draft"},
                                    {"id": made[1].id, "revision": 9, "status": "open"}))).results  # fmt: skip

    assert [one.error.code if one.error else "" for one in done] == [
        "",
        "",
        "illegal_status",
        "revision_conflict",
    ]
    assert done[0].item.closed == world.clock.now()
    assert done[1].item.title == "New title"


async def test_a_job_that_two_change_at_once_is_changed_by_one(world):
    jobs = world.get(Jobs)
    made = await jobs.create(job())
    await jobs.update(made.id, {"status": "open"}, revision=made.revision)
    with pytest.raises(RevisionConflict):
        await jobs.update(made.id, {"status": "closed"}, revision=made.revision)
    with pytest.raises(IllegalStatus):
        await jobs.update(made.id, {"status": "draft"})


async def test_an_external_id_is_of_one_job_on_a_site_and_another_site_has_its_own(world):
    await world.get(Jobs).create(job(status="open"))
    with pytest.raises(Duplicate):
        await world.get(Jobs).create(job())
    other = await world.get(Jobs, as_=STAFF, site="other").create(
        job(title="Elsewhere", status="open")
    )

    assert other.title == "Elsewhere"
    for site, title in (("", "Engineer"), ("other", "Elsewhere")):
        board = await world.get(Hiring, as_=STAFF, site=site or "default").find_openings()
        assert [one.title for one in board.openings] == [title]


async def test_the_public_sees_openings_and_neither_jobs_nor_who_applied():
    async with opened() as careers:
        http = careers.world.http()
        openings = await http.get("/hiring/v1/openings?team=Payments&location=Remote")
        one = await http.get("/hiring/v1/openings/be-102")
        story = await http.get("/hiring/v1/employers")
        hidden = [await http.get(path) for path in (PATH, "/hiring/v1/applications")]
        written = await http.post("/hiring/v1/employers", {"external_id": "evil", "name": "Evil"})
        eve = careers.world.get(
            Applications, as_=Principal("staff", "eve", frozenset({"hiring.jobs.write"}))
        )
        with pytest.raises(PermissionDenied):
            await eve.list()
        with pytest.raises(Unauthenticated):
            await careers.world.get(Employers, as_=Principal("visitor", "")).create(None)

    assert [each["title"] for each in openings.json["openings"]] == ["Backend Engineer, Payments"]
    assert "hiring_manager" not in openings.text + one.text
    assert story.status == 200
    assert [answer.status for answer in (*hidden, written)] == [401, 401, 401]


async def test_a_site_that_said_nothing_yet_has_a_page_all_the_same():
    from hanse_hiring.pages.careers import Careers
    from hanse_hiring.service import Stories as Told

    async with World(Careers, Hiring, Told, Jobs) as world:
        page = await world.http().get("/careers/", {"accept": "text/html"})
        story = await world.get(Stories).get_story()

    assert page.status == 200
    assert "There is nothing open just now." in page.text
    assert story.employer.name == "Careers"
