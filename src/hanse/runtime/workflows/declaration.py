"""`@workflow`: a method of a service that survives whatever dies while it runs."""

from __future__ import annotations

import inspect
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from hanse.runtime.contract.declaration import Declaration
from hanse.runtime.contract.immutable import unwrapped
from hanse.runtime.contract.method import Method
from hanse.runtime.contract.mistakes import DeclarationError, Mistakes
from hanse.runtime.contract.signature import read_signature
from hanse.runtime.contract.unasked.unasked import READER
from hanse.runtime.data.entity.personal import path_of
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.workflows.limits.limit import Limit
from hanse.runtime.workflows.model import WorkflowModel
from hanse.runtime.workflows.personal.declared import check_secrets, sealed_arguments, whose_missing
from hanse.runtime.workflows.schedules.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.runtime.contract.method import Signature

Function = TypeVar("Function", bound="Callable[..., Awaitable[Any]]")

MODELS = "__hanse_workflow__"
"""The attribute of a function that has what was read of it, of the class it stands in first."""


class WorkflowDeclaration(msgspec.Struct, frozen=True):
    """What `@workflow` was told, unread: the class it stands in reads it.

    Attributes:
        version: Of the sequence of its steps.
        of: The method whose earlier or later version it is; empty for its own.
        schedule: When it begins by itself.
        limit: How many are under way.
        person: The argument, or the field of one, that holds the id of the person it is of.
    """

    version: int
    of: str
    schedule: Schedule | None
    limit: Limit | None
    person: str

    def read(
        self, function: Callable[..., Any], name: str, service: str, mistakes: Mistakes
    ) -> WorkflowModel | None:
        """See `UnaskedReader`."""
        where, before = f"{service.rpartition('.')[2]}.{name}", len(mistakes)
        if not inspect.iscoroutinefunction(function):
            mistakes.add(where, "is no async method", "write async def")
            return None
        if self.version < 1:
            mistakes.add(where, f"has the version {self.version}", "versions begin with 1")
        _check_run(function, where, mistakes)
        signature = _read_signature(function, where, mistakes)
        if signature is None or len(mistakes) > before:
            return None
        if self.schedule is not None:
            check_schedule(self.schedule, signature, where, mistakes)
        if self.limit is not None and (why := self.limit.problem(signature.request_type)):
            mistakes.add(where, why, 'like Limit(by="order.customer", running=2)')
        model = self._model(function, (self.of or name, name, service), signature, mistakes)
        if len(mistakes) > before or model is None:
            return None
        setattr(function, MODELS, (*getattr(function, MODELS, ()), model))
        return model

    def _model(
        self,
        function: Callable[..., Any],
        called: tuple[str, str, str],
        signature: Signature,
        mistakes: Mistakes,
    ) -> WorkflowModel | None:
        name, attribute, service = called
        doc = inspect.cleandoc(function.__doc__ or "")
        plain = Declaration(None, PUBLIC, (), None)
        method = Method(name, signature, plain, service=service, route=None, doc=doc)
        try:
            model = WorkflowModel(method, function, attribute, self.version)
        except DeclarationError as error:
            mistakes.add_all(error.problems)
            return None
        model.schedule, model.limit = self.schedule, self.limit
        _read_persons(model, self.person, f"{service.rpartition('.')[2]}.{attribute}", mistakes)
        return model


