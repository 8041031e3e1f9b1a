"""JobPosting: what search engines are told is true, complete, and stays inside its element."""

import json
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import get_args

import pytest
from hanse_hiring.api import Employer, Office, Opening, Tag, Vacancy
from hanse_hiring.rules.posting import EMPLOYMENT, posting, script
from hypothesis import given
from hypothesis import strategies as st

EMPLOYER = Employer(
    external_id="employer", name="Kogge", address="https://x.example", home="https://kogge.example",
    offices=(Office(name="Kyiv", country="Ukraine", street="1 Quay", postal_code="01001"), Office(name="Lübeck", country="Germany")),
)  # fmt: skip


def vacancy(
    locations=("Kyiv",),
    tags=("Full time",),
    countries=(),
    apply_by=None,
    description="Do **things**.",
):
    shown = Opening(
        "be-1",
        "Engineer",
        "Payments",
        locations,
        tags,
        "Short.",
        datetime(2026, 11, 2, 23, 30, tzinfo=UTC),
    )
    return Vacancy(shown, description, countries, apply_by, ())


def test_an_office_job_has_a_place_a_date_and_an_organisation():
    said = posting(vacancy(apply_by=date(2026, 12, 31)), EMPLOYER, "/careers/jobs/be-1/engineer")

    assert said["@type"] == "JobPosting"
    assert said["datePosted"] == "2026-11-02"
    assert said["validThrough"] == "2026-12-31T23:59:59Z"
    assert said["description"] == "<p>Do <strong>things</strong>.</p>\n"
    assert said["hiringOrganization"] == {
        "@type": "Organization",
        "name": "Kogge",
        "sameAs": "https://kogge.example",
    }
    assert said["url"] == "https://x.example/careers/jobs/be-1/engineer"
    (place,) = said["jobLocation"]
    assert place["address"] == {
        "@type": "PostalAddress", "addressLocality": "Kyiv", "addressCountry": "Ukraine", "streetAddress": "1 Quay", "postalCode": "01001",
    }  # fmt: skip
    assert "jobLocationType" not in said


def test_a_remote_job_says_from_where_also_if_it_has_to_ask_the_offices():
    said = posting(vacancy(("Remote",), countries=("Poland",)), EMPLOYER, "")
    unsaid = posting(vacancy(("Remote", "Lübeck")), EMPLOYER, "")

    assert said["jobLocationType"] == "TELECOMMUTE"
    assert "jobLocation" not in said
    assert [one["name"] for one in said["applicantLocationRequirements"]] == ["Poland"]
    assert [one["name"] for one in unsaid["applicantLocationRequirements"]] == [
        "Ukraine",
        "Germany",
    ]
    assert len(unsaid["jobLocation"]) == 1


@pytest.mark.parametrize(
    ("tags", "kinds"),
    [
        (("Full time",), ["FULL_TIME"]), (("Temp",), ["TEMPORARY"]), (("Intern", "Student", "Program"), ["INTERN"]),
        (("Full time", "People manager"), ["FULL_TIME"]), (("Entry-level",), None), ((), None),
    ],
)  # fmt: skip
def test_tags_are_mapped_one_by_one_and_what_is_no_contract_is_left_out(tags, kinds):
    assert posting(vacancy(tags=tags), EMPLOYER, "").get("employmentType") == kinds


def test_no_tag_is_forgotten():
    assert set(EMPLOYMENT) == set(get_args(Tag))


@given(
    st.text()
    | st.sampled_from(
        ["</script><script>alert(1)</script>", "<!--<script>", "]]>", "&lt;/script&gt;", "\u2028"]
    )
)
def test_no_text_ends_the_element_or_changes_on_the_way(text):
    said = {"title": text}
    scripts = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            scripts.append(tag)

        def handle_data(self, data):
            scripts.append(data)

    reader = Reader()
    reader.feed(f'<script type="application/ld+json">{script(said)}</script>')
    reader.close()
    assert scripts[0] == "script"
    assert "script" not in scripts[1:]
    assert json.loads("".join(scripts[1:])) == said
