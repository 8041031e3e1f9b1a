"""`Run`: what a workflow asks for, so that it is done once and known when it goes on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from hanse.runtime.call.context import running
from hanse.runtime.errors import Internal
from hanse.runtime.workflows.declaration import newest
from hanse.runtime.workflows.engine.child import run_child
from hanse.runtime.workflows.engine.unread import decode_taken
from hanse.runtime.workflows.engine.work import TIMEOUT_SECONDS, Work, perform
from hanse.runtime.workflows.failure import CANCELED, read_failure
from hanse.runtime.workflows.journal.entry import Entry
from hanse.runtime.workflows.model import read_signal, result_of
from hanse.runtime.workflows.personal.running import opened, seals_of
from hanse.runtime.workflows.personal.signals import signal_kind
from hanse.runtime.workflows.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.runtime.workflows.engine.instance import Instance

T = TypeVar("T")

DEFAULT = Retry()


class Run:
    """One instance, to its own code. Whatever it awaits here is written down when it is over.

    Steps may run side by side, one each: `await asyncio.gather(run.step(a), run.step(b))`.
    """

    __slots__ = ("_instance",)

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    @property
    def id(self) -> str:
        """The id of this instance, as it was given or drawn."""
        return self._instance.row["key"] or str(self._instance.id)

    @property
    def key(self) -> str:
        """Of the step that runs now: the same whenever it is tried, and no other's.

        For whoever outside takes such a key, so that an effect there happens once. Calls of
        services that a step makes carry keys by themselves.

        Raises:
            Internal: No step runs here.
        """
        call = running.get()
        if call is None or call.keyed is None:
            raise Internal("A key is of a step; ask for it in the function of one.")
        return call.keyed.key

    async def step(
        self,
        function: Callable[..., Awaitable[T]],
        *arguments: Any,
        undo: Callable[[T], Awaitable[object]] | None = None,
        retry: Retry = DEFAULT,
        timeout: float = TIMEOUT_SECONDS,  # noqa: ASYNC109  of one try, and swept as all deadlines
    ) -> T:
        """Does something outside: a call, a mail, a payment. What it gives is kept.

        Where the host dies in it, it is done once more: so let its effect depend on `key`.

        Args:
            function: An async function that says what it gives.
            arguments: For that.
            undo: Takes what it gave and takes back what it did, when the workflow fails later on.
            retry: When it is tried again.
            timeout: Seconds that one try may take.

        Raises:
            HanseError: As the last try did.
            StepFailed: It raised something else.
        """
        work = Work("step", function, arguments, result_of(function), retry, timeout)
        return await self._work(work, undo)

    async def transaction(
        self,
        function: Callable[..., Awaitable[T]],
        *arguments: Any,
        undo: Callable[[T], Awaitable[object]] | None = None,
        retry: Retry = DEFAULT,
        timeout: float = TIMEOUT_SECONDS,  # noqa: ASYNC109  as above
    ) -> T:
        """Changes what the host's database holds: once, whatever dies.

        All that the function writes and the entry of this are one transaction.

        Args:
            function: As for `step`; it calls no service.
            arguments: For that.
            undo: As for `step`.
            retry: As for `step`.
            timeout: As for `step`.

        Raises:
            HanseError: As the last try did.
            StepFailed: It raised something else.
        """
        work = Work("transaction", function, arguments, result_of(function), retry, timeout)
        return await self._work(work, undo)

    async def _work(self, work: Work, undo: Callable[[T], Awaitable[object]] | None) -> Any:
        instance = self._instance
        if work.result.sealed is not None:
            seals_of(instance, work.result.sealed, f"what {work.name} gives")
        place, entry = instance.next(work.kind, work.name)
        if entry is None or entry.failed is None:
            entry = await perform(instance, place, work, entry)
        if entry.failed:
            raise read_failure(entry.value)
        body, sealed = entry.value, work.result.sealed
        if sealed is not None:
            body = await opened(instance, sealed, body, f"entry {place}")
        value = work.result.read(body)
        if undo is not None:
            instance.undos[place] = (undo, value)
        return value

    async def sleep(self, duration: timedelta) -> None:
        """Waits, from milliseconds to years; who waits long costs a row and nothing else.

        Args:
            duration: By business time.
        """
        instance = self._instance
        place, entry = instance.next("sleep", "")
        if entry is None:
            due = instance.engine.now() + duration
            entry = Entry(place, "sleep", "", None, 1, b"null", due)
        if entry.failed is None:
            entry = await self._slept(entry)
        if entry.failed:
            raise read_failure(entry.value)

    async def signal(
        self,
        name: str,
        kind: type[T],
        timeout: timedelta | None = None,  # noqa: ASYNC109  of business time
    ) -> T | None:
        """Waits for what somebody sends with `Workflows.signal`; each is taken once, in order.

        Args:
            name: Which signal.
            kind: The type of its value.
            timeout: How long, by business time; left out, for ever.

        Returns:
            Its value; None if it did not come in time.

        Raises:
            InvalidArgument: Its value is of another type, or no such type can be sent.
        """
        sealed = signal_kind(kind, name)
        instance = self._instance
        if sealed is not None:
            seals_of(instance, sealed, f"the signal {name}")
        place, entry = instance.next("signal", name)
        if entry is None:
            due = instance.engine.now() + (timeout or timedelta(0))
            entry = Entry(place, "signal", name, None, 1, b"null", due)
        if entry.failed is None:
            entry = await self._signalled(entry, None if timeout is None else entry.time)
        if entry.failed:
            raise read_failure(entry.value)
        taken = decode_taken(entry.value)
        if taken is None:
            return None
        body = bytes(taken.value)
        if sealed is not None:
            body = await opened(instance, sealed, body, f"signal {name}")
        return read_signal(body, kind, name, sealed)

    async def _signalled(self, entry: Entry, due: datetime | None) -> Entry:
        instance = self._instance
        while (found := instance.take_signal(entry.name)) is None and not instance.canceled:
            if due is not None and instance.engine.now() >= due:
                break
            await instance.until(due, entry)
        return self._ended(entry, msgspec.json.encode(found), there=found is not None)

    async def child(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Runs another workflow as a part of this one, and waits for what it gives.

        If this one is canceled, that one is first.

        Args:
            method: The workflow.
            arguments: For that.
            named: More of them.

        Raises:
            HanseError: What it failed with.
        """
        instance, model = self._instance, newest(method)
        if model.result.sealed is not None:
            seals_of(instance, model.result.sealed, f"what {model.name} gives")
        place, entry = instance.next("child", model.name)
        if entry is None or entry.failed is None:
            body = model.write_input(arguments, named)
            entry = await run_child(instance, place, model, body)
        if entry.failed:
            raise read_failure(entry.value)
        body, sealed = entry.value, model.result.sealed
        if sealed is not None:
            body = await opened(instance, sealed, body, f"entry {place}")
        return model.result.read(body)

    async def _slept(self, entry: Entry) -> Entry:
        instance = self._instance
        while instance.engine.now() < entry.time and not instance.canceled:
            await instance.until(entry.time, entry)
        return self._ended(entry, b"null")

    def _ended(self, entry: Entry, value: bytes, *, there: bool = False) -> Entry:
        instance = self._instance
        failed = instance.canceled and not there
        body = CANCELED if failed else value
        done = instance.entry(entry.place, entry.kind, entry.name, body, failed=failed)
        instance.keep(done)
        return done
