"""A file on its way in: counted, measured against its field, and described at the end."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hanse.runtime.data.files.failures import FileTooLarge
from hanse.runtime.data.files.kind import HEAD_BYTES, Kind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hanse.runtime.contract.file import Accepts


class Intake:
    """Passes pieces on as they come, and not one byte more than is taken.

    Args:
        pieces: What comes.
        accepts: What may come.

    Attributes:
        size: Bytes so far.
        empty: Nothing came at all; known after `begin`.
    """

    def __init__(self, pieces: AsyncIterator[bytes], accepts: Accepts) -> None:
        self._incoming = pieces
        self._accepts = accepts
        self._digest = hashlib.sha256()
        self._head = b""
        self.size = 0

    async def begin(self) -> None:
        """Reads as much as says which kind it is.

        Raises:
            FileTooLarge, FileRefused: It is not taken.
            HanseError: It does not come.
        """
        while len(self._head) < HEAD_BYTES:
            piece = await anext(self._incoming, None)
            if piece is None:
                break
            self._head += piece
            self._check_size(len(self._head))
        self._kind = Kind(self._head[:HEAD_BYTES], self._accepts)

    @property
    def empty(self) -> bool:
        return not self._head

    async def pieces(self) -> AsyncIterator[bytes]:
        """All of it; errors as of `begin`."""
        if self._head:
            yield self._looked(self._head)
        async for piece in self._incoming:
            yield self._looked(piece)
        self._kind.end()

    @property
    def media_type(self) -> str:
        return self._kind.media_type

    @property
    def sha256(self) -> str:
        """Of all that came."""
        return self._digest.hexdigest()

    def _looked(self, piece: bytes) -> bytes:
        self.size += len(piece)
        self._check_size(self.size)
        self._kind.look(piece)
        self._digest.update(piece)
        return piece

    def _check_size(self, size: int) -> None:
        limit = self._accepts.max_bytes
        if size > limit:
            raise FileTooLarge.over(limit)
