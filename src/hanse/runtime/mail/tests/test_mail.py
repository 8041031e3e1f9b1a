"""A letter is written with what it tells of, in the language it is for, and goes with its person."""

import re
from datetime import timedelta

import pytest

from hanse import InvalidArgument, People
from hanse.runtime.identity.principal import VISITOR
from hanse.runtime.mail.tests.office import Office
from hanse.testing import World, mailed


@pytest.fixture
async def world():
    async with World(Office) as world:
        yield world


async def test_a_letter_says_what_its_templates_do(world):
    await world.get(Office).receive("Ada & Co", job="<Smith>")
    [letter] = await mailed(world)
    assert (letter.kind, letter.to, letter.name) == ("Receipt", "ada@example.org", "Ada & Co")
    assert letter.subject == "Thank you, Ada & Co: <Smith>"
    assert letter.text == "Dear Ada & Co,\n\nwe have what you sent for <Smith>.\n"
    assert "Dear Ada &amp; Co, we have what you sent for <b>&lt;Smith&gt;</b>" in letter.html
    assert letter.html.startswith("<!doctype html>")


LANGUAGES = {
    "de": "de", "de-AT": "de", "DE-at-1996": "de", "deu": "", "fr": "", "../../secret": "",
}  # fmt: skip


async def test_it_is_in_the_nearest_language_there_is(world):
    for locale in LANGUAGES:
        await world.get(Office).receive("Ada", locale=locale)
    letters = await mailed(world)
    assert [one.locale for one in letters] == list(LANGUAGES.values())
    for one in letters:
        assert one.text.startswith("Guten Tag Ada," if one.locale else "Dear Ada,")
        assert one.html.startswith("<p>Guten Tag" if one.locale else "<!doctype")


async def test_without_a_word_it_is_in_the_language_of_the_call(world):
    with world.as_(VISITOR, locale="de-CH"):
        await world.get(Office).receive("Ada")
    assert (await mailed(world))[0].subject == "Danke, Ada: Smith"


async def test_a_letter_and_what_it_tells_of_are_there_together_or_not_at_all(world):
    with pytest.raises(InvalidArgument):
        await world.get(Office).seat("Bob", full=True)
    assert await mailed(world) == []
    await world.get(Office).seat("Ada")
    assert [one.subject for one in await mailed(world)] == ["A seat for Ada"]


async def test_a_call_that_is_repeated_under_its_key_writes_one_letter(world):
    for _ in range(2):
        headers = {"idempotency-key": "once-1"}
        answer = await world.http().post("/office/v1/notes", {"text": "Hello"}, headers)
        assert answer.status == 200
    assert len(await mailed(world)) == 1


async def test_sites_never_see_letters_of_each_other(world):
    await world.get(Office, site="acme").note("For acme")
    assert await mailed(world) == []
    assert [one.text for one in await mailed(world, site="acme")] == ["For acme\n"]


async def test_no_word_of_a_letter_lies_in_clear(world):
    await world.get(Office).receive("Ada Lovelace", to="ada@analytical.example", job="Enchantress")
    rows = await world.database.fetch("select l::text as whole from hanse_mail.letters l")
    rows += await world.database.fetch("select w::text as whole from hanse.workflow w")
    assert len(rows) == 2
    for word in ("Lovelace", "analytical", "Enchantress", "Thank"):
        assert not any(word in row["whole"] for row in rows), word


async def test_a_letter_goes_with_its_person(world):
    office, people = world.get(Office), People(world.database)
    await office.receive("Ada", to="Ada@Example.org")
    await office.receive("of Ada", to="ruth@example.org", person="mem_7")
    await office.receive("Bob", to="bob@example.org")
    with world.as_(VISITOR):
        assert sum(one.deleted for one in (await people.erase("ada@example.org")).touched) == 1
    assert [one.name for one in await mailed(world)] == ["of Ada", "Bob"]
    with world.as_(VISITOR):
        await people.erase("mem_7")
    assert [one.name for one in await mailed(world)] == ["Bob"]


async def test_letters_go_by_themselves_after_a_month(world):
    await world.get(Office).note("Old")
    world.clock.advance(timedelta(days=31))
    await world.get(Office).note("New")
    await world.catch_up()
    assert [one.subject for one in await mailed(world)] == ["New"]


NO_ADDRESSES = (
    "", "ada", "@example.org", "ada@", "ada@@example.org", "a da@example.org",
    "ada@example.org\r\nBcc: eve@example.org", "ada@example.org\n", "<ada@example.org>",
    "ada@example.org, eve@example.org", "ada@example..org", ".ada@example.org",
    "ada@-example.org", "ada@example.org>", "ada\x00@example.org", "a" * 65 + "@example.org",
    "ada@" + "a." * 130 + "org", '"ada"@example.org', "ada@[127.0.0.1]", "ada@exam ple.org",
    "ada\u2028eve@example.org", "ada\u3000eve@example.org",
)  # fmt: skip


async def test_what_is_no_address_is_refused(world):
    for address in NO_ADDRESSES:
        with pytest.raises(InvalidArgument, match="like ada@example.org"):
            await world.get(Office).note("Hello", to=address)
    with pytest.raises(InvalidArgument, match="reply_to: an e-mail address"):
        await world.get(Office).receive("Ada", reply_to="eve@example.org\nBcc: a@b.org")
    assert await mailed(world) == []


async def test_a_domain_of_any_script_is_an_address(world):
    await world.get(Office).note("Hello", to="jürgen@münchen.example")
    assert (await mailed(world))[0].to == "jürgen@xn--mnchen-3ya.example"


async def test_what_people_wrote_never_leaves_the_line_of_a_header(world):
    broken = ("\r\nBcc: eve@example.org", "\n\n<script>", "\x1b[2J", "\u2028x", "\x85x", "\r")
    for one in broken:
        await world.get(Office).receive(f"Ada{one}", job="Smith")
    for letter in await mailed(world):
        assert re.fullmatch("Thank you, Ada.*: Smith", letter.subject)
        assert letter.text.startswith("Dear Ada")
        assert letter.subject.isprintable()
        assert letter.name.isprintable()


UNSEEN = "\u202e\u200b\u200e\u200f\u202a\u2066\u2069\ufeff\u00ad\u061c\u2060\U000e0041"


async def test_nothing_unseen_turns_what_a_header_or_an_address_says(world):
    await world.get(Office).receive(f"A{UNSEEN}da", job=f"{UNSEEN}Smith\u202egpj.exe")
    [letter] = await mailed(world)
    assert (letter.name, letter.subject) == ("Ada", "Thank you, Ada: Smithgpj.exe")
    for one in UNSEEN:
        with pytest.raises(InvalidArgument, match="an e-mail address is like"):
            await world.get(Office).note("Hello", to=f"a{one}da@example.org")


async def test_a_letter_that_is_too_long_is_refused_and_not_cut(world):
    with pytest.raises(InvalidArgument, match="longer than"):
        await world.get(Office).note("a" * 400_001)
