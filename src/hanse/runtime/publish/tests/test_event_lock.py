"""What of an event another release could not read is refused, and nothing else is."""

from collections.abc import Mapping
from typing import Annotated, Literal

import pytest
from msgspec import Struct, defstruct

from hanse.runtime.contract.rules import Length
from hanse.runtime.data.entity.marks import Personal
from hanse.runtime.events.describe import describe_event
from hanse.runtime.events.event import Event, event, event_of
from hanse.runtime.publish.event_lock import (
    EventLockError,
    read_event_lock,
    update_event_lock,
    write_event_lock,
)

SEALED = Annotated[str, Personal(erase="row")]


class Place(Struct, frozen=True):
    street: str
    number: int = 0
    inner: "Place | None" = None


class Roomier(Struct, frozen=True):
    street: str
    number: int = 0
    inner: "Roomier | None" = None
    floor: str = ""


class Longer(Struct, frozen=True):
    street: str
    number: str = ""
    inner: "Longer | None" = None


BEFORE = {
    "job": (str,),
    "who": (str, ""),
    "mail": (SEALED, ""),
    "title": (Annotated[str, Length(1, 9)], "x"),
    "kind": (Literal["a", "b"], "a"),
    "places": (tuple[Place, ...], ()),
    "marks": (Mapping[str, Place], {}),
    "maybe": (Place | None, None),
}


def described(fields, **options):
    def typed(one):
        return (*one,) if len(one) == 1 else one

    given = [(name, *typed(one)) for name, one in fields.items()]
    cls = defstruct("Fact", given, bases=(Event,), kw_only=True, frozen=True, module=__name__)
    return describe_event(event_of(event("shop.v1", **{"person": "who", **options})(cls)))


def locked(*events):
    lock = {}
    for one in events:
        lock = read_event_lock(write_event_lock(update_event_lock(lock, [one])).encode())
    return lock


@pytest.mark.parametrize(
    "now",
    [
        BEFORE,
        dict(reversed(BEFORE.items())),
        BEFORE | {"job": (str, "")},
        BEFORE | {"more": (int, 7)},
        BEFORE | {"phone": (SEALED, "")},
        BEFORE | {"title": (Annotated[str, Length(1, 9)], "y")},
        BEFORE | {"places": (tuple[Roomier, ...], ()), "marks": (Mapping[str, Roomier], {})},
        BEFORE | {"maybe": (Roomier | None, None)},
    ],
)
def test_what_every_release_can_read_is_taken(now):
    assert locked(described(BEFORE), described(now))["shop.v1.Fact"].key == ""


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({name: one for name, one in BEFORE.items() if name != "job"}, "Fact.job: is taken away"),
        (BEFORE | {"job": (int,)}, "Fact.job: is of another type"),
        (BEFORE | {"title": (Annotated[str, Length(1, 10)], "x")}, "Fact.title: is of another type, or has other bounds"),
        (BEFORE | {"kind": (Literal["a", "b", "c"], "a")}, "Fact.kind: is of another type"),
        (BEFORE | {"who": (str,)}, "Fact.who: has no default any more"),
        (BEFORE | {"more": (int,)}, "Fact.more: is new and has no default"),
        (BEFORE | {"title": (SEALED, "x")}, "Fact.title: is not sealed as it was"),
        (BEFORE | {"mail": (str, "")}, "Fact.mail: is not sealed as it was"),
        (BEFORE | {"places": (tuple[Longer, ...], ())}, "Fact.places[].number: is of another type"),
        (BEFORE | {"marks": (Mapping[str, Longer], {})}, "Fact.marks{}.number: is of another type"),
        (BEFORE | {"maybe": (Longer | None, None)}, "Fact.maybe.number: is of another type"),
        (BEFORE | {"places": (tuple[str, ...], ())}, "Fact.places[]: is of another type"),
    ],
)  # fmt: skip
def test_what_another_release_could_not_read_is_refused(now, said):
    with pytest.raises(EventLockError) as raised:
        locked(described(BEFORE), described(now))
    assert said in str(raised.value)


def test_neither_key_nor_person_change_and_what_is_gone_is_not_forgotten():
    lock = locked(described(BEFORE))
    with pytest.raises(EventLockError, match="is ordered by 'job' and was by 'its site'"):
        update_event_lock(lock, [described(BEFORE, key="job")])
    with pytest.raises(
        EventLockError, match="Fact.mail: is not sealed as it was, for the same person"
    ):
        update_event_lock(lock, [described(BEFORE, person="job")])
    assert update_event_lock(lock, []) == lock
    with pytest.raises(EventLockError, match="Restore it from git"):
        read_event_lock(b"{")
