"""`@subscribe`: has a method of a service called with events, each once and in order of its key."""

from __future__ import annotations

import inspect
import re
import types
import typing
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin

import msgspec

from hanse.runtime.contract.declaration import Declaration
from hanse.runtime.contract.method import Method, Signature, rpc_name
from hanse.runtime.contract.unasked.unasked import READER
from hanse.runtime.events.event import Event, event_of
from hanse.runtime.identity.permission import kind
from hanse.runtime.subscriptions.declared.delivery import Delivery
from hanse.runtime.subscriptions.declared.subscription import Subscription

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.contract.mistakes import Mistakes

Function = TypeVar("Function", bound="Callable[..., Any]")

BATCH_MAX = 1000
HANDLERS = 16
"""How many handlers of a subscription one host runs at once, unless it says otherwise."""

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_./-]{0,199}")
_SAMPLE = "async def notify(self, event: JobPublished) -> None"


def subscribe(
    *events: type[Event],
    name: str = "",
    timeout: float = 30.0,
    concurrency: int = HANDLERS,
    batch: int = 100,
) -> Callable[[Function], Function]:
    """Has a method called with each event of these kinds, in the order of their keys.

        @subscribe(JobPublished)
        async def notify(self, event: JobPublished) -> None: ...

    What it writes in its host's database is done once, however often the event comes: it is one
    transaction with the note that it was handled, which begins with the first statement. Before
    that it may call other services; afterwards it cannot. A second argument of type `Delivery`
    tells more, as a key for effects outside. A method that takes `events: tuple[JobPublished, ...]`
    is given many of one site at once, in one transaction. It runs as its own service, at the site
    of the event.

    An event that fails is tried again, after a while by a schedule; those of its key wait for it,
    others do not. `hanse events` shows what waits, and what nobody tries any more.

    Args:
        events: Which ones. Of several, the method takes any: `event: JobPublished | JobClosed`.
        name: Under which it is kept how far it came. Left out, service and method, as
            `hiring.v1.Notices/notify`; say that here before you rename one of them.
        timeout: Seconds one call may take.
        concurrency: How many of it one host runs at once, each with events of other keys.
        batch: How many events it takes at once at most, where it takes many.

    Raises:
        DeclarationError: When the class is made, with every mistake in it.
    """
    declared = Subscribing(events, name, timeout, concurrency, batch)

    def declare(function: Function) -> Function:
        setattr(function, READER, declared)
        return function

    return declare


class Subscribing(msgspec.Struct, frozen=True):
    """What `@subscribe` was told, unread: the class it stands in has it read."""

    events: tuple[Any, ...]
    name: str
    timeout: float
    concurrency: int
    batch: int

    def read(
        self, function: Callable[..., Any], name: str, service: str, mistakes: Mistakes
    ) -> Subscription | None:
        """See `UnaskedReader.read`."""
        where = f"{service.rpartition('.')[2]}.{name}"
        before = len(mistakes)
        self._check(function, where, mistakes)
        events = self._events(where, mistakes)
        arguments = _arguments(function, where, mistakes)
        if len(mistakes) > before:
            return None
        takes_many = self._check_arguments(arguments, where, mistakes)
        if len(mistakes) > before:
            return None
        doc = inspect.cleandoc(function.__doc__ or "")
        limits = Declaration(
            None, kind("service"), (), idempotent=True,
            timeout=self.timeout, concurrency=self.concurrency,
        )  # fmt: skip
        return Subscription(
            self.name or f"{service}/{name}",
            Method(name, _signature(name, arguments), limits, service=service, route=None, doc=doc),
            events,
            batch=self.batch if takes_many else 0,
            takes_delivery=len(arguments) > 1,
        )

    def _check(self, function: Any, where: str, mistakes: Mistakes) -> None:
        if not inspect.iscoroutinefunction(function):
            mistakes.add(where, "is no async method", f"write {_SAMPLE}")
        if self.timeout <= 0 or self.concurrency < 1 or not 1 <= self.batch <= BATCH_MAX:
            rule = f"timeout and concurrency are positive, batch is 1 to {BATCH_MAX}"
            mistakes.add(where, "has a limit out of bounds", rule)
        if self.name and not _NAME.fullmatch(self.name):
            what = f"cannot keep its place under {self.name!r}"
            mistakes.add(
                where, what, 'up to 200 letters, digits and ./_-: "hiring.v1.Notices/tell"'
            )
        if not self.events:
            mistakes.add(where, "subscribes to nothing", "write @subscribe(JobPublished)")

    def _events(self, where: str, mistakes: Mistakes) -> dict[str, type[Event]]:
        found: dict[str, type[Event]] = {}
        for one in self.events:
            if not (isinstance(one, type) and issubclass(one, Event)):
                remedy = "name classes with @event"
                mistakes.add(where, f"subscribes to {one!r}, which is no Event", remedy)
                continue
            try:
                name = event_of(one).full_name
            except TypeError as error:
                mistakes.add(where, str(error), "decorate it where it is declared")
                continue
            if found.setdefault(name, one) is not one:
                mistakes.add(where, f"takes two classes of the name {name}", "rename one")
        return found

    def _check_arguments(self, arguments: dict[str, Any], where: str, mistakes: Mistakes) -> bool:
        """Notes what is wrong with the arguments; whether it takes many events at once."""
        taken, *others = arguments.values()
        many = get_origin(taken) is tuple and get_args(taken)[1:] == (Ellipsis,)
        options = _options(get_args(taken)[0] if many else taken)
        if options != set(self.events):
            wanted = " | ".join(one.__name__ for one in self.events)
            wanted = f"tuple[{wanted}, ...]" if many else wanted
            what = "its first argument is not what it subscribes to"
            mistakes.add(where, what, f"write {next(iter(arguments))}: {wanted}")
        wanted = tuple[Delivery, ...] if many else Delivery
        if others and others != [wanted]:
            shown = "tuple[Delivery, ...]" if many else "Delivery"
            mistakes.add(where, f"takes more than events and {shown}", f"write {_SAMPLE}")
        return many


def _arguments(function: Any, where: str, mistakes: Mistakes) -> dict[str, Any]:
    """The types of its arguments by name, after `self`."""
    try:
        hints = typing.get_type_hints(function)
    except Exception as error:  # noqa: BLE001 - evaluating annotations runs whatever they say
        what = f"its annotations cannot be read ({error})"
        mistakes.add(where, what, "define types in the module")
        return {}
    parameters = list(inspect.signature(function).parameters.values())[1:]
    if not 1 <= len(parameters) <= 2 or any(
        one.kind is not one.POSITIONAL_OR_KEYWORD for one in parameters
    ):
        mistakes.add(where, "takes no event, or more than that", f"write {_SAMPLE}")
    if hints.pop("return", object) is not type(None):
        mistakes.add(where, "answers something, and nobody reads it", "write -> None")
    return {one.name: hints.get(one.name) for one in parameters}


def _options(annotation: Any) -> set[Any]:
    united = get_origin(annotation) in {Union, types.UnionType}
    return set(get_args(annotation)) if united else {annotation}


def _signature(name: str, arguments: dict[str, Any]) -> Signature:
    """Its arguments are made by the host itself, so nothing is read by their types."""
    fields = [(argument, Any) for argument in arguments]
    request = msgspec.defstruct(f"{rpc_name(name)}Request", fields, frozen=True)
    return Signature(request, None, streams=False)
