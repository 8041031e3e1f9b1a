"""Statuses, addresses, feeds and the form: what they decide without asking anybody."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import pytest
from hanse_hiring.api import Employer, IllegalStatus, Job, Opening, PostLine
from hanse_hiring.events import JobClosed, JobPublished
from hanse_hiring.rules import applying, feeds, slugs
from hanse_hiring.rules.receipts import greeted
from hanse_hiring.rules.status import changed, dated
from hanse_hiring.rules.telling import told
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
EARLIER = NOW - timedelta(days=30)
EMPLOYER = Employer(external_id="employer", name="K & K", address="https://x.example")
RIGHT = {"name": "Ada", "email": "ada@example.com"}


def job(status, **fields):
    return Job(
        external_id="be-1",
        title="Engineer",
        team="Payments",
        locations=("Kyiv",),
        status=status,
        **fields,
    )


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("draft", job("draft"), None),
        ("draft", job("open", published=NOW), JobPublished),
        ("closed", job("open", published=EARLIER), JobPublished),
        ("open", job("open", published=EARLIER), None),
        ("open", job("closed", published=EARLIER, closed=NOW), JobClosed),
        ("draft", job("closed", closed=NOW), None),
    ],
)
def test_others_are_told_what_begins_and_ends_for_the_public(before, after, kind):
    fact = told(before, after)
    assert type(fact) is (kind or type(None))
    assert fact is None or fact.external_id == "be-1"


def opening(**fields):
    said = {
        "external_id": "be-1",
        "title": "Engineer",
        "team": "Payments",
        "locations": ("Kyiv",),
        "tags": ("Full time",),
        "summary": "",
    }
    return Opening(**(said | fields), published=EARLIER)


@pytest.mark.parametrize(
    ("new", "published", "closed"),
    [
        (job("draft"), None, None), (job("draft", published=EARLIER), None, None), (job("open"), NOW, None),
        (job("open", published=EARLIER), EARLIER, None), (job("closed"), None, NOW), (job("closed", published=EARLIER, closed=EARLIER), EARLIER, EARLIER),
    ],
)  # fmt: skip
def test_a_new_job_gets_the_dates_of_its_status_and_keeps_those_it_brings(new, published, closed):
    made = dated(new, NOW)

    assert (made.status, made.published, made.closed) == (new.status, published, closed)


@pytest.mark.parametrize(
    ("before", "status", "dates"),
    [
        (job("draft"), "open", {"published": NOW}),
        (job("draft"), "draft", {}),
        (job("draft"), "closed", {"closed": NOW}),
        (job("open", published=EARLIER), "open", {}),
        (job("open", published=EARLIER), "closed", {"closed": NOW}),
        (job("closed", published=EARLIER, closed=EARLIER), "closed", {}),
        (job("closed", published=EARLIER, closed=EARLIER), "open", {"closed": None}),
    ],
)  # fmt: skip
def test_a_status_brings_its_dates(before, status, dates):
    assert changed(before, status, NOW) == dates


@pytest.mark.parametrize("before", ["open", "closed"])
def test_what_was_public_is_no_draft_again(before):
    with pytest.raises(IllegalStatus) as caught:
        changed(job(before), "draft", NOW)
    assert (caught.value.before, caught.value.after) == (before, "draft")


@pytest.mark.parametrize(
    ("title", "made"),
    [("Senior Backend Engineer", "senior-backend-engineer"), ("Größe & Maß: C++", "groe-ma-c"), ("Инженер", "job"), ("a" * 80, "a" * 60),
     ("Kraków!", "krakow")],
)  # fmt: skip
def test_an_address_is_readable(title, made):
    assert slugs.slug(title) == made


@given(st.text(max_size=120))
def test_every_title_makes_an_address_that_is_one_segment(title):
    made = slugs.slug(title)
    assert made.isascii()
    assert made.strip("-") == made != ""
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_feed_has_each_opening_with_a_lasting_id_and_its_date():
    root = ElementTree.fromstring(
        feeds.feed(
            EMPLOYER, [opening(), opening(external_id="be-2", title="<b>&\x00\ufffe", summary="x")]
        )
    )
    first, second = root.findall("./channel/item")

    assert root.attrib["version"] == "2.0"
    assert root.findtext("./channel/title") == "Jobs at K & K"
    assert first.findtext("link") == "https://x.example/careers/jobs/be-1/engineer"
    assert first.findtext("guid") == "https://x.example/careers/be-1"
    assert parsedate_to_datetime(first.findtext("pubDate")) == EARLIER
    assert first.findtext("description")
    assert second.findtext("title") == "<b>&, Payments (Kyiv)"


def test_a_site_map_names_every_page_that_there_is():
    post = PostLine("a-post", "A post", "Ada", EARLIER.date(), "Short.")
    root = ElementTree.fromstring(feeds.site_map(EMPLOYER, [opening()], [post]))
    space = {"s": feeds.SITE_MAP_SPACE}

    assert root.tag == f"{{{feeds.SITE_MAP_SPACE}}}urlset"
    assert [one.text for one in root.findall("s:url/s:loc", space)] == [
        "https://x.example/careers/", "https://x.example/careers/jobs/be-1/engineer", "https://x.example/careers/posts/a-post",
    ]  # fmt: skip
    assert [one.text for one in root.findall("s:url/s:lastmod", space)] == ["2026-10-29"] * 3


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({}, {}),
        ({"name": "  "}, {"name"}),
        ({"email": ""}, {"email"}),
        ({"email": "ada@example"}, {"email"}),
        ({"email": "a@b.c, d@e.f"}, {"email"}),
        ({"name": "x" * 121}, {"name"}),
        ({"phone": "+370 (600) 000-00"}, {}),
        ({"phone": "call me"}, {"phone"}),
        ({"links": "github.example/ada\n\nhttps://ada.example"}, {}),
        ({"links": "javascript:alert(1)"}, {"links"}),
        ({"links": "\n".join(["https://a.example"] * 6)}, {"links"}),
        ({"message": "x" * 4_000}, {}),
        ({"message": "x" * 4_001}, {"message"}),
        ({"consent": False}, {"consent"}),
    ],
)  # fmt: skip
def test_what_was_typed_is_held_against_the_rules_of_its_field(typed, wrong):
    consent = typed.pop("consent", True)

    assert set(applying.mistakes(applying.clean(RIGHT | typed), consent=consent)) == set(wrong)


def test_spaces_capitals_and_schemes_are_put_right():
    cleaned = applying.clean(
        {
            "name": " Ada ",
            "email": " Ada@Example.COM ",
            "links": "ada.example/x\n http://b.example ",
        }
    )

    assert (cleaned["name"], cleaned["email"]) == ("Ada", "ada@example.com")
    assert applying.links(cleaned["links"]) == ("https://ada.example/x", "http://b.example")


@given(st.fixed_dictionaries({name: st.text(max_size=40) for name in applying.FIELDS}))
def test_what_passes_the_form_passes_the_contract(typed):
    cleaned = applying.clean(typed)
    if not applying.mistakes(cleaned, consent=True):
        assert 1 <= len(cleaned["name"]) <= 120
        assert 3 <= len(cleaned["email"]) <= 254
        assert all(1 <= len(one) <= 200 for one in applying.links(cleaned["links"]))


@pytest.mark.parametrize(
    "name", ["Ada Lovelace", "J. R. R. Tolkien", "Jean-Luc O'Neill", "李小龍", "Zoë  Ågren", "सीता"]
)
def test_a_plain_name_is_repeated_in_a_letter(name):
    assert greeted(name) == " ".join(name.split())


@pytest.mark.parametrize(
    "name",
    [
        "https://evil.example", "Go to evil.example", "evil。example/x", "<b>Ada</b>", "Ada\u202e", "A\u200bda",
        "Call 0800", "a b c d e f", "x" * 61, "Ada: read this", "ada@example.com", "\ufeffAda", " ",
    ],
)  # fmt: skip
def test_what_could_be_a_link_or_a_text_is_no_name_to_be_repeated(name):
    assert greeted(name) == ""
