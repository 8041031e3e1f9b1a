"""`sql(…)`: a statement of a store, and what one does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, LiteralString, Self, TypeVar, overload

from hanse.runtime.call.context import current
from hanse.runtime.errors import Internal, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hanse.runtime.data.rows.answers import Answer
    from hanse.runtime.data.rows.checked import Checked
    from hanse.runtime.data.rows.store import Store

T = TypeVar("T")

ROWS = 1000
"""What a statement gives at most where it does not say."""

MANY = 10_000
"""For how many argument lists one statement is run at a time."""


class TooManyRows(Internal):
    """A statement gave more rows than it declares, or more than one where one was asked for."""

    code = "too_many_rows"


class Statement:
    """What is declared: a text, unread, and what it gives.

    Attributes:
        text: The SQL, `$1` being the site.
        kind: What each row becomes; None for statements that give none.
        rows: How many it may give.
    """

    def __init__(self, text: str, kind: type[Any] | None, rows: int) -> None:
        self.text = text
        self.kind = kind
        self.rows = rows
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name


class Query(Statement, Generic[T]):
    """A statement that gives rows."""

    @overload
    def __get__(self, store: None, owner: type) -> Self: ...
    @overload
    def __get__(self, store: Store, owner: type) -> BoundQuery[T]: ...
    def __get__(self, store: Store | None, owner: type) -> Self | BoundQuery[T]:
        if store is None:
            return self
        bound: BoundQuery[T] = BoundQuery(store, self)
        vars(store)[self.name] = bound  # found before this descriptor from now on
        return bound


class Change(Statement):
    """A statement that gives no rows."""

    @overload
    def __get__(self, store: None, owner: type) -> Self: ...
    @overload
    def __get__(self, store: Store, owner: type) -> BoundChange: ...
    def __get__(self, store: Store | None, owner: type) -> Self | BoundChange:
        if store is None:
            return self
        bound = BoundChange(store, self)
        vars(store)[self.name] = bound
        return bound


@overload
def sql(text: LiteralString, /) -> Change: ...
@overload
def sql(text: LiteralString, kind: type[T], /, *, rows: int = ROWS) -> Query[T]: ...
def sql(text: str, kind: Any = None, /, *, rows: int = ROWS) -> Any:
    """Declares a statement of a store.

        taken = sql("select count(*) from seat where site_id = $1 and event = $2", int)

    `$1` is the site of the running call, which the runtime binds; arguments begin at `$2`.

    Args:
        text: One select, insert, update, delete or merge.
        kind: What each row becomes: a struct, filled by the names of columns, or a scalar. Left
            out for a statement that gives no rows.
        rows: How many it may give; a select without a limit gets one.
    """
    return Change(text, None, 0) if kind is None else Query[Any](text, kind, rows)


class _Bound:
    """A statement of a store that is alive."""

    def __init__(self, store: Store, statement: Statement) -> None:
        plan = store.plan[statement.name]
        self._database = store.database
        self._checked: Checked = plan.checked
        self._name = f"{type(store).__name__}.{statement.name}"

    def _arguments(self, given: Sequence[Any]) -> Sequence[Any]:
        checked = self._checked
        if len(given) != checked.arguments:
            raise TypeError(f"{self._name} takes {checked.arguments} arguments, not {len(given)}.")
        return (current().site, *given) if checked.of_site else given


class BoundQuery(_Bound, Generic[T]):
    """A statement that gives rows. Its arguments are those from `$2` on."""

    def __init__(self, store: Store, statement: Query[T]) -> None:
        super().__init__(store, statement)
        self._rows = statement.rows
        self._answer: Answer[T] = store.plan[statement.name].answer

    async def one(self, *arguments: Any) -> T:
        """The only row.

        Raises:
            NotFound: There is none.
            TooManyRows: There are several.
            HanseError: As `Database.fetch`.
        """
        found = await self.maybe(*arguments)
        if found is None:
            raise NotFound(f"There is no such {self._answer.name}.")
        return found

    async def maybe(self, *arguments: Any) -> T | None:
        """The only row; None if there is none.

        Raises:
            TooManyRows: There are several.
            HanseError: As `Database.fetch`.
        """
        rows = await self._database.fetch(self._checked.text, *self._arguments(arguments))
        if len(rows) > 1:
            raise TooManyRows(f"{self._name} gave {len(rows)} rows where one was asked for.")
        return self._answer.read(rows[0]) if rows else None

    async def all(self, *arguments: Any) -> list[T]:
        """Every row, in the statement's order.

        Raises:
            TooManyRows: There are more than the statement says it may give.
            HanseError: As `Database.fetch`.
        """
        rows = await self._database.fetch(self._checked.text, *self._arguments(arguments))
        if len(rows) > self._rows:
            raise TooManyRows(f"{self._name} has over {self._rows} rows; give it a limit.")
        return [self._answer.read(row) for row in rows]


class BoundChange(_Bound):
    """A statement that changes rows. Its arguments are those from `$2` on."""

    async def execute(self, *arguments: Any) -> int:
        """Runs it; how many rows it changed.

        Raises:
            HanseError: As `Database.execute`.
        """
        return await self._database.execute(self._checked.text, *self._arguments(arguments))

    async def many(self, several: Iterable[Sequence[Any]]) -> int:
        """Runs it for each list of arguments, in one transaction; how many rows were changed.

        Raises:
            ValueError: There are more than 10,000 lists; use `Database.copy_in`, or several calls.
            HanseError: As `Database.execute`.
        """
        lists = [self._arguments(each) for each in several]
        if len(lists) > MANY:
            raise ValueError(f"{self._name} is run for {MANY} lists at most, not {len(lists)}.")
        async with self._database.transaction():
            return sum([await self._database.execute(self._checked.text, *each) for each in lists])
