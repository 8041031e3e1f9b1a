"""A letter goes over SMTP until the server has it, or refuses it for good."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from hanse import People, Secret, Unavailable
from hanse.kit.clock import wait_set
from hanse.mail import LetterRefused, MailConfig
from hanse.runtime.identity.principal import VISITOR
from hanse.runtime.mail.postman import Postman
from hanse.runtime.mail.tests.office import Office
from hanse.runtime.mail.tests.post_office import SENDER, PostOffice
from hanse.runtime.server.tests.wire import PATIENCE
from hanse.runtime.workflows.workflows import Workflows
from hanse.testing import World


class Desk:
    """A world whose letters are sent, and how it stands with one."""

    def __init__(self, world):
        self.world = world
        self.office = world.get(Office)
        runners = list(world.host.background)
        [self.workflows] = [one for one in runners if isinstance(one, Workflows)]

    async def result(self, letter):
        async with asyncio.timeout(PATIENCE):
            return await self.workflows.result(Postman.deliver, letter)

    async def standing(self, letter):
        return (await self.workflows.get(Postman.deliver, letter)).state

    async def until(self, letter, *states):
        """Looks until its workflow is in one of these states."""
        async with asyncio.timeout(PATIENCE):
            while await self.standing(letter) not in states:
                await self.world.catch_up()
                await wait_set(asyncio.Event(), 0.005)

    async def standings(self, letters):
        return Counter([await self.standing(one) for one in letters])

    async def until_waiting(self, letters, count):
        """Looks until so many of them rest, while others may be under way."""
        async with asyncio.timeout(PATIENCE):
            while (await self.standings(letters))["waiting"] < count:
                await wait_set(asyncio.Event(), 0.005)

    async def later(self, **spent):
        self.world.clock.advance(timedelta(**spent))
        await self.world.catch_up()


@asynccontextmanager
async def desk(office, **changes):
    async with World(Office, provided={MailConfig: office.config(**changes)}) as world:
        yield Desk(world)


async def test_what_is_sent_is_what_was_written(office):
    async with desk(office) as sending:
        letter = await sending.office.receive("Ada", job="Smith", reply_to="ruth@example.org")
        assert await sending.result(letter) == "sent"
    [came] = office.came
    assert came.envelope == (SENDER, "ada@example.org")
    assert came["From"] == "Kogge Jobs <careers@example.org>"
    assert (came["To"], came["Reply-To"]) == ("Ada <ada@example.org>", "ruth@example.org")
    assert came["Message-ID"] == f"<{letter}@example.org>"
    assert came["Date"].datetime == sending.world.clock.now()
    assert came["Auto-Submitted"] == "auto-generated"
    text, html = came.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert "we have what you sent for Smith" in text.get_content()
    assert "<b>Smith</b>" in html.get_content()


async def test_names_and_subjects_of_any_script_arrive_as_they_were_written(office):
    async with desk(office, sender_name="Žaltvykslė, “Jobs”") as sending:
        letter = await sending.office.receive(
            "Łucja, Ødegård; 李", job="Šmith " * 40, to="lucja@dom.example"
        )
        assert await sending.result(letter) == "sent"
    [came] = office.came
    assert came.as_bytes().isascii()
    assert str(came["From"].addresses[0].display_name) == "Žaltvykslė, “Jobs”"
    assert str(came["To"].addresses[0].display_name) == "Łucja, Ødegård; 李"
    assert len(came["To"].addresses) == 1
    assert came["Subject"] == ("Thank you, Łucja, Ødegård; 李: " + "Šmith " * 40).strip()
    assert "Dear Łucja, Ødegård; 李," in came.get_body("plain").get_content()


async def test_an_address_beyond_ascii_goes_where_a_server_takes_it_and_is_refused_elsewhere(
    office,
):
    async with desk(office) as sending:
        letter = await sending.office.note("Hello", to="jürgen@münchen.example")
        assert await sending.result(letter) == "sent"
        assert office.came[0].envelope[1] == "jürgen@xn--mnchen-3ya.example"
        office.narrow = True
        letter = await sending.office.note("Hello", to="jürgen@münchen.example")
        with pytest.raises(LetterRefused, match="beyond ASCII"):
            await sending.result(letter)


async def test_a_letter_that_is_refused_for_good_is_not_sent_again_and_its_failure_can_be_seen(
    office,
):
    async with desk(office) as sending:
        for place in ("rcpt", "data"):
            office.answers = {place: ["550 5.1.1 ada@example.org is not wanted here"]}
            letter = await sending.office.note("Hello")
            with pytest.raises(LetterRefused, match=r"for good: 550\.$") as refused:
                await sending.result(letter)
            assert refused.value.answer == 550
            assert "ada@" not in str(refused.value), "a journal is in clear"
            await sending.later(days=7)
            assert await sending.standing(letter) == "failed"
    assert office.came == []


NOT_NOW = {
    "a greylist": ("rcpt", "450 4.7.1 come again"),
    "a full disk": ("data", "452 4.3.1 no room"),
    "a server that goes": ("mail", "421 4.3.2 going down"),
    "a sender it does not know yet": ("mail", "550 5.7.1 who are you"),
}


async def test_a_letter_that_is_not_taken_now_is_sent_a_minute_later(office):
    async with desk(office) as sending:
        for place, answer in NOT_NOW.values():
            office.came.clear()
            office.answers = {place: [answer]}
            letter = await sending.office.note("Hello")
            await sending.until(letter, "waiting")
            assert office.came == []
            await sending.later(seconds=59)
            assert await sending.standing(letter) == "waiting"
            await sending.later(seconds=1)
            assert await sending.result(letter) == "sent"
            assert [one["Message-ID"] for one in office.came] == [f"<{letter}@example.org>"]


async def test_it_is_tried_for_four_days_and_then_fails(office):
    office.answers = {"rcpt": ["450 not now"] * 100}
    async with desk(office) as sending:
        letter = await sending.office.note("Hello")
        for _ in range(31):
            await sending.until(letter, "waiting")
            await sending.later(hours=4)
        with pytest.raises(Unavailable):
            await sending.result(letter)
    assert len(office.answers["rcpt"]) == 100 - 32


async def test_a_connection_lost_after_the_letter_makes_doubles_that_say_so_and_loses_none(office):
    """Nobody can know whether the server had it: who reads by Message-ID sees each letter once."""
    office.answers = {"data": ["lost", None, "lost", "lost", None, None, "lost"]}
    async with desk(office, connections=1) as sending:
        letters = [await sending.office.note(f"Letter {at}") for at in range(6)]
        for _ in range(2):
            for letter in letters:
                if await sending.standing(letter) != "done":
                    await sending.until(letter, "waiting", "done")
            await sending.later(minutes=3)
        assert [await sending.result(one) for one in letters] == ["sent"] * 6
    assert office.boxes.keys() == {f"<{one}@example.org>" for one in letters}
    assert len(office.came) == 6 + 4, "one double for each time it was lost, and no more"


async def test_a_server_that_hangs_is_given_up(office):
    office.answers = {"rcpt": ["hang"]}
    async with desk(office, timeout=0.2) as sending:
        letter = await sending.office.note("Hello")
        await sending.until(letter, "waiting")
        await sending.later(minutes=1)
        assert await sending.result(letter) == "sent"
    assert len(office.came) == 1


async def test_a_server_has_ten_minutes_for_its_answer_to_the_text(office):
    """It has the letter by then: who gives up at once sends a double."""
    office.answers = {"data": ["late"]}
    async with desk(office, timeout=1.0) as sending:
        letter = await sending.office.note("Hello")
        await office.has(1)
        await wait_set(asyncio.Event(), 1.3)
        office.hung.set()
        await sending.until(letter, "waiting", "done")
        await sending.later(minutes=1)
        assert await sending.result(letter) == "sent"
    assert len(office.came) == 1


async def test_a_server_that_hangs_holds_up_few_letters_and_leaves_others_their_room(office):
    office.answers = {"rcpt": ["hang"]}
    async with desk(office, connections=1, timeout=600.0) as sending:
        letters = [await sending.office.note(f"Letter {at}") for at in range(40)]
        await sending.until_waiting(letters, 40 - 17)
        office.hung.set()
        async with asyncio.timeout(PATIENCE):
            while (await sending.standings(letters))["done"] < 40:
                await sending.later(seconds=10)
    assert len(office.boxes) == len(office.came) == 40


async def test_a_letter_that_finds_no_connection_rests_without_a_try(office):
    office.answers = {"data": ["late"]}
    async with desk(office, connections=1, timeout=1.0) as sending:
        first = await sending.office.note("First")
        await office.has(1)
        letter = await sending.office.note("Second")
        await sending.until_waiting([letter], 1)
        office.hung.set()
        assert await sending.result(first) == "sent"
        await sending.later(seconds=4)  # after a try it would be a minute
        assert await sending.result(letter) == "sent"
    assert len(office.came) == 2


async def test_a_letter_goes_in_ascii_as_not_every_server_takes_more(office):
    async with desk(office) as sending:
        assert await sending.result(await sending.office.note("Łódź, “Grüße”")) == "sent"
    [came] = office.came
    assert came.as_bytes().isascii()
    assert "Łódź, “Grüße”" in came.get_content()


async def test_a_letter_is_sent_when_the_server_has_it_whatever_it_says_to_our_leave(office):
    office.answers = {"quit": ["hang"]}
    async with desk(office, timeout=600.0) as sending:
        letter = await sending.office.note("Hello")
        assert await sending.result(letter) == "sent"
    assert len(office.came) == 1


async def test_a_server_that_is_not_there_is_waited_for():
    async with PostOffice() as office:
        config = {MailConfig: office.config()}
    async with World(Office, provided=config) as world:
        sending = Desk(world)
        letter = await sending.office.note("Hello")
        await sending.until(letter, "waiting")


async def test_what_was_erased_before_it_was_sent_is_not_sent(office):
    office.answers = {"rcpt": ["450 not now"]}
    async with desk(office) as sending:
        letter = await sending.office.note("Hello")
        await sending.until(letter, "waiting")
        with sending.world.as_(VISITOR):
            await People(sending.world.database).erase("ada@example.org")
        await sending.later(minutes=1)
        assert await sending.result(letter) == "gone"
    assert office.came == []


async def test_many_letters_share_few_connections(office):
    async with desk(office, connections=2) as sending:
        letters = [await sending.office.note(f"Letter {at}") for at in range(12)]
        assert [await sending.result(one) for one in letters] == ["sent"] * 12
    assert len(office.boxes) == len(office.came) == 12
    assert office.most == 2


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "smtps"])
async def test_a_server_is_known_by_its_certificate_and_knows_us_by_a_password(tmp_path, implicit):
    async with PostOffice(tmp_path, ("kogge", "s p@ce"), implicit=implicit) as office:
        async with desk(office) as sending:
            assert await sending.result(await sending.office.note("Hello")) == "sent"
        assert office.encrypted == [True]
        for wrong in ({"authority": None}, {"url": Secret(office.url("wrong"))}):
            async with desk(office, **wrong) as sending:
                letter = await sending.office.note("Hello")
                await sending.until(letter, "waiting")  # it may be mended, so it is tried again
        assert len(office.came) == 1


async def test_certificates_are_read_once_and_waited_for(tmp_path):
    async with PostOffice(tmp_path) as office, desk(office) as sending:
        there, away = tmp_path / "cert.pem", tmp_path / "elsewhere.pem"
        there.rename(away)
        letter = await sending.office.note("Hello")
        await sending.until(letter, "waiting")  # it may be mended, so it is tried again
        away.rename(there)
        await sending.later(minutes=2)
        assert await sending.result(letter) == "sent"
        there.unlink()
        assert await sending.result(await sending.office.note("Hello")) == "sent"
    assert office.encrypted == [True, True]


async def test_nothing_is_sent_in_clear_to_a_server_that_cannot_encrypt(office):
    async with desk(office, tls="required") as sending:
        letter = await sending.office.note("Hello")
        await sending.until(letter, "waiting")
    assert office.came == []
