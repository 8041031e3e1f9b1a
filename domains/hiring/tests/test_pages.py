"""The careers site as it is asked for: the list, a job, an application, feeds, and what is not there."""

import asyncio
import json
import re
from xml.etree import ElementTree

import msgspec
from hanse_hiring import api
from hanse_hiring.api import Employer, Job
from hanse_hiring.rules.applying import APPLICATIONS_MAX, MINUTES_WATCHED

from domains.hiring.tests.careers_world import STAFF, counts, read_jobs, said, titles
from hanse import Internal, Unavailable
from hanse.testing import fake

SITE_MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


async def test_the_list_shows_all_openings_newest_first(careers):
    page = await careers.visitor().get("/careers/")

    assert page.status == 200
    assert "Showing 16 of 16" in page.text
    shown = titles(page.text)
    assert len(shown) == 16
    assert shown[0] == "Backend Engineering Intern, Summer 2027"
    assert shown[-1] == "Group Manager, Commerce Backend"


async def test_the_address_alone_narrows_the_list_and_counts_ignore_their_own_facet(careers):
    page = await careers.visitor().get(
        "/careers/?team=Platform+Runtime&team=Payments&location=Tel+Aviv&utm_source=mail"
    )

    assert "Showing 3 of 16" in page.text
    assert set(titles(page.text)) == {
        "Senior Backend Engineer",
        "Backend Engineer, Events",
        "Engineering Manager, Payments",
    }
    assert counts(page.text, "team") == {
        "Commerce": 1, "Data & Storage": 0, "Developer Experience": 2, "Identity": 1, "Payments": 1, "Platform Runtime": 2, "Reliability": 0, "Search": 0,
    }  # fmt: skip
    assert sum(counts(page.text, "location").values()) == 8
    assert page.text.count(" checked") == 3
    assert "<title>Platform Runtime" not in page.text
    assert "<title>Payments, Platform Runtime, Tel Aviv: 3 openings · Kogge</title>" in page.text


async def test_each_choice_can_be_taken_away_by_a_link(careers):
    page = await careers.visitor().get("/careers/?team=Payments&location=Remote")

    links = re.findall(
        r'<li><a href="([^"]+)" data-here><span class="hidden">Take away </span>([^<]+)<', page.text
    )
    assert links == [
        ("/careers/?location=Remote#openings", "Payments"),
        ("/careers/?team=Payments#openings", "Remote"),
    ]


async def test_nothing_that_fits_is_said_with_a_way_on(careers):
    page = await careers.visitor().get("/careers/?team=Search&tag=Student")

    assert "None of 16 fits" in page.text
    assert "Nothing open fits all of that." in page.text
    assert "look at all 16" in said(page.text)


async def test_an_unknown_value_and_an_empty_one_break_nothing(careers):
    page = await careers.visitor().get("/careers/?team=%3Cscript%3E&location=")

    assert page.status == 200
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


async def test_a_browser_asks_again_and_is_told_that_nothing_changed(careers):
    visitor = careers.visitor()
    page = await visitor.get("/careers/")
    again = await visitor.get("/careers/", if_none_match=page.headers["etag"])

    assert page.headers["cache-control"] == "no-cache"
    assert again.status == 304


async def test_a_job_says_everything_to_people_and_the_same_to_search_engines(careers):
    page = await careers.visitor().get("/careers/jobs/be-102/staff-engineer-storage")

    data = json.loads(
        re.search(r'<script type="application/ld\+json">(.*?)</script>', page.text)[1]
    )
    assert data["title"] in said(page.text)
    assert data["description"] in page.text
    assert data["url"] == "http://localhost:8080/careers/jobs/be-102/staff-engineer-storage"
    assert f'<link rel="canonical" href="{data["url"]}">' in page.text
    assert data["jobLocationType"] == "TELECOMMUTE"
    shown = said(page.text)
    for country in data["applicantLocationRequirements"]:
        assert country["name"] in shown
    assert "18 November 2026" in shown
    assert "Vilnius · Remote" in shown
    assert len(titles(page.text)) == 3
    assert "Rūta" not in page.text  # who hires is nobody's business outside


async def test_only_a_job_has_job_data(careers):
    for path in ("/careers/", "/careers/apply/be-102", "/careers/posts/deleting"):
        assert "ld+json" not in (await careers.visitor().get(path)).text


async def test_a_job_has_one_address_and_its_id_finds_it(careers):
    visitor = careers.visitor()
    for path in ("/careers/jobs/be-102", "/careers/jobs/be-102/an-older-title"):
        moved = await visitor.get(path)
        assert (moved.status, moved.headers["location"]) == (
            303,
            "/careers/jobs/be-102/staff-engineer-storage",
        )
    assert (await visitor.get("/careers")).headers["location"] == "/careers/"


