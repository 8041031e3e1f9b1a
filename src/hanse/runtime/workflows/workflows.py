"""`Workflows`: begins instances, and tells of them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self

from hanse.kit.backoff import Backoff
from hanse.kit.clock import wait_set
from hanse.kit.uuid7 import Uuid7Source
from hanse.runtime.call.context import running
from hanse.runtime.data.collection.outcome import Page
from hanse.runtime.data.unit import transaction_here
from hanse.runtime.errors import NotFound
from hanse.runtime.workflows.declaration import newest
from hanse.runtime.workflows.ended_sweep import EndedSweep
from hanse.runtime.workflows.engine.engine import Engine
from hanse.runtime.workflows.engine.served import Served
from hanse.runtime.workflows.info import (
    Instance,
    check_key,
    check_name,
    instance_of,
    link_of,
    origin_here,
    uuid_of,
)
from hanse.runtime.workflows.journal.bounds import unread
from hanse.runtime.workflows.journal.entry import Start
from hanse.runtime.workflows.journal.statements import GET
from hanse.runtime.workflows.listing import Which, listed
from hanse.runtime.workflows.model import encode_value
from hanse.runtime.workflows.personal.outputs import instance_read
from hanse.runtime.workflows.personal.persons import Sent
from hanse.runtime.workflows.personal.signals import sent_kind
from hanse.runtime.workflows.replay import Recording, replay
from hanse.runtime.workflows.tables import make_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from uuid import UUID

    from hanse.runtime.data.database import Database
    from hanse.runtime.workflows.info import Standing
    from hanse.runtime.workflows.model import WorkflowModel
    from hanse.runtime.workflows.telemetry.watch import Surroundings

START_MAX = 1000
RESULT_FIRST_SECONDS = 0.05
RESULT_MOST_SECONDS = 1.0


class Workflows:
    """The workflows of one database. A service asks for it in its constructor.

        def __init__(self, workflows: Workflows) -> None: ...

        await self._workflows.start(self.place, order, id="order-7")

    Everything is of the site of the running call.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._engine = Engine(database)
        self._ids = Uuid7Source()

    @classmethod
    def __from_database__(cls, kind: Any, database: Database) -> Self:
        workflows = cls(database)
        database.prepare(workflows._prepare)
        return workflows

    async def start(
        self, method: Callable[..., Any], *arguments: Any, id: str = "", **named: Any
    ) -> str:
        """Begins an instance; the same id twice is the same instance, which is begun once.

        In an open transaction it is a part of that: it begins if that is committed.

        Args:
            method: The workflow, as `self.place` or `Checkout.place`.
            arguments: For that.
            id: What it is called, of 200 characters at most; left out, one is drawn.
            named: More arguments.

        Returns:
            Its id.

        Raises:
            InvalidArgument: The arguments or the id are none.
            HanseError: As `Database.execute`.
        """
        model = newest(method)
        start = self._start(model, model.write_input(arguments, named), id)
        if transaction_here(self._database) is None:
            await self._engine.start(start)
        else:
            await self._joined((start,), model)
        return start.key or str(start.id)

    async def start_many(
        self, method: Callable[..., Any], each: Sequence[tuple[Any, ...]]
    ) -> tuple[str, ...]:
        """Begins many instances, each with arguments of its own and an id that is drawn.

        Outside of a transaction some may have begun where this fails.

        Args:
            method: The workflow.
            each: The arguments of each.

        Raises:
            InvalidArgument, HanseError: As `start`.
        """
        model = newest(method)
        starts = [self._start(model, model.write_input(one, {}), "") for one in each]
        if transaction_here(self._database) is None and not model.person:
            await asyncio.gather(*(self._engine.start(one) for one in starts))
        else:
            for at in range(0, len(starts), START_MAX):
                await self._joined(starts[at : at + START_MAX], model)
        return tuple(str(one.id) for one in starts)

    async def get(self, method: Callable[..., Any], id: str) -> Instance:
        """How it stands with an instance.

        Raises:
            NotFound: The site has none of that id.
            HanseError: As `Database.fetch`.
        """
        model, site = newest(method), origin_here()[0]
        row = await self._database.fetch_row(GET, self._uuid(model.name, id), site, model.name)
        if row is None:
            raise NotFound(f"There is no {model.name} of the id {id[:200]}.")
        return await instance_read(self._engine, model, row, site)

    async def list(
        self,
        method: Callable[..., Any],
        *,
        state: Standing | Literal[""] = "",
        prefix: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str = "",
    ) -> Page[Instance]:
        """Instances of the site, the newest first, a hundred a page at most, without their results.

        Those that are over are kept for 30 days. Where few of many fit, a page may be short or
        empty and have a cursor: 10,000 are looked at for each.

        Args:
            method: The workflow.
            state: Only those that stand so; empty for all.
            prefix: Only those whose ids were given and begin so.
            since: Only those that began at that time or later.
            until: Only those that began before.
            cursor: The `next_cursor` of the page before, for the same list.

        Raises:
            InvalidArgument: The state or the cursor is none.
            HanseError: As `Database.fetch`.
        """
        which = Which(
            site=origin_here()[0], name=newest(method).name, state=state, prefix=prefix,
            since=since, until=until,
        )  # fmt: skip
        rows, following = await listed(self._database, which, cursor)
        return Page(tuple(instance_of(row, None, self._engine.now()) for row in rows), following)

    async def result(self, method: Callable[..., Any], id: str) -> Any:
        """What an instance gives; waits for that, as long as the call has time.

        Raises:
            NotFound: The site has none of that id.
            HanseError: What it failed with; `WorkflowCanceled` if it was canceled.
        """
        model, site = newest(method), origin_here()[0]
        name, sealed = model.name, model.result.sealed is not None
        uuid, backoff = uuid_of(site, name, id), Backoff(RESULT_FIRST_SECONDS, RESULT_MOST_SECONDS)
        with self._engine.hot.awaited(uuid) as came:
            while True:
                came.clear()
                here = self._engine.here(uuid, site, name)
                if here is not None:  # then nobody has to be asked
                    await wait_set(here.left, RESULT_MOST_SECONDS)
                    if here.ended is not None and not sealed:
                        return here.served.given(here.ended)
                found = await self.get(method, id)
                if found.error is not None:
                    raise found.error
                if found.state == "done":
                    return found.result
                if here is None:
                    await wait_set(came, backoff.next())

    async def signal(
        self, method: Callable[..., Any], id: str, name: str, value: object = None
    ) -> None:
        """Sends something to an instance that waits for it, or will.

        In an open transaction it is a part of that.

        Args:
            method: The workflow.
            id: Of the instance.
            name: Which signal.
            value: What goes along.

        Raises:
            NotFound: The site has none of that id that is not over.
            ResourceExhausted: 10,000 signals or 4 MiB wait that it has not taken.
            InvalidArgument: The name or the value is none, or personal where nobody's is.
            HanseError: As `Database.execute`.
        """
        model = newest(method)
        uuid, site = self._uuid(model.name, id), origin_here()[0]
        body = encode_value(value)
        check_name(name)
        kind = sent_kind(value, name, of_person=bool(model.person))
        if not await self._engine.persons.send(Sent(uuid, site, model.name, name, kind, body)):
            row = await self._database.fetch_row(GET, uuid, site, model.name)
            if row is not None and row["end_time"] is None:
                raise unread(model.name, id)
            raise NotFound(f"No {model.name} of the id {id[:200]} is under way.")
        self._database.once_kept(partial(self._engine.nudge, (uuid,)))

    async def cancel(self, method: Callable[..., Any], id: str) -> bool:
        """Has an instance end, and its children: what they did is undone first.

        Returns:
            Whether it was still under way.

        Raises:
            HanseError: As `Database.execute`.
        """
        name, site = newest(method).name, origin_here()[0]
        found = await self._engine.store.cancel(uuid_of(site, name, id), site, name)
        self._database.once_kept(partial(self._engine.nudge, found))
        return bool(found)

    # Its host calls these.

    def join(self, host: Surroundings) -> None:
        """Is told where numbers and spans go."""
        self._engine.watch.join(host)

    def serve(self, service: object, model: WorkflowModel) -> None:
        """Has a version of a workflow run here, by a service."""
        self._engine.serve(Served(model, service))

    async def replay(self, method: Callable[..., Any], recording: Recording) -> int:
        """See `replay`; by the version that was recorded.

        Raises:
            LookupError: Nobody here serves that.
            HanseError: As `replay`.
        """
        name, version = newest(method).name, recording.version
        if recording.workflow != name or (name, version) not in self._engine.served:
            raise LookupError(f"Nobody serves {recording.workflow} {version} as {name} here.")
        return await replay(self._engine.served[name, version], recording)

    async def __aenter__(self) -> Self:
        if self._engine.served:
            self._database.upkeep.regularly(EndedSweep(self._database))
            self._database.upkeep.regularly(self._engine)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._engine.stop()

    async def _prepare(self) -> None:
        await make_tables(self._database)
        if any(one.model.person for one in self._engine.served.values()):
            await self._engine.persons.ready()
        self._engine.reached.set()

    def _uuid(self, name: str, key: str) -> UUID:
        return uuid_of(origin_here()[0], name, key)

    def _start(self, model: WorkflowModel, body: bytes, key: str) -> Start:
        site, locale = origin_here()
        if key:
            check_key(key)
        uuid = self._uuid(model.name, key) if key else self._ids.draw(self._engine.now())
        return Start(
            uuid, site, model.name, model.version, key, locale, body,
            lane=model.lane(site, body), link=link_of(running.get()),
            model=model if model.person else None,
        )  # fmt: skip

    async def _joined(self, starts: Sequence[Start], model: WorkflowModel) -> None:
        """In the transaction that is open: whoever looks next takes them."""
        store, persons = self._engine.store, self._engine.persons
        await (persons.begin(starts) if model.person else store.start(starts))
        self._database.once_kept(self._engine.wake)
