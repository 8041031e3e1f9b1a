"""An error without what it says: its words may name a person, and no erasure reaches a log."""

from __future__ import annotations

from typing import cast

ERRORS_MAX = 50
"""Causes, contexts and members of groups that are shown of one."""


def wordless(error: BaseException) -> BaseException:
    """One that a log shows with kind, place and causes, and nothing that was said of it."""
    return _Wordless().of(error)


class _Wordless:
    """Makes one of each error once, however many others name it."""

    def __init__(self) -> None:
        self._made: dict[int, BaseException] = {}

    def of(self, error: BaseException) -> BaseException:
        if id(error) in self._made:
            return self._made[id(error)]
        kind = type(error)
        named = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
        shown: BaseException = type(kind.__name__, (BaseException,), named)()
        self._made[id(error)] = shown
        if len(self._made) < ERRORS_MAX:
            if isinstance(error, BaseExceptionGroup):
                members = cast("BaseExceptionGroup[BaseException]", error).exceptions
                inner = [self.of(one) for one in members[:ERRORS_MAX]]
                shown = type(kind.__name__, (BaseExceptionGroup,), named)("", inner)
            shown.__cause__ = error.__cause__ and self.of(error.__cause__)
            shown.__context__ = error.__context__ and self.of(error.__context__)
            shown.__suppress_context__ = error.__suppress_context__
        return shown.with_traceback(error.__traceback__)