async def test_a_closed_job_is_gone_and_similar_ones_are_shown(open_careers):
    jobs = [
        msgspec.structs.replace(one, status="closed") if one.external_id == "be-103" else one
        for one in read_jobs()
    ]
    async with open_careers(jobs=jobs) as careers:
        visitor = careers.visitor()
        gone = [
            await visitor.get(path) for path in ("/careers/jobs/be-103/x", "/careers/apply/be-103")
        ]
        front = await visitor.get("/careers/")
        feed = await visitor.get("/careers/feed.xml")

    for page in gone:
        assert page.status == 410
        assert "This position is no longer open" in page.text
        assert titles(page.text)[0] == "Engineering Manager, Payments"
        assert "noindex" in page.text
    assert "Showing 15 of 15" in front.text
    assert "be-103" not in feed.text


async def test_what_was_never_public_is_not_there(open_careers):
    draft = Job(
        external_id="secret-1", title="Secret", team="Payments", locations=("Kyiv",), status="draft"
    )
    async with open_careers(jobs=[draft]) as careers:
        visitor = careers.visitor()
        paths = (
            "/careers/jobs/secret-1",
            "/careers/jobs/none",
            "/careers/apply/none",
            "/careers/posts/none",
            "/careers/jobs/%3Cb%3E",
            "/careers/applied/none",
        )
        pages = [await visitor.get(path) for path in paths]
        front = await visitor.get("/careers/")

    assert [page.status for page in pages] == [404] * 6
    assert all("All openings" in page.text and "Secret" not in page.text for page in pages)
    assert "There is nothing open just now." in front.text


async def test_what_stands_around_the_list_is_what_staff_wrote_last(careers):
    visitor, staff = careers.visitor(), careers.world.http(STAFF)
    edits = {
        "employers": {"about": "We ship **boats**."},
        "pillars": {"title": "Calm seas"},
        "posts": {"title": "How we learned to row"},
        "people": {"quote": "I was trusted with the helm."},
    }
    now = ("<strong>boats</strong>", "Calm seas", "learned to row", "trusted with the helm")
    before = (await visitor.get("/careers/")).text

    for kind, changes in edits.items():
        (first, *_) = (await staff.get(f"/hiring/v1/{kind}")).json["items"]
        asked = f"/hiring/v1/{kind}/{first['id']}"
        assert (await careers.world.http().request("PATCH", asked, changes)).status in {401, 403}
        assert (await staff.request("PATCH", asked, changes)).status == 200

    after = (await visitor.get("/careers/")).text
    assert [(one in before, one in after) for one in now] == [(False, True)] * 4


async def test_a_post_is_read_on_its_own_page(careers):
    page = await careers.visitor().get("/careers/posts/quiet-pager")

    assert "<h1>How our pager went quiet</h1>" in page.text
    assert "<ol>\n<li>What would you like me to do?</li>" in page.text


async def test_the_feed_and_the_site_map_name_what_the_list_shows(careers):
    visitor = careers.visitor()
    feed, site_map = (
        await visitor.get("/careers/feed.xml"),
        await visitor.get("/careers/sitemap.xml"),
    )
    front = await visitor.get("/careers/")

    assert feed.headers["content-type"] == "application/rss+xml; charset=utf-8"
    links = [one.text for one in ElementTree.fromstring(feed.text).findall("./channel/item/link")]
    pages = [one.text for one in ElementTree.fromstring(site_map.text).iter(SITE_MAP)]
    listed = {
        f"http://localhost:8080{path}"
        for path in re.findall(r'<h3><a href="(/careers/jobs/[^"]+)"', front.text)
    }
    assert len(links) == 16
    assert set(links) == listed
    assert len(pages) == 1 + 16 + 3
    assert listed < set(pages)


async def test_without_an_address_there_is_no_feed_and_the_pages_stay(open_careers):
    async with open_careers(employer=Employer(external_id="employer", name="New")) as careers:
        visitor = careers.visitor()
        feed = await visitor.get("/careers/feed.xml")
        front = await visitor.get("/careers/")

    assert feed.status == 404
    assert "Work at New" in front.text
    assert "canonical" not in front.text


