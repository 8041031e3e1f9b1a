"""What a subscription is declared as, and every mistake in it told when the class is made."""

import pytest

from hanse import Service, Struct
from hanse.runtime.contract.mistakes import DeclarationError
from hanse.runtime.events.event import Event, event
from hanse.runtime.subscriptions.declared.declaration import subscribe
from hanse.runtime.subscriptions.declared.delivery import Delivery


@event("openings.v1", key="job")
class JobPublished(Event):
    """A job can be seen."""

    job: str
    title: str


@event("openings.v1", key="job")
class JobClosed(Event):
    """A job can no longer be seen."""

    job: str


class NoEvent(Struct, frozen=True):
    job: str


def test_a_service_may_have_subscriptions_and_nothing_else() -> None:
    class Notices(Service, package="notices.v1"):
        @subscribe(JobPublished)
        async def notify(self, event: JobPublished) -> None: ...

        @subscribe(JobPublished, JobClosed, name="notices.v1.Notices/old")
        async def count(self, event: JobPublished | JobClosed, delivery: Delivery) -> None: ...

        @subscribe(JobClosed, batch=7)
        async def gather(
            self, events: tuple[JobClosed, ...], deliveries: tuple[Delivery, ...]
        ) -> None: ...

    assert Notices.__contract__.full_name == "notices.v1.Notices"
    assert [
        (one.name, set(one.events.values()), one.batch, one.takes_delivery)
        for one in Notices.__unasked__
    ] == [
        ("notices.v1.Notices/notify", {JobPublished}, 0, False),
        ("notices.v1.Notices/old", {JobPublished, JobClosed}, 0, True),
        ("notices.v1.Notices/gather", {JobClosed}, 7, True),
    ]


def test_a_subclass_may_take_another_way_or_none() -> None:
    class Notices(Service, package="notices.v1"):
        @subscribe(JobPublished)
        async def notify(self, event: JobPublished) -> None: ...

        @subscribe(JobClosed)
        async def close(self, event: JobClosed) -> None: ...

    class Quiet(Notices, package="notices.v1"):
        async def notify(self, event: JobPublished) -> None: ...

    assert [one.name for one in Quiet.__unasked__] == ["notices.v1.Quiet/close"]


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(DeclarationError) as caught:

        class Wrong(Service):
            @subscribe(NoEvent)
            async def no_event(self, event: NoEvent) -> None: ...

            @subscribe()
            async def nothing(self, event: JobClosed) -> None: ...

            @subscribe(JobPublished)
            def plain(self, event: JobPublished) -> None: ...

            @subscribe(JobPublished)
            async def answers(self, event: JobPublished) -> str: ...

            @subscribe(JobPublished)
            async def other(self, event: JobClosed) -> None: ...

            @subscribe(JobPublished, JobClosed)
            async def one_of_two(self, event: JobPublished) -> None: ...

            @subscribe(JobPublished)
            async def more(self, event: JobPublished, title: str) -> None: ...

            @subscribe(JobPublished, name="a b", batch=0)
            async def limits(self, event: JobPublished) -> None: ...

    told = "\n".join(caught.value.problems)
    for part in (
        'no route says which package it is of → class Wrong(…, package="domain.v1")',
        "which is no Event → name classes with @event",
        "Wrong.nothing: subscribes to nothing → write @subscribe(JobPublished)",
        "Wrong.plain: is no async method",
        "Wrong.answers: answers something, and nobody reads it → write -> None",
        "Wrong.other: its first argument is not what it subscribes to → write event: JobPublished",
        "Wrong.one_of_two: its first argument is not what it subscribes to "
        "→ write event: JobPublished | JobClosed",
        "Wrong.more: takes more than events and Delivery",
        "Wrong.limits: has a limit out of bounds",
        "Wrong.limits: cannot keep its place under 'a b'",
    ):
        assert part in told, told
