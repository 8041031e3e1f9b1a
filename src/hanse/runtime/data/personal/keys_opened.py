"""By which keys the running call has read persons: what it writes of them is under the same.

Whoever read a person before their erasure, and writes of them after it, would be given a new key
for what they remember, and that would stay. So a call remembers whom it read by which key, and is
told to begin again where that key is gone: then it reads anew, and finds nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.runtime.call.context import running
from hanse.runtime.errors import Aborted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

REMEMBERED = 10_000
"""Keys of one call; of one that reads more, those it read last."""

ERASED_MEANWHILE = (
    "A person whom this had read was erased before it wrote of them, so nothing was written. Begin "
    "again: what is read anew shows who is left."
)


class ErasedMeanwhile(Aborted):
    """Who was read by this call is erased, so what it remembers of them is not written."""

    code = "erased_meanwhile"


class KeysOpened:
    """The keys by which one call, with all that it calls here, has opened something.

    Args:
        outer: Those of what it is a step of, which remembers what it read itself.
    """

    __slots__ = ("_marks", "_outer")

    def __init__(self, outer: KeysOpened | None = None) -> None:
        self._marks: dict[tuple[str, str, str], bytes] = {}
        self._outer = outer

    def note(self, site: str, subject: str, purpose: str, mark: bytes) -> None:
        """Notes that something was opened by a key."""
        marks, owner = self._marks, (site, subject, purpose)
        if len(marks) == REMEMBERED:  # who is read again is read last
            marks.pop(owner, None)
        marks[owner] = mark
        if len(marks) > REMEMBERED:
            del marks[next(iter(marks))]

    def is_other(self, site: str, subject: str, purpose: str, mark: bytes) -> bool:
        """Whether the key of a person is not the one that was read by."""
        found = self._marks.get((site, subject, purpose))
        if found is None:
            return self._outer is not None and self._outer.is_other(site, subject, purpose, mark)
        return found != mark

    def by_other_name(
        self, site: str, subjects: Collection[str], token: Callable[[str, str], str]
    ) -> dict[str, bytes]:
        """Who was read under the other name of one: a person is a text, and its token where sealed.

        Args:
            site: The tenant.
            subjects: Under which names they are written of.
            token: Makes the token of a site's text.

        Returns:
            By which key, by that name.
        """
        tokens = {token(site, one) for one in subjects}
        return {
            subject: mark
            for (where, subject, purpose), mark in self.marks.items()
            if where == site
            and not purpose
            and subject not in subjects
            and (subject in tokens or token(site, subject) in subjects)
        }

    @property
    def marks(self) -> dict[tuple[str, str, str], bytes]:
        """Of all of them, by site, person and purpose."""
        return self._marks if self._outer is None else self._outer.marks | self._marks

    def forget(self, site: str, subjects: Collection[str]) -> None:
        """Forgets some persons, as who erases them means to."""
        for one in [key for key in self._marks if key[0] == site and key[1] in subjects]:
            del self._marks[one]

    def take_over(self, inner: KeysOpened) -> None:
        """Adds what a step has read, whose answer is remembered."""
        for owner, mark in inner.marks.items():
            self.note(*owner, mark)


def keys_opened() -> KeysOpened | None:
    """Those of the running call; None where none runs."""
    call = running.get()
    if call is None:
        return None
    whole = call.root or call
    if whole.opened is None:
        whole.opened = KeysOpened()
    opened: KeysOpened = whole.opened
    return opened
