"""Which kind a file is of, by what is in it; how it is called proves nothing."""

from __future__ import annotations

import codecs
import importlib
from typing import TYPE_CHECKING, Any

from hanse.runtime.contract.file import ANYTHING, TEXT
from hanse.runtime.data.files.failures import FileRefused

if TYPE_CHECKING:
    from hanse.runtime.contract.file import Accepts

HEAD_BYTES = 8192
"""So much of its beginning says which kind it is."""

STORAGE = "application/x-ole-storage"
"""A compound file: what it is of stands behind its beginning in many documents of old Word."""

_STORAGE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Kind:
    """The kind of a file, found at its beginning and held against all that follows.

    A kind that browsers run, like HTML or SVG, is text here and is told as that.

    Args:
        head: Its first `HEAD_BYTES`, or all of it.
        accepts: What may come.

    Attributes:
        media_type: The kind.

    Raises:
        FileRefused: It is none that is accepted.
    """

    def __init__(self, head: bytes, accepts: Accepts) -> None:
        self._accepts = accepts
        self._decoder: codecs.IncrementalDecoder | None = None
        self.media_type = self._found(head)

    def look(self, piece: bytes) -> None:
        """Sees that the next piece is of the same kind; every piece comes here, the first too.

        Raises:
            FileRefused: It is not.
        """
        if self._decoder is not None and not _reads(self._decoder, piece, final=False):
            self._is_no_text()

    def end(self) -> None:
        """There is no more; `FileRefused` as `look`."""
        if self._decoder is not None and not _reads(self._decoder, b"", final=True):
            self._is_no_text()

    def _found(self, head: bytes) -> str:
        marked = _marked(head) if head else None
        if marked and self._accepts.takes(marked):
            return marked
        # A text may happen to begin like something else: "BM" does not make it a picture.
        if self._accepts.takes(TEXT) and _reads(_decoder(), head, final=False):
            self._decoder = _decoder()
            return TEXT
        if not marked and self._accepts.takes(ANYTHING):
            return ANYTHING
        said = marked or "of no kind that is known"
        raise FileRefused(f"The file is {said}; what is taken is {self._accepts.told()}.")

    def _is_no_text(self) -> None:
        if not self._accepts.takes(ANYTHING):
            raise FileRefused("The file is no text in UTF-8; save it as such.")
        self.media_type, self._decoder = ANYTHING, None


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")()


def _reads(decoder: codecs.IncrementalDecoder, piece: bytes, *, final: bool) -> bool:
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError:
        return False
    return b"\0" not in piece


def _marked(head: bytes) -> str | None:
    """The kind that a signature stands for."""
    filetype: Any = importlib.import_module("filetype")  # it says no types
    found: str | None = filetype.guess_mime(head)
    return STORAGE if found is None and head.startswith(_STORAGE_MARK) else found