def workflow(
    *,
    version: int,
    of: str = "",
    schedule: Schedule | None = None,
    limit: Limit | None = None,
    person: str = "",
) -> Callable[[Function], Function]:
    """Declares a method a workflow: it goes on where it was, whatever died meanwhile.

        @workflow(version=1)
        async def place(self, run: Run, order: Wanted) -> Receipt:
            paid = await run.step(self._charge, order, undo=self._refund)
            return await run.transaction(self._save, order, paid)

    It is run from its beginning each time it goes on, and what it did before is read from its
    journal. So between its steps it decides by its arguments and their results alone: no clock,
    no chance, no call, no query. Whoever changes the order of its steps writes the method anew,
    under another version, and keeps the old one as long as instances of it live.

    Args:
        version: Of the sequence of its steps: new instances take the highest there is, others go
            on with the one they began with.
        of: The method whose other version it is: `of="place"` for `place_2`.
        schedule: When it begins by itself, in the default site or those it names; it takes the time
            that it is due then, `due: Instant`, or nothing. That of the newest version counts.
        limit: How many of those with a key in common are under way, and how often one begins; that
            of the newest version counts.
        person: The argument that holds the id of the person whose process it is, or an e-mail
            address; or a field of one, as "wanted.customer". Needed where anything is `Personal`,
            of its arguments, of what steps give or signals bring: such fields are kept sealed.
    """

    def declare(function: Function) -> Function:
        setattr(function, READER, WorkflowDeclaration(version, of, schedule, limit, person))
        return function

    return declare


def check_schedule(
    schedule: Schedule, signature: Signature, where: str, mistakes: Mistakes
) -> None:
    """Notes what cannot begin by itself."""
    if problem := schedule.problem():
        mistakes.add(where, problem, 'like Schedule("0 9 * * mon-fri", zone="Europe/Berlin")')
    fields = msgspec.structs.fields(signature.request_type)
    if len(fields) > 1 or any(unwrapped(field.type) is not datetime for field in fields):
        mistakes.add(where, "begins by itself", "take due: Instant, or nothing")


def _read_signature(
    function: Callable[..., Any], where: str, mistakes: Mistakes
) -> Signature | None:
    """What it takes and gives; of a Secret is told what a workflow does with one, and nothing else.

    A service is told to take a text and make a Secret of it, and a journal would keep that text.
    """
    told = Mistakes(where)
    signature = read_signature(function, where, told, own=2)
    before = len(mistakes)
    if signature is not None:
        check_secrets(signature.request_type, where, mistakes)
        check_secrets(signature.result, f"{where} answer", mistakes)
    if len(mistakes) == before:
        mistakes.add_all(told.found)
    return signature


def _read_persons(model: WorkflowModel, person: str, where: str, mistakes: Mistakes) -> None:
    """Notes what of a workflow is sealed, and whose it is."""
    given = sealed_arguments(model.method.request_type, person, where, mistakes)
    model.given, model.person = given, path_of(person)
    if model.result.sealed is not None and not person:
        mistakes.add(where, *whose_missing(model.result.sealed))
    by = model.limit.by if model.limit else ""
    if by and given and any(_holds(".".join(one.path), by) for one in given.leaves):
        mistakes.add(where, f"its limit is by {by}, which is personal", "name an id")


def _holds(personal: str, by: str) -> bool:
    """Whether one of two paths leads through the other."""
    return f"{personal}.".startswith(f"{by}.") or f"{by}.".startswith(f"{personal}.")


def _check_run(function: Callable[..., Any], where: str, mistakes: Mistakes) -> None:
    names = list(inspect.signature(function).parameters)
    if len(names) < 2 or "Run" not in str(function.__annotations__.get(names[1], "")):
        mistakes.add(
            where, "does not begin with its run", f"def {function.__name__}(self, run: Run, …)"
        )


def newest(method: Callable[..., Any]) -> WorkflowModel:
    """The newest version of the workflow that a method is.

    Raises:
        TypeError: It is none.
    """
    owner = getattr(method, "__self__", None)
    models = getattr(owner, "__unasked__", None) or getattr(method, MODELS, ())
    function = getattr(method, "__func__", method)
    found = next((one for one in models if getattr(one, "function", None) is function), None)
    if found is None:
        raise TypeError(f"{method!r} is no workflow; give the method that has @workflow(…)")
    versions = (one for one in models if getattr(one, "name", "") == found.name)
    return max(versions, key=lambda one: one.version)
