"""Does one step of a workflow: tries it, waits, and writes down what it gave."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.kit.ending import CutOff, is_stray
from hanse.kit.fault_points import reached
from hanse.runtime.call.context import Call, Keyed, running
from hanse.runtime.call.deadline import time_is_up
from hanse.runtime.call.endpoint import end_children
from hanse.runtime.data.personal.keys_opened import ErasedMeanwhile
from hanse.runtime.errors import DeadlineExceeded
from hanse.runtime.workflows.engine.patience import patiently
from hanse.runtime.workflows.failure import CANCELED, Halted, known, read_failure, written
from hanse.runtime.workflows.journal.entry import Entry, Kind
from hanse.runtime.workflows.model import ResultType, name_of, step_call
from hanse.runtime.workflows.personal.running import begin_again, sealed_entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.workflows.engine.instance import Instance
    from hanse.runtime.workflows.retry import Retry

log = logging.getLogger("hanse.workflows")

TIMEOUT_SECONDS = 30.0


class NotKept(Exception):
    """The entry of a transaction could not be written, so nothing of it is."""


class Work(msgspec.Struct, frozen=True):
    """What is to be done.

    Attributes:
        kind: As the journal calls it.
        function: Does it.
        arguments: For that.
        result: How what it gives is written.
        retry: When it is tried again.
        timeout: Seconds that one try may take.
    """

    kind: Kind
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    result: ResultType
    retry: Retry
    timeout: float = TIMEOUT_SECONDS

    @property
    def name(self) -> str:
        """As the journal calls it."""
        return name_of(self.function)


async def perform(instance: Instance, place: int, work: Work, entry: Entry | None) -> Entry:
    """Does it until it has come to an end; the entry that says which.

    Args:
        instance: Whose.
        place: Of what is done, in its journal.
        work: What.
        entry: What the journal has of tries before.

    Raises:
        Halted: The instance may not go on here.
    """
    found = entry
    while True:
        if found is not None:
            await _waited(instance, found)
            if instance.canceled:
                found = instance.entry(place, work.kind, work.name, CANCELED, failed=True)
                instance.keep(found)
                return found
        instance.waits.begin_work()
        try:
            found = await _tried(instance, place, work, found.attempt + 1 if found else 1)
        finally:
            instance.waits.end_work()
        if found.failed is not None:
            return found


async def _waited(instance: Instance, tried: Entry) -> None:
    """Until it is time for the next try, or there is to be none."""
    while instance.engine.now() < tried.time and not instance.canceled:
        await instance.until(tried.time, tried)


async def _tried(instance: Instance, place: int, work: Work, attempt: int) -> Entry:
    """One try, and what it came to; an entry without an end where another follows."""
    await instance.durable()
    call = step_call(instance.call, Keyed(f"{instance.id}.{place}"), work.timeout)
    found = await _done(instance, place, work, attempt, call)
    code = "tried_again" if found.failed is None else ""
    code = read_failure(found.value).code if found.failed else code
    instance.engine.watch.tried(instance.served.model, work.name, call, code)
    return found


async def _done(instance: Instance, place: int, work: Work, attempt: int, call: Call) -> Entry:
    try:
        if work.kind == "transaction":
            return await _in_transaction(instance, place, work, attempt, call)
        value = await _within(call, work)
        instance.call.opened.take_over(call.opened)
        body = work.result.write(value, work.name)
        if work.result.sealed is not None:
            seal = partial(sealed_entry, instance, work.result.sealed, body, place)
            body = await patiently(seal)  # what was done is done
    except NotKept:
        return await _as_it_is(instance, place)
    except ErasedMeanwhile:
        await begin_again(instance)
    except Exception as error:  # noqa: BLE001  whatever it is, it is written down
        return _failed(instance, place, work, attempt, error)
    await reached("workflow.step_done")
    done = instance.entry(place, work.kind, work.name, body, failed=False, attempt=attempt)
    instance.keep(done)
    return done


async def _within(call: Call, work: Work) -> Any:
    """Runs it as a call, with a deadline and a key that what it calls in turn gets one from."""
    token = running.set(call)
    call.deadlines.watch(call)
    try:
        return await work.function(*work.arguments)
    except BaseException as error:
        if time_is_up(call):
            text = f"The step {work.name} did not end in {work.timeout:g} s."
            raise DeadlineExceeded(text) from error
        if is_stray(error):
            raise CutOff(error, f"the step {work.name}") from error
        raise
    finally:
        call.deadlines.leave(call)
        running.reset(token)
        if call.children is not None:
            end_children(call)


async def _in_transaction(
    instance: Instance, place: int, work: Work, attempt: int, call: Call
) -> Entry:
    """What it writes and its entry are one transaction."""
    database, store = instance.engine.database, instance.engine.store

    async def all_of_it() -> Entry:
        async with database.transaction():
            value = await work.function(*work.arguments)
            body = work.result.write(value, work.name)
            if work.result.sealed is not None:
                body = await sealed_entry(instance, work.result.sealed, body, place)
            done = instance.entry(place, work.kind, work.name, body, failed=False, attempt=attempt)
            if not await store.keep(instance.id, instance.epoch, done):
                raise NotKept
            await reached("workflow.transaction_kept")
        return done

    whole = Work(work.kind, all_of_it, (), work.result, work.retry, work.timeout)
    done = await _within(call, whole)
    instance.call.opened.take_over(call.opened)
    instance.note(done)
    return done


async def _as_it_is(instance: Instance, place: int) -> Entry:
    """What the journal has already: a commit of ours whose answer was lost."""
    entry = await instance.engine.store.look(instance.id, instance.epoch, place)
    if entry is None or entry.failed is None:
        instance.lose()
        raise Halted
    instance.note(entry)
    return entry


def _failed(instance: Instance, place: int, work: Work, attempt: int, error: Exception) -> Entry:
    if work.retry.again(error, attempt):
        log.warning("%s %s: %s failed, and is tried again: %s", instance.served.model.name,
                    instance.id, work.name, error)  # fmt: skip
        time = instance.engine.now() + work.retry.wait(attempt)
        return Entry(place, work.kind, work.name, None, attempt, b"null", time)
    failure = known(error)
    if failure is not error:
        log.error("%s %s: %s failed", instance.served.model.name, instance.id, work.name,
                  exc_info=error)  # fmt: skip
    done = instance.entry(
        place, work.kind, work.name, written(failure), failed=True, attempt=attempt
    )
    instance.keep(done)
    return done
