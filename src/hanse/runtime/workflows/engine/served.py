"""One version of a workflow and the service that it is a method of."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import astuple

from hanse.kit.ending import CutOff, is_stray
from hanse.runtime.errors import Canceled, Internal
from hanse.runtime.workflows.engine.patience import patiently
from hanse.runtime.workflows.engine.work import Work, perform
from hanse.runtime.workflows.failure import known, read_failure, written
from hanse.runtime.workflows.journal.entry import Rest
from hanse.runtime.workflows.model import ResultType, complaint
from hanse.runtime.workflows.personal.running import opened, sealed_output
from hanse.runtime.workflows.personal.values import INPUT
from hanse.runtime.workflows.retry import UNTIL_DONE
from hanse.runtime.workflows.run import Run

if TYPE_CHECKING:
    from hanse.runtime.workflows.engine.instance import Instance
    from hanse.runtime.workflows.model import WorkflowModel

log = logging.getLogger("hanse.workflows")

NOTHING = ResultType(Any, "undo")


class Served:
    """Runs the code of its instances.

    Args:
        model: The version.
        service: Of its service, as its host built it.
    """

    __slots__ = ("_function", "model", "service")

    def __init__(self, model: WorkflowModel, service: object) -> None:
        self.model = model
        self.service = service
        self._function = getattr(service, model.attribute)

    def read(self, output: bytes) -> Any:
        """What one of them gave."""
        return self.model.result.read(output)

    def given(self, ended: Rest) -> Any:
        """What an instance that ended here gives.

        Raises:
            HanseError: What it failed with.
        """
        assert ended.output is not None, "whoever ended gave or raised something"
        if ended.state != "done":
            raise read_failure(ended.output)
        return self.read(ended.output)

    async def outcome(self, instance: Instance) -> Rest:
        """Runs it from its beginning; how it ended, when what failed is undone.

        Raises:
            Halted: It may not go on.
        """
        try:
            request = await self._request(instance)
            answer = await self._function(Run(instance), *astuple(request))
            output = self.model.result.write(answer, self.model.name)
            if self.model.result.sealed is not None:
                output = await sealed_output(instance, self.model.result.sealed, output)
        except asyncio.CancelledError as error:
            if instance.over or not is_stray(error):
                raise
            return await self._failed(instance, CutOff(error, "the workflow"))
        except Exception as error:  # noqa: BLE001  whatever it is, it is written down
            return await self._failed(instance, error)
        instance.check_whole(failed=False)
        return Rest("done", output=output, time=instance.engine.now())

    async def _request(self, instance: Instance) -> Any:
        given, read = self.model.given, self.model.method.read_arguments
        if given is None:
            return read(instance.row["input"])
        body = await opened(instance, given, instance.row["input"], INPUT)
        try:
            return read(body)
        except msgspec.MsgspecError as error:
            raise TypeError(f"Its arguments are others: {complaint(error, given)}") from None

    async def _failed(self, instance: Instance, error: Exception) -> Rest:
        branches = [one for one in instance.call.children or () if not one.done()]
        if branches:
            await asyncio.wait(branches)
        instance.check_whole(failed=True)
        failure = known(error)
        if failure is not error or isinstance(error, Internal):
            log.error("%s %s failed", self.model.name, instance.id, exc_info=error)
        await undo(instance)
        canceled = isinstance(failure, Canceled) and await _canceled(instance)
        state = "canceled" if canceled else "failed"
        return Rest(state, output=written(failure), time=instance.engine.now())


async def _canceled(instance: Instance) -> bool:
    """Whether it was asked to end: a child may have told its end before that was known here."""
    engine = instance.engine
    if not instance.canceling and not engine.looks_only:
        row = await patiently(partial(engine.store.standing, instance.id, instance.epoch))
        instance.canceling = row is not None and row["canceling"]
    return instance.canceling


async def undo(instance: Instance) -> None:
    """Takes back what an instance did, the last first, each until it is done.

    Raises:
        Halted: It may not go on here.
    """
    instance.undoing = True
    for at in sorted(instance.undos, reverse=True):
        function, value = instance.undos[at]
        work = Work("undo", function, (value,), NOTHING, UNTIL_DONE)
        place, entry = instance.next("undo", work.name)
        if entry is None or entry.failed is None:
            await perform(instance, place, work, entry)
