"""What is personal is sealed wherever it goes, and no reader or writer of a collection notices."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from hanse.runtime.data.collection.conflict import Duplicate, RevisionConflict
from hanse.runtime.data.personal.keys_opened import ErasedMeanwhile
from hanse.runtime.data.personal.subject_key import BrokenSeal
from hanse.runtime.data.personal.tests.crm import Address, Counted, Home, Host, Letter, Note, Person
from hanse.runtime.data.query.refusal import QueryNotServed
from hanse.runtime.errors import InvalidArgument, NotFound
from hanse.runtime.identity.principal import VISITOR
from hanse.testing.acting import acting

ADA = Person(
    "Ada Lovelace",
    "ada@example.com",
    nick="the countess",
    born=datetime(1815, 12, 10, tzinfo=UTC),
    weight=61.5,
    invoice=Address("Markt 1"),
    lines=(Address("Linden 1"), Address("Linden 2", "Oldenburg")),
    marks={"maths": 1},
    home=Home(3, "Home street"),
    code="x-12",
    town="Eutin",
)
SECRETS = (
    "Lovelace", "ada@example", "countess", "1815", "61.5", "Markt", "Linden", "Oldenburg", "maths", "Home street", "x-12",
)  # fmt: skip


@pytest.fixture
async def host(postgres):
    with acting(VISITOR, site="acme"):
        async with Counted(postgres.config) as database:
            yield await Host.made(database)


@pytest.fixture
async def other(host):
    """Another host of the same database, which remembers nothing."""
    async with Counted(host.database.config) as database:
        yield await Host.made(database)


async def stored(host):
    """All that is stored of people, notes and letters, as text, indexes and statistics included."""
    texts = []
    for table in ("people", "notes", "letters"):
        await host.database.execute(f"analyze crm.{table}")
        rows = await host.database.fetch(f"select t::text as row from crm.{table} t")
        texts += [row["row"] for row in rows]
    rows = await host.database.fetch(
        "select coalesce(s::text, '') as row from pg_stats s where schemaname = 'crm'"
    )
    return "\n".join([*texts, *(row["row"] for row in rows)])


def without_columns(item):
    return {
        name: getattr(item, name)
        for name in item.__struct_fields__
        if name not in ("id", "revision", "create_time", "update_time")
    }


async def test_nothing_personal_is_stored_in_clear_and_all_is_read_as_it_was(host, other):
    made = await host.people.create(ADA)
    await host.notes.create(Note(made.id, "Ada Lovelace likes maths"))
    await host.letters.create(Letter("ada@example.com", "Linden of Ada Lovelace"))

    text = await stored(host)
    assert [one for one in SECRETS if one in text] == []
    assert "Eutin" in text, "what is kept in clear is found"
    assert without_columns(made) == without_columns(ADA)
    assert await host.people.get(made.id) == made
    assert await other.people.get(made.id) == made
    assert (await other.people.batch_get([made.id])).items == (made,)


async def test_one_statement_creates_and_changes_and_a_reader_needs_a_second_for_a_cold_key(
    host, other
):
    made = await host.people.create(ADA)
    assert host.database.since() == 1

    changed = await host.people.update(made.id, {"nick": "Ada", "rank": 2})
    assert (host.database.since(), changed.nick, changed.invoice) == (1, "Ada", ADA.invoice)
    assert await host.people.get(made.id) == changed
    assert host.database.since() == 1

    assert await other.people.get(made.id) == changed
    assert other.database.since() == 2
    assert (await other.people.query({"email": ADA.email})).items == (changed,)
    assert other.database.since() == 1


async def test_whose_a_row_is_has_to_be_known_to_change_it_at_once(host, other):
    ada = await host.people.create(ADA)
    note = await host.notes.create(Note(ada.id, "first"))
    host.database.since()

    await host.notes.update(note.id, {"text": "second"})
    assert host.database.since() == 1

    await other.notes.update(note.id, {"colour": "blue"})
    assert other.database.since() == 2
    read = await other.notes.get(note.id)
    assert (read.text, read.colour) == ("second", "blue")


async def test_every_way_to_write_seals(host):
    people = host.people
    made = await people.create(ADA)
    await people.replace(made, revision=1)
    await people.update(made.id, {"nick": "Markt", "home": {"street": "Linden 9"}})
    await people.update(made.id, {"invoice": {"city": "Oldenburg"}}, mask=("invoice.city",))
    await people.update(made.id, {"lines": [{"street": "Linden 3"}]})
    await people.update_many([{"id": made.id, "name": "Miss Lovelace", "rank": 1}])
    await people.create_many([Person("Lovelace 2", "ada@example.com.au")])
    await people.delete(made.id)
    restored = await people.restore(made.id)

    text = await stored(host)
    assert [one for one in SECRETS if one in text] == []
    assert (restored.name, restored.nick, restored.home) == (
        "Miss Lovelace",
        "Markt",
        Home(3, "Linden 9"),
    )
    assert restored.invoice == Address("Markt 1", "Oldenburg")
    assert restored.lines == (Address("Linden 3"),)


async def test_a_mask_puts_what_is_sealed_back_to_its_default(host):
    made = await host.people.create(ADA)

    changed = await host.people.update(made.id, {}, mask=("nick", "invoice", "home.street"))

    assert (changed.nick, changed.invoice, changed.home) == (None, None, Home(3))


async def test_what_never_changes_is_compared_in_clear(host):
    made = await host.people.create(ADA)

    same = await host.people.update(made.id, {"code": "x-12", "rank": 5})
    assert same.rank == 5
    with pytest.raises(InvalidArgument, match="never changed"):
        await host.people.update(made.id, {"code": "x-13"})


async def test_no_two_of_a_site_share_what_is_unique_although_it_is_sealed(host):
    await host.people.create(ADA)

    with pytest.raises(Duplicate) as caught:
        await host.people.create(Person("Eve", ADA.email))
    assert caught.value.duplicate_fields == ("email",)
    with acting(VISITOR, site="other"):
        await host.people.create(ADA)
    first, second = await host.people.create_many([Person("E", ADA.email), Person("F", "f@f")])
    assert (first.error.code, second.item.name) == ("duplicate", "F")


async def test_equal_texts_of_two_sites_or_none_are_told_apart_by_nobody(host):
    await host.letters.create(Letter("same@example.com"))
    with acting(VISITOR, site="other"):
        await host.letters.create(Letter("same@example.com"))

    rows = await host.database.fetch(
        "select substr(doc->>'email', 2, 22) as token from crm.letters"
    )
    assert len({row["token"] for row in rows}) == 2


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"nick": "ada"}, ["a"]),
        ({"nick": {"$in": ["ada", "eve", "nobody"]}}, ["a", "e"]),
        ({"rank": 1, "nick": {"$ne": "ada"}}, ["e", "n", "o"]),
        ({"rank": 1, "nick": {"$nin": ["ada", "eve"]}}, ["n", "o"]),
        ({"nick": None}, ["o"]),
        ({"rank": 1, "nick": {"$isEmpty": True}}, ["n", "o"]),
        ({"rank": 1, "nick": {"$isEmpty": False}}, ["a", "e"]),
        ({"rank": 1, "nick": {"$exists": True}}, ["a", "e", "n"]),
        ({"nick": ""}, ["n"]),
        ({"nick": "Ada"}, []),
    ],
)
async def test_a_sealed_text_is_found_by_what_equals_it(host, filter, found):
    for name, nick in {"a": "ada", "e": "eve", "n": "", "o": None}.items():
        await host.people.create(Person(name, f"{name}@example.com", nick=nick, rank=1))

    page = await host.people.query(filter, sort=("rank",) if "rank" in filter else ())
    assert sorted(one.name for one in page.items) == found
    assert (await host.people.count(filter)).count == len(found)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"filter": {"email": {"$startsWith": "ada"}}}, "sealed=False"),
        ({"filter": {"email": {"$gt": "ada"}}}, "its order is not known"),
        ({"filter": {"name": "Ada"}}, "Searchable\\(\\) at the field"),
        ({"filter": {"home.street": "x"}}, "Searchable\\(\\) at the field"),
        ({"sort": ("email",)}, "sealed=False"),
        ({"sort": ("-name",)}, "its order is not known"),
    ],
)
async def test_what_a_sealed_field_cannot_be_asked_is_refused_with_a_way_out(host, asked, said):
    with pytest.raises(InvalidArgument, match=said):
        await host.people.query(asked.get("filter"), sort=asked.get("sort", ()))


async def test_pages_of_one_address_are_in_order(host):
    made = [await host.letters.create(Letter("a@b", f"text {n}")) for n in range(5)]
    await host.letters.create(Letter("c@d", "other"))

    first = await host.letters.query({"email": "a@b"}, page_size=3)
    second = await host.letters.query({"email": "a@b"}, page_size=3, cursor=first.next_cursor)
    assert [*first.items, *second.items] == made
    with pytest.raises(QueryNotServed):
        await host.letters.query({"email": {"$ne": "a@b"}})


async def test_some_fields_are_selected_in_clear(host):
    made = await host.people.create(ADA)

    (part,) = (await host.people.select(("nick", "home.street"), {"email": ADA.email})).items
    assert (part.id, part.nick, part.home.street, part.name) == (
        made.id,
        "the countess",
        "Home street",
        UNSET,
    )


# Whose it is.


async def test_what_is_of_another_person_now_is_sealed_by_their_key(host, other):
    ada = await host.people.create(ADA)
    eve = await host.people.create(Person("Eve", "eve@example.com"))
    note = await host.notes.create(Note(ada.id, "about somebody"))
    await other.notes.get(note.id)

    await host.notes.update(note.id, {"person": eve.id})
    await other.notes.update(note.id, {"text": "changed by who thinks it is of ada"})
    await erased(host, ada.id)

    assert (await other.notes.get(note.id)).text == "changed by who thinks it is of ada"
    assert (await Host(host.database).notes.get(note.id)).person == eve.id


async def test_what_is_of_nobody_is_sealed_by_the_key_of_the_site(host, other):
    made = await host.letters.create(Letter("", "to nobody"))

    assert (await other.letters.get(made.id)).text == "to nobody"
    rows = await host.database.fetch("select subject from hanse.subject_key")
    assert [row["subject"] for row in rows] == [""]


async def test_an_address_that_is_a_person_stands_nowhere_in_clear(host):
    await host.letters.create(Letter("ada@example.com", "text"))

    rows = await host.database.fetch("select k::text as row from hanse.subject_key k")
    assert len(rows) == 1
    assert "ada@" not in rows[0]["row"]


async def erased(host, subject, purpose=""):
    await host.database.execute(
        "delete from hanse.subject_key where subject = $1 and purpose = $2", subject, purpose
    )
    host.database.keys.forget("acme", subject)


async def test_without_the_key_a_row_is_gone_a_field_is_at_its_default_and_what_is_kept_is_there(
    host, other
):
    ada = await host.people.create(ADA)
    note = await host.notes.create(Note(ada.id, "a note"))
    letter = await host.letters.create(Letter("", "a letter"))
    await erased(host, ada.id)
    await erased(host, "")

    for one in (host, other):
        for reading in (
            one.people.get(ada.id),
            one.notes.get(note.id),
            one.notes.update(note.id, {"colour": "x"}),
        ):
            with pytest.raises(NotFound):
                await reading
        assert (await one.notes.query()).items == ()
        assert (await one.people.batch_get([ada.id])).missing == (ada.id,)
        assert (await one.letters.get(letter.id)).text == ""


async def test_a_write_by_a_key_that_was_destroyed_meanwhile_is_done_by_a_new_one(host, other):
    ada = await host.people.create(ADA)
    await other.people.get(ada.id)
    await host.database.execute("delete from hanse.subject_key where subject = $1", ada.id)

    with another_call():
        made = await other.notes.create(Note(ada.id, "written after the erasure"))
    other.database.keys.forget("acme", ada.id)

    assert (await other.notes.get(made.id)).text == "written after the erasure"
    assert (await other.notes.update(made.id, {"text": "again"})).text == "again"
    with pytest.raises(NotFound):
        await other.people.get(ada.id)


def another_call():
    """Has a block be a call that has read nothing."""
    return acting(VISITOR, site="acme")


async def nothing_new(host, ada):
    own = "select from hanse.subject_key where subject = $1 and purpose = ''"
    return not await host.database.fetch(own, ada.id) and not await host.database.fetch(
        "select from crm.notes"
    )


@pytest.mark.parametrize("purpose", ["", "kept"])
async def test_who_read_a_person_before_the_erasure_writes_nothing_of_them_after_it(
    host, other, purpose
):
    ada = await host.people.create(ADA)
    with another_call():
        await (other.people.get(ada.id) if not purpose else other.people.select(["invoice"]))
        await erased(host, ada.id)
        for _ in range(2):
            with pytest.raises(ErasedMeanwhile):
                await other.notes.create(Note(ada.id, "of who was there"))
            with pytest.raises(ErasedMeanwhile):
                await other.notes.create_many([Note(ada.id, "of who was there")])
    assert await nothing_new(host, ada)


async def test_who_came_back_is_not_written_of_by_who_knows_them_from_before(host, other):
    ada = await host.people.create(ADA)
    with another_call():
        note = await other.notes.create(Note(ada.id, "before"))
        await other.notes.get(note.id)
        await erased(host, ada.id)
        with another_call():
            again = await host.notes.create(Note(ada.id, "by the new key"))
        with pytest.raises(ErasedMeanwhile):
            await other.notes.create(Note(ada.id, "of who was there"))
        assert (await other.notes.get(again.id)).text == "by the new key"  # she is known anew
        assert await other.notes.create(Note(ada.id, "of who is there"))


async def test_a_key_that_was_drawn_anew_is_not_taken_for_the_one_before(host, other):
    ada = await host.people.create(ADA)
    await other.people.get(ada.id)
    await erased(host, ada.id)
    with another_call():
        first = await host.notes.create(Note(ada.id, "by the new key"))
    with another_call():
        second = await other.notes.create(Note(ada.id, "by who knew the old one"))

    assert (await host.notes.get(second.id)).text == "by who knew the old one"
    assert (await other.notes.get(first.id)).text == "by the new key"


async def test_a_rule_of_rows_takes_the_row_although_the_field_has_a_default(host):
    letter = await host.letters.create(Letter("", "text", "Dear Ada"))
    await erased(host, "")

    with pytest.raises(NotFound):
        await host.letters.get(letter.id)


async def test_two_hosts_that_write_of_somebody_new_at_once_use_one_key(host, other):
    ada = await host.people.create(ADA)
    await erased(host, ada.id)

    await asyncio.gather(
        *(one.notes.create(Note(ada.id, f"note {n}")) for n, one in enumerate((host, other)))
    )

    for one in (host, other):
        found = (await one.notes.query({"person": ada.id})).items
        assert {item.text for item in found} == {"note 0", "note 1"}
    rows = await host.database.fetch(
        "select 1 from hanse.subject_key where subject = $1 and purpose = ''", ada.id
    )
    assert len(rows) == 1


async def test_an_erasure_that_is_under_way_is_waited_for(host, other):
    ada = await host.people.create(ADA)
    note = await host.notes.create(Note(ada.id, "before"))
    await other.notes.get(note.id)

    async with host.database.transaction():
        await host.database.execute("delete from hanse.subject_key where subject = $1", ada.id)
        await host.database.execute("delete from crm.notes")
        writing = asyncio.ensure_future(other.notes.update(note.id, {"text": "meanwhile"}))
        while not await waiting(other):
            await asyncio.sleep(0)
    with pytest.raises(NotFound):
        await writing


async def waiting(host):
    """Asked outside of a transaction, which would see what it saw first for ever."""
    rows = await host.database.fetch(
        "select 1 from pg_stat_activity "
        "where datname = current_database() and wait_event_type = 'Lock'"
    )
    return bool(rows)


async def test_a_value_that_was_moved_to_another_row_opens_nowhere(host):
    ada = await host.people.create(ADA)
    first = await host.notes.create(Note(ada.id, "first"))
    second = await host.notes.create(Note(ada.id, "second"))
    await host.database.execute(
        "update crm.notes set doc = jsonb_set(doc, '{text}', (select doc->'text' from crm.notes where id = $1)) where id = $2",
        host.notes.model.uuid_of(first.id),
        host.notes.model.uuid_of(second.id),
    )

    assert (await host.notes.get(first.id)).text == "first"
    with pytest.raises(BrokenSeal):
        await host.notes.get(second.id)


async def test_what_was_stored_in_clear_is_read_and_sealed_by_the_next_write(host):
    ada = await host.people.create(ADA)
    note = await host.notes.create(Note(ada.id, "x"))
    await host.database.execute("""update crm.notes set doc = doc || '{"text": "~ in clear"}'""")

    assert (await host.notes.get(note.id)).text == "~ in clear"
    await host.notes.replace(await host.notes.get(note.id))
    assert "in clear" not in await stored(host)
    assert (await host.notes.get(note.id)).text == "~ in clear"


async def test_the_revision_is_asked_for_as_ever(host):
    ada = await host.people.create(ADA)

    with pytest.raises(RevisionConflict):
        await host.people.update(ada.id, {"nick": "x"}, revision=7)
    with pytest.raises(RevisionConflict):
        await host.people.update(ada.id, {"lines": []}, revision=7)


async def test_what_is_referred_to_is_there_or_nothing_is_kept(host):
    nobody = host.people.model.text_of(5)

    with pytest.raises(InvalidArgument, match="there is no person"):
        await host.notes.create(Note(nobody, "x"))
    outcomes = await host.notes.create_many([Note(nobody, "x")])
    assert outcomes[0].error.violations[0].rule == "exists"
    assert await host.database.fetch("select 1 from crm.notes") == []
    with pytest.raises(NotFound):
        await host.notes.update(host.notes.model.text_of(7), {"text": "x"})


async def test_a_transaction_that_fails_leaves_a_key_that_nobody_trusts(host):
    ada = await host.people.create(ADA)
    await erased(host, ada.id)
    with pytest.raises(ZeroDivisionError):
        async with host.database.transaction():
            await host.notes.create(Note(ada.id, "lost"))
            raise ZeroDivisionError

    made = await host.notes.create(Note(ada.id, "kept"))
    host.database.keys.forget("acme", ada.id)
    assert (await host.notes.get(made.id)).text == "kept"


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
ADDRESS = st.builds(Address, TEXT, TEXT)
PEOPLE = st.builds(
    Person,
    name=TEXT,
    email=st.just(""),
    nick=st.none() | TEXT,
    born=st.none() | st.datetimes(timezones=st.just(UTC)),
    weight=st.floats(allow_nan=False, allow_infinity=False),
    invoice=st.none() | ADDRESS,
    lines=st.lists(ADDRESS, max_size=3).map(tuple),
    marks=st.dictionaries(TEXT, st.integers(-(2**53), 2**53), max_size=3),
    home=st.builds(Home, st.integers(0, 9), TEXT),
    code=TEXT,
    town=TEXT,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(one=PEOPLE, two=PEOPLE)
async def test_whatever_is_written_is_read_and_found(host, one, two):
    await host.database.execute("delete from crm.people")
    made = await host.people.create(one)
    assert without_columns(made) == without_columns(one)

    replaced = await host.people.replace(
        msgspec.structs.replace(two, id=made.id, code=one.code), revision=1
    )
    read = await Host(host.database).people.get(made.id)

    assert read == replaced
    assert without_columns(read) == without_columns(two) | {"code": one.code}
    assert (await host.people.query({"nick": two.nick})).items == (read,)
    whole = {"name": one.name, "invoice": one.invoice, "lines": one.lines, "marks": one.marks}
    changed = await host.people.update(made.id, msgspec.to_builtins(whole, str_keys=True))
    assert {name: getattr(changed, name) for name in whole} == whole | {"invoice": one.invoice}