async def test_an_application_arrives_and_thanks_come_by_a_page_of_their_own(careers):
    visitor = careers.visitor()
    sent = await visitor.apply(
        phone="+370 600 00000", links="ada.example\n", message="I built a loom."
    )
    thanks = await visitor.get(sent.headers["location"])

    assert sent.status == 303
    assert "Thank you" in thanks.text
    assert "Senior Backend Engineer" in thanks.text
    assert await careers.applications() == [
        (
            "be-101",
            "ada@example.com",
            "Ada Lovelace",
            "+370 600 00000",
            ("https://ada.example",),
            "I built a loom.",
        )
    ]


async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(careers):
    page = await careers.visitor().apply(email="nowhere", consent="", message='"><b>bold</b>')

    assert page.status == 422
    assert await careers.applications() == []
    assert "An e-mail address looks like name@example.com." in page.text
    assert 'value="Ada Lovelace"' in page.text
    assert "&gt;&lt;b&gt;bold&lt;/b&gt;</textarea>" in page.text
    assert "<title>Please look again: " in page.text


async def test_a_program_that_fills_in_everything_is_told_what_it_wants_to_hear(careers):
    sent = await careers.visitor().apply(website="https://spam.example")

    assert sent.status == 303
    assert await careers.applications() == []


def key_in(page):
    return re.search(r'name="idempotency_key" value="([^"]+)"', page.text)[1]


async def test_who_clicks_twice_applies_once_and_is_thanked_twice(careers):
    visitor = careers.visitor()
    key = key_in(await visitor.get("/careers/apply/be-101"))
    sent = await asyncio.gather(*(visitor.apply(idempotency_key=key) for _ in range(3)))
    with_cv = key_in(await visitor.get("/careers/apply/be-102"))
    again = await asyncio.gather(
        *(
            visitor.apply_with(b"%PDF-1.7 a life", "be-102", idempotency_key=with_cv)
            for _ in range(2)
        )
    )

    assert {one.status for one in (*sent, *again)} == {303}
    assert len({one.headers["location"] for one in sent}) == 1
    assert sorted(one[0] for one in await careers.applications()) == ["be-101", "be-102"]


async def test_what_is_corrected_is_sent_although_it_is_of_the_same_page(careers):
    visitor = careers.visitor()
    key = key_in(await visitor.get("/careers/apply/be-101"))
    page = await visitor.apply(email="nowhere", idempotency_key=key)
    went_back = await visitor.apply(idempotency_key=key)

    assert (page.status, went_back.status) == (422, 303)
    assert key_in(page) != key
    assert len(await careers.applications()) == 1


async def test_a_second_application_and_a_flood_are_answered_kindly(careers):
    visitor = careers.visitor()
    await visitor.apply()
    twice = await visitor.apply(email="ADA@example.com")
    for number in range(APPLICATIONS_MAX - 1):
        await visitor.apply(email=f"a{number}@example.com")
    flood = await visitor.apply(email="late@example.com")
    elsewhere = await visitor.apply("be-102", email="late@example.com")
    careers.world.clock.advance(MINUTES_WATCHED * 60)
    later = await visitor.apply(email="late@example.com")

    assert (twice.status, flood.status, elsewhere.status, later.status) == (409, 429, 303, 303)
    assert "Your application is here already" in twice.text
    assert "in 10 minutes" in flood.text


async def test_a_page_of_another_site_cannot_apply(careers):
    answer = await careers.world.http().post(
        "/careers/apply/be-101", b"name=A&email=a%40b.cd&consent=on",
        {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site"},
    )  # fmt: skip

    assert answer.status == 403
    assert await careers.applications() == []


async def test_trouble_behind_the_pages_is_a_page_with_nothing_of_it(open_careers):
    trouble = [Internal("secret"), Unavailable("host-7 is down")]

    def fails(**_):
        raise trouble[-1]

    async with open_careers(
        fake(api.Hiring, find_openings=lambda team, location, tag: fails())
    ) as careers:
        visitor = careers.visitor()
        away = await visitor.get("/careers/")
        trouble.pop()
        fault = await visitor.get("/careers/")

    assert (away.status, fault.status) == (503, 500)
    assert "host-7" not in away.text + fault.text
    assert "secret" not in fault.text


async def test_files_are_kept_for_good_by_what_is_in_them(careers):
    visitor = careers.visitor()
    address = re.search(
        r'href="(/careers/static/careers\.css\?v=[0-9a-f]+)"', (await visitor.get("/careers/")).text
    )[1]
    kept, stale, none = [
        await visitor.get(path)
        for path in (address, "/careers/static/careers.css?v=old", "/careers/static/none.css")
    ]

    assert kept.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in kept.headers["cache-control"]
    assert (stale.text, stale.headers["cache-control"]) == (kept.text, "no-cache")
    assert none.status == 404
