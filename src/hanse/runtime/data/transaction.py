"""One transaction: a session from its first command to its last, and who may use it meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from hanse.runtime.call.context import in_transaction, running
from hanse.runtime.call.leaving import begin_writing, end_writing
from hanse.runtime.data.failures import failure_of
from hanse.runtime.data.reading import only_reads
from hanse.runtime.errors import Aborted, Internal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from hanse.runtime.call.context import Call
    from hanse.runtime.data.record import Record
    from hanse.runtime.data.session import Session

Isolation = Literal["read committed", "repeatable read", "serializable"]

_ARGUMENT = re.compile(r"\$(\d+)")
_LEVELS: tuple[Isolation, ...] = ("read committed", "repeatable read", "serializable")


class Opening(NamedTuple):
    """A statement and its arguments, which stand in it: what goes along with `begin` binds none.

    Planning it anew each time would cost more than all else of a short transaction, so each
    connection prepares it once, by a name.

    Attributes:
        name: One for one text, all over the program.
        types: Of its arguments, as SQL.
        text: With `$1`, `$2`, … for them.
        values: Of its arguments, each as a literal, whose type is seen from where it stands.
    """

    name: str
    types: tuple[str, ...]
    text: str
    values: tuple[str, ...]

    @property
    def prepare(self) -> str:
        """What makes it known to a connection."""
        return f"prepare {self.name} ({', '.join(self.types)}) as {self.text}"

    @property
    def execute(self) -> str:
        """Runs it where it is known."""
        return f"execute {self.name} ({', '.join(self.values)})"

    @property
    def plain(self) -> str:
        """Runs it anywhere, as behind a pooler, where a connection keeps nothing."""
        typed = [f"{value}::{kind}" for value, kind in zip(self.values, self.types, strict=True)]
        return _ARGUMENT.sub(lambda found: typed[int(found[1]) - 1], self.text)


class Lender(Protocol):
    """Takes sessions back on which a transaction has ended."""

    def give(self, session: Session) -> None:
        """Takes one back that can be used again as it is."""
        ...

    def mend(self, session: Session) -> asyncio.Future[None] | None:
        """Takes one back on which something was broken off; what is done when it is clean."""
        ...


class Lending(Protocol):
    """Lends sessions on which a transaction has begun: those of a host's pool, or of an app."""

    @property
    def pool(self) -> Lender:
        """Where they go back to."""
        ...

    async def begin(self, command: str) -> Session:
        """One on which a transaction has begun."""
        ...

    async def begin_with(self, command: str, first: Opening) -> tuple[Session, str]:
        """As `begin`, with a first statement; and what the server says of that."""
        ...


