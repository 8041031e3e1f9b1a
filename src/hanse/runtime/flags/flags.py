"""`Flags` and `flag`: what a service declares, asks for in its constructor, and reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, Self, TypeVar, overload

from hanse.runtime.contract.mistakes import Mistakes
from hanse.runtime.flags.book import Book
from hanse.runtime.flags.declaration import Declaration, check
from hanse.runtime.flags.state import Fixed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from hanse.runtime.call.context import Origin
    from hanse.runtime.data.database import Database
    from hanse.runtime.flags.state import State

T = TypeVar("T")

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
KEY_MAX = 200
"""Characters of what a visitor is known by."""


class Flag(Generic[T]):
    """One flag of a class; read on an object of it, it is the value for the call that runs."""

    __slots__ = ("_name", "given")

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...

    @overload
    def __get__(self, instance: Flags, owner: Any = None) -> T: ...

    def __get__(self, instance: Flags | None, owner: Any = None) -> Any:
        if instance is None:
            return self
        return instance.__read__(self._name)

    def __set__(self, instance: Flags, value: object) -> NoReturn:
        raise AttributeError(
            f"{self._name} is not set in code: hanse flag set does it; "
            f"a test makes {type(instance).__name__}.fixed({self._name}=…)"
        )


def flag(
    default: T,
    *,
    owner: str,
    until: date | None,
    doc: str,
    kind: Any = None,
    sticky: bool = False,
) -> Flag[T]:
    """Declares a flag of a class below `Flags`.

    Args:
        default: What holds where nobody ruled otherwise, or what was ruled cannot be read.
        owner: Who is asked about it, and named where it is stale.
        until: Its last day, from the next on it is stale; None for one that is to stay.
        doc: What it is for.
        kind: The type of its values where that is not the default's: `Literal["old", "new"]`.
        sticky: Whether a principal who once drew a value keeps it, however shares change.
    """
    return Flag(
        {
            "default": default,
            "owner": owner,
            "until": until,
            "doc": doc,
            "kind": type(default) if kind is None else kind,
            "sticky": sticky,
        }
    )


class Flags:
    """Flags that belong together. A service asks for its subclass in the constructor.

        class Checkout(Flags):
            new_tax = flag(False, owner="payments", until=date(2027, 3, 1), doc="The new table.")

        def __init__(self, flags: Checkout) -> None: ...

        if self._flags.new_tax: ...

    The name of a flag is that of its class in lower case and its own: `checkout.new_tax`. A class
    may be named otherwise: `class CheckoutFlags(Flags, name="checkout")`.

    Reading one never waits and never fails: its value for the site and the principal of the running
    call follows from what the host holds in memory.

    Raises:
        DeclarationError: When a class is made whose flags are declared wrongly; with all mistakes.
    """

    __declared__: ClassVar[Mapping[str, Declaration]] = {}
    __needs__: ClassVar[tuple[Any, ...]] = (Book,)

    def __init_subclass__(cls, *, name: str = "", **options: Any) -> None:
        super().__init_subclass__(**options)
        section, own = name or cls.__name__.lower(), dict[str, Declaration]()
        with Mistakes(cls.__name__).collecting() as mistakes:
            if not NAME.fullmatch(section):
                mistakes.add("name", f"{section!r} cannot be", "lower-case words joined by _")
            for field, one in vars(cls).items():
                if not isinstance(one, Flag):
                    continue
                own[field] = Declaration(name=f"{section}.{field}", **one.given)
                if not NAME.fullmatch(field) or hasattr(Flags, field):
                    mistakes.add(field, "it cannot be named so", "use lower-case words joined by _")
                check(own[field], field, mistakes)
            if not own:
                mistakes.add("flags", "there are none", "declare some: new_tax = flag(False, …)")
        cls.__declared__ = {**cls.__declared__, **own}

    _states: Mapping[str, State | Fixed]
    _book: Book | None
    _key: str

    @classmethod
    def __from_database__(cls, kind: Any, database: Database, book: Book) -> Self:
        return cls._made(book.serve(cls.__declared__), book)

    @classmethod
    def _made(
        cls, states: Mapping[str, State | Fixed], book: Book | None = None, key: str = ""
    ) -> Self:
        made = cls()
        made._states, made._book, made._key = states, book, key
        return made

    @classmethod
    def fixed(cls, **values: Any) -> Self:
        """For tests: flags with these values whoever asks, the others with their defaults.

        Raises:
            ValueError: There is no such flag, or the value is of another type.
        """
        for strange in values.keys() - cls.__declared__.keys():
            known = ", ".join(cls.__declared__)
            raise ValueError(f"{cls.__name__} has no flag {strange}; known are {known}.")
        states = {
            field: Fixed(one.read(one.write(values.get(field, one.default))))
            for field, one in cls.__declared__.items()
        }
        return cls._made(states)

    def __around__(self, handler: Callable[..., Any], *, streams: bool) -> Callable[..., Any]:
        """Has each call of a service with such flags begin with what its principal drew."""
        return self._book.around(handler, streams=streams) if self._book else handler

    def __read__(self, field: str) -> Any:
        """The value of a flag for the running call."""
        return self._states[field].of(self._key)

    def __states__(self) -> list[State]:
        """Its flags, as a host has them; none where they are fixed."""
        return [state for state in self._states.values() if not isinstance(state, Fixed)]

    async def __known__(self, origin: Origin) -> None:
        """Looks up what a principal drew, where lots alone do not tell any more."""
        if self._book is not None:
            await self._book.know(origin)

    async def keyed(self, key: str) -> Self:
        """The same flags for a visitor who is known by something else than having signed in.

            flags = await self._flags.keyed(cookie.value)

        Without one, all visitors of a site are one.

        Args:
            key: Stays the same for that visitor, like the content of a cookie; 1 to 200 characters.

        Raises:
            ValueError: It is empty or too long.
        """
        if not 0 < len(key) <= KEY_MAX:
            raise ValueError(f"A key has 1 to {KEY_MAX} characters, not {len(key)}.")
        if self._book is not None:
            await self._book.arrive(key)
        return self._made(self._states, self._book, key)
