"""What is done about one row when it is read and written; nothing where nothing is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from hanse.runtime.data.entity.personal import PersonalLeaf
    from hanse.runtime.data.personal.keys_used import KeyProof
    from hanse.runtime.data.personal.sealing import Sealing


class Sent(NamedTuple):
    """A document as it is sent.

    Attributes:
        body: With what is personal sealed.
        arguments: The last ones of the statement.
        proof: The keys, where something may be sealed.
    """

    body: bytes
    arguments: Sequence[Any] = ()
    proof: KeyProof | None = None


class Seals:
    """Seals and opens one row at a time.

    Args:
        sealing: Of the entity; None if nothing of it is sealed.

    Attributes:
        beside: Last arguments of what is sent as it is.
    """

    def __init__(self, sealing: Sealing | None) -> None:
        self._sealing = sealing
        self.beside: Sequence[Any] = ()

    @property
    def needed(self) -> bool:
        """Whether anything is sealed."""
        return self._sealing is not None

    async def opened(self, site: str, row: Any) -> Any | None:
        """A row with its document in clear; None if it is of a person who was erased.

        Raises:
            HanseError: As `Sealing.opened`.
        """
        if self._sealing is None:
            return row
        return next(iter(await self._sealing.opened(site, [row])), None)

    async def loaded(self, site: str, row: Any) -> tuple[Any, Sequence[PersonalLeaf]] | None:
        """As `opened`, and what another release sealed and is to be sealed again.

        Raises:
            HanseError: As `Sealing.loaded`.
        """
        return (row, ()) if self._sealing is None else await self._sealing.loaded(site, row)

    async def whole(
        self,
        row: tuple[str, UUID],
        body: bytes,
        *,
        new: bool = False,
        foreign: Sequence[PersonalLeaf] = (),
    ) -> Sent:
        """A whole document as it is sent.

        Args:
            row: Site and id of what it is of.
            body: In clear.
            new: Whether it is not there yet.
            foreign: What else is to be sealed.

        Raises:
            HanseError: As `Sealing.whole`.
        """
        if self._sealing is None:
            return Sent(body)
        documents = {self._sealing.place(*row): body}
        sealed, proof = await self._sealing.whole(row[0], documents, new=new, foreign=foreign)
        return Sent(sealed[0], proof.arguments, proof)

    async def part(self, row: tuple[str, UUID], body: bytes) -> Sent | None:
        """What changes of a document as it is sent; None if nobody knows whose row it is.

        Raises:
            HanseError: As `Sealing.part`.
        """
        if self._sealing is None:
            return Sent(body)
        part = await self._sealing.part(self._sealing.place(*row), body)
        if part is None:
            return None
        sealed, proof, whose = part
        return Sent(sealed, [*proof.arguments, whose], proof)

    async def alone(self) -> Sent:
        """What is sent where no document is."""
        return Sent(b"")

    async def is_done(self, row: tuple[str, UUID], answer: Any, sent: Sent) -> bool:
        """Whether a statement wrote; if it did not, it may be for what it was sealed by.

        Raises:
            HanseError: As `Sealing.doubted`.
        """
        done: bool = answer["done"]
        if self._sealing is None or sent.proof is None:
            return done
        if done:
            self._sealing.proven(row[0], sent.proof)
        else:
            await self._sealing.doubted([self._sealing.place(*row)], sent.proof)
        return done
