"""Who applies is thanked, and who hires is told; both once, and of nobody who was erased."""

from collections import Counter
from datetime import timedelta

import pytest
from hanse_hiring.api import Candidate, Employer, Job
from hanse_hiring.rules.receipts import RECEIPTS_AN_HOUR
from hanse_hiring.service import Correspondence, Employers, Hiring, Jobs

from domains.hiring.tests.careers_world import STAFF
from domains.hiring.tests.test_forgetting import Desk
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.testing import World, mailed

ADA = Candidate(name="Ada Lovelace", email="ada@example.com")
ADDRESS = "https://careers.example.com"


@pytest.fixture
async def world():
    services = (Correspondence, Hiring, Jobs, Employers, Desk)
    settings = {"correspondence": {"recruiter": "all@example.com"}}
    async with World(*services, principal=STAFF, settings=settings) as world:
        yield world


async def opened(world, external_id="be-1", **said):
    job = Job(
        external_id=external_id, title="Engineer", team="Pay", locations=("Kyiv",), status="open",
        **said,
    )  # fmt: skip
    made = await world.get(Jobs).bulk_create((job,))
    assert [one.error for one in made.results] == [None]


async def letters(world):
    await world.settled()
    return {one.to: one for one in await mailed(world)}


async def test_an_application_sends_a_receipt_and_tells_the_recruiter(world):
    await world.get(Employers).bulk_create(
        (Employer(external_id="employer", name="Kogge", address=ADDRESS),)
    )
    await opened(world)
    await world.get(Hiring).apply("be-1", ADA)

    found = await letters(world)

    assert set(found) == {"ada@example.com", "all@example.com"}
    receipt, note = found["ada@example.com"], found["all@example.com"]
    assert receipt.subject == "We have your application: Engineer"
    assert f"{ADDRESS}/careers/jobs/be-1/engineer" in receipt.text
    assert "Dear Ada Lovelace," in receipt.html
    assert "at Kogge" in receipt.text
    assert note.subject == "Engineer: Ada Lovelace applied"
    assert note.reply_to == "ada@example.com"
    assert f"{ADDRESS}/hiring/v1/applications/application_" in note.text
    assert "CV" not in note.text


async def test_a_receipt_repeats_no_more_of_a_stranger_than_a_name(world):
    await opened(world)
    stranger = Candidate(name="Win at https://evil.example", email="victim@example.com")
    await world.get(Hiring).apply("be-1", stranger)
    receipt = (await letters(world))["victim@example.com"]
    assert receipt.text.startswith("Hello,\n")
    assert receipt.name == ""
    assert "evil" not in receipt.text + receipt.html + receipt.subject


async def test_an_address_gets_three_receipts_a_day_and_its_applications_are_all_there(world):
    for number in range(5):
        await opened(world, external_id=f"be-{number}")
        await world.get(Hiring).apply(f"be-{number}", ADA)
        world.clock.advance(60)
    world.clock.advance(timedelta(days=1))
    await opened(world, external_id="be-5")
    await world.get(Hiring).apply("be-5", ADA)
    await world.settled()

    to = Counter(one.to for one in await mailed(world))

    assert to == {"ada@example.com": 4, "all@example.com": 6}


@pytest.mark.long
async def test_a_site_writes_so_many_receipts_an_hour_and_no_more(world):
    for number in range(RECEIPTS_AN_HOUR + 2):
        if number % 30 == 0:
            await opened(world, external_id=f"be-{number // 30}")
        candidate = Candidate(name="Ada", email=f"v{number}@example.com")
        await world.get(Hiring).apply(f"be-{number // 30}", candidate)
        world.clock.advance(1)
    await world.settled()
    receipts = [one.to for one in await mailed(world) if one.to != "all@example.com"]
    assert sorted(receipts) == sorted(
        f"v{number}@example.com" for number in range(RECEIPTS_AN_HOUR)
    )


async def test_a_job_may_name_its_own_recruiter_whom_the_public_does_not_see(world):
    await opened(world, recruiter="ruth@example.com")
    await world.get(Hiring).apply("be-1", ADA)
    assert set(await letters(world)) == {"ada@example.com", "ruth@example.com"}
    shown = await world.http().get("/hiring/v1/openings/be-1")
    assert (shown.status, "ruth" in shown.text) == (200, False)


async def test_who_cannot_be_written_to_is_told_of_all_the_same(world):
    await opened(world)
    await world.get(Hiring).apply("be-1", Candidate(name="Bob", email="bob at home"))
    found = await letters(world)
    assert [(one.to, one.reply_to) for one in found.values()] == [("all@example.com", "")]


async def test_who_hires_and_cannot_be_written_to_takes_no_receipt_from_who_applied(world):
    """What the rule of a job lets through may be no address of a letter."""
    await opened(world, recruiter="ruth@-home")
    await world.get(Hiring).apply("be-1", ADA)
    assert set(await letters(world)) == {"ada@example.com"}


async def test_a_recruiter_who_cannot_be_written_to_is_told_when_the_service_starts():
    settings = {"correspondence": {"recruiter": "all at home"}}
    with pytest.raises(ConfigurationError, match="correspondence: recruiter"):
        async with World(Correspondence, settings=settings):
            pass


async def test_letters_about_an_applicant_go_with_them(world):
    await opened(world)
    await world.get(Hiring).apply("be-1", ADA)
    await world.get(Hiring).apply("be-1", Candidate(name="Bob", email="bob@example.com"))
    await world.settled()
    await world.get(Desk).forget("ada@example.com")
    left = [(one.to, one.subject) for one in await mailed(world)]
    assert sorted(left) == [
        ("all@example.com", "Engineer: Bob applied"),
        ("bob@example.com", "We have your application: Engineer"),
    ]


async def test_of_who_was_erased_before_it_was_written_nothing_is_written(world):
    await opened(world)
    async with world.database.transaction():
        pass
    await world.get(Hiring).apply("be-1", ADA)
    await world.get(Desk).forget("ada@example.com")
    await world.settled()
    assert await mailed(world) == []