class Transaction:
    """Runs statements one after another, also those of tasks that run side by side.

    Args:
        session: Where it runs.
        owner: The database it belongs to.
        isolation: How much it sees of others.
        read_only: Whether it may not write.

    Attributes:
        session: The same; None where it takes one with its first statement.
        lender: Where that goes back to.
        then: What is done once it is committed, in order.
        wrote: Whether it may have written something.
    """

    __slots__ = (
        "_before", "_call", "_ended", "_failed", "_savepoints", "_turn", "isolation", "lender",
        "owner", "read_only", "session", "then", "wrote",
    )  # fmt: skip

    def __init__(
        self, session: Session | None, owner: object, isolation: Isolation, *, read_only: bool
    ) -> None:
        self.owner = owner
        self.isolation: Isolation = isolation
        self.read_only = read_only
        self.wrote = False
        self.then: dict[Callable[[], None], None] = {}
        self.session: Session | None = session
        self.lender: Lender | None = None
        self._turn = asyncio.Lock()
        self._failed = self._ended = False
        self._savepoints = 0
        self._call = running.get()
        self._before: Any = None

    def holds(self, call: Call | None) -> bool:
        """Whether what runs for a call is inside it."""
        return not self._ended and _whole(call) is _whole(self._call)

    def enter(self) -> None:
        """Has the block that begins here run inside it."""
        self._before = in_transaction.get()
        in_transaction.set(self)
        if self._call is not None and not self.read_only:
            begin_writing(self._call)

    def leave(self) -> None:
        """Ends that; tasks the block left behind can do nothing in it any more."""
        self._ended = True
        in_transaction.set(self._before)
        if self._call is not None and not self.read_only:
            end_writing(self._call)

    @property
    def beginning(self) -> str:
        """The command that opens it on the server."""
        return f"begin isolation level {self.isolation}{' read only' if self.read_only else ''}"

    async def move(self, lending: Lending) -> None:
        """Has all of it run on a session of somebody else's; nothing may be written yet.

        Raises:
            Internal: Something was, or it asks for more than a plain transaction.
            HanseError: The other cannot begin.
        """
        async with self._turn:
            if self.wrote or self._savepoints or self.read_only or self.isolation != _LEVELS[0]:
                raise Internal(
                    "This transaction has written something, or is no plain one. Ask for the "
                    "app's session first, in a plain transaction."
                )
            assert self.session is not None, "it has begun"
            session = await lending.begin(self.beginning)
            self.give_back(failed=True)
            self.session, self.lender = session, lending.pool

    def give_back(self, *, failed: bool) -> asyncio.Future[None] | None:
        """Has its session go where it came from.

        Args:
            failed: Whether something is to be undone there.

        Returns:
            What is done when that is; None if nothing is left to do.
        """
        assert self.session is not None, "it has begun"
        assert self.lender is not None, "it took one"
        if failed:
            return self.lender.mend(self.session)
        self.lender.give(self.session)
        return None

    async def run(self, text: str, arguments: Sequence[Any]) -> tuple[list[Record], Any]:
        """Runs a statement when those before it are done.

        Raises:
            Aborted: One before it failed, so that nothing can follow but the end.
            HanseError: What went wrong, see `failure_of`.
        """
        self.wrote = self.wrote or not only_reads(text)
        return await self.do(lambda one: one.run(text, arguments))

    async def do(self, step: Callable[[Session], Awaitable[Any]]) -> Any:
        """Does something on the session, alone."""
        async with self._turn:
            if self._ended:
                raise Aborted("The transaction this was a part of has ended.")
            if self._failed:
                raise Aborted("An earlier statement of this transaction failed; begin anew.")
            session = self.session
            assert session is not None, "it has begun"
            try:
                return await step(session)
            except Exception as error:
                self._failed = True
                raise failure_of(error) from error
            except BaseException:
                self._failed = True
                session.break_off()
                raise

    async def commit(self) -> None:
        """Makes lasting what was done.

        Raises:
            Aborted: A part of it failed, so all of it is undone.
            HanseError: The server refuses.
        """
        if self._failed:
            raise Aborted("A part of this transaction failed, so nothing of it was kept.")
        if await self.do(lambda one: one.command("commit")) != "COMMIT":
            raise Aborted("A part of this transaction failed, so nothing of it was kept.")
        for step in self.then:
            step()

    @asynccontextmanager
    async def part(self, isolation: Isolation, *, savepoint: bool) -> AsyncGenerator[None]:
        """A block inside it. If it fails all fails, unless it has a savepoint to go back to.

        Raises:
            Internal: It asks for more than the transaction around it gives.
        """
        if _LEVELS.index(isolation) > _LEVELS.index(self.isolation):
            raise Internal(f"A {isolation} part cannot stand in a {self.isolation} transaction.")
        if savepoint:
            async with self.with_savepoint():
                yield
            return
        try:
            yield
        except BaseException:
            self._failed = True
            raise

    @asynccontextmanager
    async def with_savepoint(self) -> AsyncGenerator[None]:
        """A block that can fail by itself."""
        self._savepoints += 1
        name, steps = f"part_{self._savepoints}", len(self.then)
        await self.do(lambda one: one.command(f"savepoint {name}"))
        try:
            yield
        except Exception:
            self._failed = False
            while len(self.then) > steps:  # of what is undone
                self.then.popitem()
            await self.do(lambda one: one.command(f"rollback to savepoint {name}"))
            raise
        await self.do(lambda one: one.command(f"release savepoint {name}"))


def _whole(call: Call | None) -> Call | None:
    return call and (call.part_of or call)


def lock_key(name: str) -> int:
    """The number PostgreSQL knows a lock by."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
