"""The flags of a host: what was ruled of them, followed while it changes."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, Self

import msgspec

from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.call.context import running
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.data.people.place import Statements, note
from hanse.runtime.errors import HanseError
from hanse.runtime.flags.draws import Draws
from hanse.runtime.flags.ruling import NOTHING, Ruling
from hanse.runtime.flags.state import State
from hanse.runtime.flags.tables import make_tables
from hanse.runtime.flags.told import Surroundings, publish
from hanse.runtime.flags.trials.principals import is_fault, known_as
from hanse.runtime.flags.trials.tries import Tries

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from hanse.runtime.call.context import Origin
    from hanse.runtime.data.database import Database
    from hanse.runtime.figures.figures import Drawing
    from hanse.runtime.flags.declaration import Declaration
    from hanse.runtime.flags.trials.trial import Trial
    from hanse.runtime.telemetry.metrics import Metrics

log = logging.getLogger("hanse.flags")

LOOK_SECONDS = 0.5
"""How often a host asks whether anything was ruled."""

DOUBT_SECONDS = 3.0
"""How long after a change hosts may still write what was drawn before it."""

LAST_SECONDS = 1.0
"""How long a host that ends takes for writing what was drawn last."""

_RULINGS = "select name, ruling from hanse.flag where name = any($1)"

PERSONS = Statements(
    "hanse:Flags",
    exports={
        "drawn": "select name, value, draw_time from hanse.flag_draw "
        "where site_id = $1 and unit = $2 order by name"
    },
    erases={"drawn": "delete from hanse.flag_draw where site_id = $1 and unit = $2"},
)
"""What is kept of a person: what they drew."""

_decode = msgspec.json.Decoder(Ruling).decode


class Book:
    """What a host knows of its flags. It is made once, for all of its classes of flags.

    Attributes:
        states: By name.
        revision: Of the last change that is followed here.
        draws: What principals drew.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.states: dict[str, State] = {}
        self.revision = -1
        self._ruled: dict[str, bytes] = {}
        self._tries = Tries()
        self.draws = Draws(database, self.states)
        self._narrowed = False
        self._doubt_at = float("inf")
        self._away = False
        self._metrics: Metrics | None = None

    @classmethod
    def __from_database__(cls, kind: Any, database: Database) -> Self:
        book = cls(database)
        database.prepare(book.begin)
        return book

    def serve(self, declared: Mapping[str, Declaration]) -> dict[str, State]:
        """The flags of a class, by the names of its fields.

        Raises:
            ConfigurationError: Another class has one of that name, and it is another.
        """
        return {field: self._state(one) for field, one in declared.items()}

    async def begin(self) -> None:
        """Reads what was ruled, and follows it from then on.

        Raises:
            HanseError: The database is away.
        """
        await make_tables(self._database)
        if any(state.declared.sticky for state in self.states.values()):
            await note(self._database, PERSONS)
        await self.look()
        self._tell_of_stale()
        for work in (self._follow, self._lapse):
            self._database.upkeep.meanwhile(work)

    async def look(self) -> None:
        """Follows what was ruled since the last look.

        Raises:
            HanseError: The database is away; what is known stays.
        """
        revision = await self._tries.look(self._database, list(self.states))
        if revision == self.revision:
            self._try()
            return
        kept = await self._database.fetch(_RULINGS, list(self.states))
        self._ruled = {one["name"]: one["ruling"] for one in kept}
        for state in self.states.values():
            self._rule(state)
        self.revision = revision
        sticky = [one for one in self.states.values() if one.declared.sticky]
        self._narrowed = any(one.ruling.narrowed for one in sticky)
        self.draws.doubt()
        self._doubt_at = monotonic() + DOUBT_SECONDS

    def _try(self) -> None:
        """Follows what is tried, and what is no more."""
        for name, state in self.states.items():
            if self._tries.differs(name):
                self._rule(state)

    async def arrive(self, key: str = "") -> None:
        """Looks up what the running call's principal drew, where lots alone do not tell any more.

        Args:
            key: What a visitor is known by.
        """
        if key:
            known_as.set(key)
        call = running.get()
        if call is not None and self._narrowed:
            site, who = call.origin.site, key or call.origin.principal.id
            await self.draws.load(dict.fromkeys(((site, who), (site, ""))))

    async def know(self, origin: Origin) -> None:
        """As `arrive`, for anybody."""
        if self._narrowed:
            units = (origin.site, origin.principal.id), (origin.site, "")
            await self.draws.load(dict.fromkeys(units))

    def around(self, handler: Callable[..., Any], *, streams: bool) -> Callable[..., Any]:
        """A handler that begins once it is known what the call's principal drew."""

        async def call(*values: Any, **named: Any) -> Any:
            token = known_as.set("")
            try:
                if self._narrowed:
                    await self.arrive()
                return await handler(*values, **named)
            except BaseException as error:
                self._failed(error)
                raise
            finally:
                known_as.reset(token)

        async def stream(*values: Any, **named: Any) -> AsyncGenerator[Any]:
            try:
                await self.arrive()
                async with aclosing(handler(*values, **named)) as items:
                    async for item in items:
                        yield item
            except BaseException as error:
                self._failed(error)
                raise

        return stream if streams else call

    def join(self, host: Surroundings) -> None:
        """Is told where numbers go."""
        self._metrics = host.instruments.metrics
        host.instruments.tally.drawings = self.drawings

    def drawings(self) -> dict[str, Drawing]:
        """What is told to whoever judges what is tried, of each flag."""
        return {name: state.principals.drawing() for name, state in self.states.items()}

    def _failed(self, error: BaseException) -> None:
        """A call of a service with flags failed, which may speak against what its caller drew."""
        call = running.get()
        if call is None or not is_fault(error, call):
            return
        site, who = call.origin.site, known_as.get() or call.origin.principal.id
        for state in self.states.values():
            for unit in dict.fromkeys(((site, who), (site, ""))):
                state.principals.failed(unit)

    def _state(self, declared: Declaration) -> State:
        known = self.states.get(declared.name)
        if known is None:
            known = self.states[declared.name] = State(declared, self.draws)
        elif known.declared != declared:
            raise ConfigurationError(
                f"Two classes of flags declare {declared.name}, and otherwise; name one of them "
                'anew: class Checkout(Flags, name="till")'
            )
        return known

    def _rule(self, state: State) -> None:
        """Has a flag follow what is tried, or what was ruled; what cannot be read is its default.

        What is tried and cannot be read here is not tried here, and whoever judges sees that.
        """
        name, why = state.declared.name, ""
        trial, written = self._tries.follow(name), self._ruled.get(name)
        try:
            if trial is not None and _can(state, trial):
                return
            state.rule(NOTHING if written is None else _decode(written))
        except (ValueError, TypeError) as error:  # msgspec's are ValueErrors
            state.rule(NOTHING)
            why = str(error)
            if why != state.unreadable:
                log.error(  # noqa: TRY400  the sentence has it all
                    "What was ruled of %s cannot be read here, so its default holds: %s",
                    name,
                    why,
                )
        state.unreadable = why

    async def _follow(self) -> None:
        try:
            while True:
                await wait_set(asyncio.Event(), LOOK_SECONDS)
                await self._turn()
        finally:  # what was drawn last is written before the host ends
            with suppress(TimeoutError, HanseError):
                async with asyncio.timeout(LAST_SECONDS):
                    await self.draws.write()

    async def _lapse(self) -> None:
        """Ends what is tried where the database, too, has long not said so again."""
        while True:
            await wait_set(asyncio.Event(), LOOK_SECONDS)
            self._try()

    async def _turn(self) -> None:
        try:
            await self.draws.write()
            await self.look()
        except HanseError as error:
            if not self._away:
                log.warning("Flags cannot be followed, and stay as they are: %s", error)
            self._away = True
            return
        except Exception:
            log.exception("Flags cannot be followed, and stay as they are")
            return
        self._away = False
        self.publish()
        if monotonic() > self._doubt_at:
            self._doubt_at = float("inf")
            self.draws.doubt()

    def publish(self) -> None:
        """Has operators see how flags do."""
        if self._metrics is not None:
            publish(self._metrics, self.states, self.draws)

    def _tell_of_stale(self) -> None:
        today = self._database.clock.now().date()
        for state in self.states.values():
            until = state.declared.until
            if until is not None and until < today:
                log.warning(
                    "%s was to be gone after %s; ask %s. Take it out of the code.",
                    state.declared.name,
                    until,
                    state.declared.owner,
                )


def _can(state: State, trial: Trial) -> bool:
    """Whether a flag follows what is tried; what is none of its values is not followed."""
    try:
        state.rule(trial.ruling, trial)
    except (ValueError, TypeError):
        return False
    state.unreadable = ""
    return True
