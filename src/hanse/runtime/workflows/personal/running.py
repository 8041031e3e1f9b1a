"""Seals what an instance keeps of persons, and opens it where it runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NoReturn

from hanse.runtime.data.personal.keys_opened import ErasedMeanwhile
from hanse.runtime.data.personal.members import Gone
from hanse.runtime.data.personal.subject_key import BrokenSeal
from hanse.runtime.errors import FailedPrecondition
from hanse.runtime.workflows.engine.patience import patiently
from hanse.runtime.workflows.failure import ERASED_BECAUSE, Halted, WorkflowErased
from hanse.runtime.workflows.personal.declared import nobodys
from hanse.runtime.workflows.personal.values import output_spot

if TYPE_CHECKING:
    from hanse.runtime.workflows.engine.instance import Instance
    from hanse.runtime.workflows.personal.declared import Sealed
    from hanse.runtime.workflows.personal.instance_seals import InstanceSeals


def seals_of(instance: Instance, kind: Sealed, where: str) -> InstanceSeals:
    """What an instance has of keys.

    Raises:
        InvalidArgument: It is of nobody, so that nothing personal can be kept of it.
    """
    if instance.seals is None:
        raise nobodys(kind, where)
    return instance.seals


async def opened(instance: Instance, kind: Sealed, body: bytes, slot: str) -> bytes:
    """A value in clear; of who was erased it is at its default.

    Args:
        instance: Whose.
        kind: What of it is sealed.
        body: As it is kept.
        slot: Which of its values.

    Raises:
        Halted: It goes with its person; or a value was moved, so that it is held.
    """
    seals = seals_of(instance, kind, slot)
    instance.waits.begin_work()
    try:
        return await seals.opened(kind, body, slot)
    except Gone:
        instance.hold(WorkflowErased(ERASED_BECAUSE))
    except (BrokenSeal, FailedPrecondition) as error:
        instance.hold(error)
    finally:
        instance.waits.end_work()


async def sealed_entry(instance: Instance, kind: Sealed, body: bytes, place: int) -> bytes:
    """What a step gave, as it is kept.

    Raises:
        HanseError: The database is away.
    """
    return await seals_of(instance, kind, "").sealed(kind, body, instance.id, f"entry {place}")


async def sealed_output(instance: Instance, kind: Sealed, body: bytes) -> bytes:
    """What an instance gave, as it is kept: that of a child is bound to where its parent has it.

    Raises:
        HanseError: The database refuses it.
    """
    if instance.engine.looks_only:
        return body
    seals = seals_of(instance, kind, "its answer")
    try:
        return await patiently(partial(seals.sealed, kind, body, *output_spot(instance.row)))
    except ErasedMeanwhile:
        await begin_again(instance)


async def begin_again(instance: Instance) -> NoReturn:
    """Has a host take it anew, and with it all that it read: of who was erased nothing is there.

    Raises:
        Halted: Always.
    """
    await instance.durable()
    instance.engine.doubt.note()  # it is held here until that is looked for, and does not run
    instance.lose()
    instance.engine.wake()
    raise Halted
