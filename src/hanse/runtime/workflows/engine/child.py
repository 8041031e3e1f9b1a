"""Runs a workflow as a part of another one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.data.personal.keys_opened import ErasedMeanwhile
from hanse.runtime.workflows.engine.patience import patiently
from hanse.runtime.workflows.info import link_of, uuid_of
from hanse.runtime.workflows.journal.entry import Ended, Entry, Rest, Start
from hanse.runtime.workflows.personal.running import begin_again

if TYPE_CHECKING:
    from hanse.runtime.workflows.engine.instance import Instance
    from hanse.runtime.workflows.model import WorkflowModel

_read = msgspec.json.Decoder(Ended).decode
_write = msgspec.json.Encoder().encode


async def run_child(instance: Instance, place: int, model: WorkflowModel, body: bytes) -> Entry:
    """Begins it, which is done once, and waits until it has told its end; the entry of that.

    Args:
        instance: The parent.
        place: Of the child, in its journal.
        model: What the child is.
        body: Its arguments.

    Raises:
        Halted: The parent may not go on here.
        HanseError: The child cannot be begun.
    """
    start = _start(instance, place, model, body)
    begun = canceled = False
    # Looked for after each thing that it awaits: what is told meanwhile wakes nobody.
    while (found := instance.take_signal(f":child {place}")) is None:
        if not begun:
            begun = True
            await _begin(instance, start)
        elif instance.canceled and not canceled:
            canceled = True
            await _cancel(instance, start)
        else:
            waiting = Entry(place, "child", model.name, None, 1, b"null", instance.engine.now())
            await instance.until(None, waiting)
    told = _read(found.value)
    entry = instance.entry(place, "child", model.name, bytes(told.value), failed=told.failed)
    instance.keep(entry)
    return entry


async def end_child(instance: Instance, rest: Rest) -> None:
    """Writes how a child ended, and tells its parent in the same statement."""
    if instance.trouble is None:
        await instance.finish()
    value = _write(Ended(rest.state != "done", msgspec.Raw(rest.output or b"null")))
    store, told = instance.engine.store, (instance.id, instance.epoch, rest, value)
    await patiently(partial(store.end_child, *told))
    instance.engine.nudge((instance.row["parent"],))


def _start(instance: Instance, place: int, model: WorkflowModel, body: bytes) -> Start:
    site, key = instance.row["site_id"], f"{instance.id}.{place}"
    return Start(
        uuid_of(site, model.name, key), site, model.name, model.version, key,
        instance.row["locale"], body, parent=instance.id, parent_place=place,
        lane=model.lane(site, body), link=link_of(instance.call),
        model=model if model.person else None,
    )  # fmt: skip


async def _begin(instance: Instance, start: Start) -> None:
    """An effect: so what was done before it is written first."""
    instance.waits.begin_work()
    try:
        await instance.durable()
        await patiently(partial(instance.engine.start, start))
    except ErasedMeanwhile:
        await begin_again(instance)
    finally:
        instance.waits.end_work()


async def _cancel(instance: Instance, start: Start) -> None:
    """Until that is said the parent does not leave, whatever else of it only waits."""
    cancel = partial(instance.engine.store.cancel, start.id, start.site, start.name)
    instance.waits.begin_work()
    try:
        found = await patiently(cancel)
    finally:
        instance.waits.end_work()
    instance.engine.nudge(found)
