"""An event's class tells all its mistakes when it is made, each with the way out."""

from datetime import datetime
from typing import Annotated

import pytest
from msgspec import Struct

from hanse.runtime.contract.file import Accepts, File
from hanse.runtime.contract.mistakes import DeclarationError
from hanse.runtime.data.entity.marks import Keep, Personal
from hanse.runtime.events.event import Event, event, event_of

ROW = Personal(erase="row")


class Inner(Struct, frozen=True):
    name: Annotated[str, ROW]


class Folder(Struct, frozen=True):
    letter: Annotated[File, Accepts("application/pdf")]


def test_all_mistakes_are_told_at_once():
    with pytest.raises(DeclarationError) as raised:

        @event("hiring", key="mail", person="age")
        class Wrong(Event):
            mail: Annotated[str, ROW]
            age: int
            Name: str = ""
            many: list[str] = []
            day: datetime | None = None
            cv: File | None = None
            folder: tuple[Folder, ...] = ()
            law: Annotated[str, Personal(erase=Keep(days=1, reason="tax"))] = ""
            clear: Annotated[str, Personal(erase="row", sealed=False)] = ""
            unsaid: Annotated[str, Personal()] = ""
            inside: tuple[Inner, ...] = ()

    said = "\n".join(raised.value.problems)
    for wanted in (
        "'hiring' is no package → name domain and version, like hiring.v1",
        "Wrong.Name: is not snake_case",
        "use tuple[T, ...]",
        "Wrong.day: is a datetime that need not have a zone",
        "Wrong.cv: holds a File, which nobody keeps for its readers → name by its id",
        "Wrong.folder: holds a File, which nobody keeps for its readers",
        "Wrong key='mail': is personal, and would leave in clear → name age",
        "Wrong.law: is kept longer than its person",
        "Wrong.clear: is personal and in clear, and nothing erases what was told",
        "Wrong.unsaid: says not what erasing its person does to it",
        "Wrong person='age': is no text that could hold a person's id → name mail",
        "Inner.name: is marked inside of `inside`",
    ):
        assert wanted in said, said


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"key": "nothing"}, "key='nothing': is no value of it → name name, count"),
        ({"key": "half"}, "key='half': is no text, whole number or UUID that is always there"),
        ({"person": "nobody"}, "could hold a person's id → name name, maybe"),
        ({}, ""),
    ],
)
def test_a_key_and_a_person_are_values_that_can_be_that(options, wanted):
    class Fact(Event):
        name: str
        count: int = 0
        half: float = 0.5
        maybe: str | None = None

    if not wanted:
        event("hiring.v1", **options)(Fact)
        assert event_of(Fact).full_name == "hiring.v1.Fact"
        return
    with pytest.raises(DeclarationError) as raised:
        event("hiring.v1", **options)(Fact)
    assert wanted in str(raised.value)


def test_what_is_personal_says_whose_it_is_and_every_class_its_package():
    with pytest.raises(DeclarationError, match="nothing says whose it is"):

        @event("hiring.v1")
        class Applied(Event):
            mail: Annotated[str, ROW]

    class Plain(Event):
        name: str

    with pytest.raises(TypeError, match="put @event"):
        event_of(Plain)
    with pytest.raises(DeclarationError, match=r"class Loose\(Event\)"):

        @event("hiring.v1")
        class Loose(Struct, frozen=True):
            name: str


def test_keys_are_texts_and_inner_values_can_be_keys():
    class Job(Struct, frozen=True):
        number: int

    @event("hiring.v1", key="job.number")
    class Closed(Event):
        job: Job

    @event("hiring.v1")
    class Opened(Event):
        job: Job

    assert event_of(Closed).key_of(Closed(Job(7))) == "7"
    assert event_of(Opened).key_of(Opened(Job(7))) == ""
