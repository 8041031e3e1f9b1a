"""The keyring: keys that lie outside of the database, so that its copies alone tell nothing."""

from __future__ import annotations

import base64
import hmac
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hanse.runtime.data.personal.key_files import (
    KEY_BYTES,
    SECRET,
    KeyringError,
    RingFile,
    check_folder,
    destroy,
    generation_path,
    generations_in,
    make_folder,
    read_key,
    read_ring,
    write_key,
    write_ring,
)
from hanse.runtime.data.personal.subject_key import decrypt, encrypt

if TYPE_CHECKING:
    from pathlib import Path

TOKEN_BYTES = 16
"""A blind token has 22 characters: of a billion texts, no two meet."""

SITES_REMEMBERED = 10_000


class Keyring:
    """The keys in one folder, of one database.

    Args:
        folder: Where they are; see `key_files`.

    Attributes:
        folder: As given.
        id: Of the ring; its database has it too.
        bound: Whether a database has taken it.

    Raises:
        KeyringError: It is not there, open to others, or broken.
    """

    def __init__(self, folder: Path) -> None:
        check_folder(folder)
        ring = read_ring(folder)
        if ring is None:
            raise KeyringError(
                f"There is no keyring in {folder}, and this database has one. Take it from a copy, "
                "or from another host of this database."
            )
        self.folder = folder
        self.id = ring.id
        self.bound = ring.bound
        self._secret = read_key(folder / SECRET)
        self._ciphers: dict[int, AESGCM] = {}
        self._site_key = lru_cache(SITES_REMEMBERED)(self._derived_of_site)
        self.read()

    @classmethod
    def make(cls, folder: Path) -> Keyring:
        """The ring of a folder, made if there is none; what is there is never written over.

        Raises:
            KeyringError: It cannot be made.
        """
        make_folder(folder)
        if read_ring(folder) is None:
            for path in (folder / SECRET, generation_path(folder, 1)):
                if not path.exists():
                    write_key(path, secrets.token_bytes(KEY_BYTES))
            write_ring(folder, RingFile(secrets.token_hex(TOKEN_BYTES)))
        return cls(folder)

    def bind(self) -> None:
        """Notes that a database has taken it.

        Raises:
            KeyringError: It cannot be written.
        """
        if not self.bound:
            write_ring(self.folder, RingFile(self.id, bound=True))
            self.bound = True

    # Generations.

    @property
    def generations(self) -> list[int]:
        """Those it has keys of, as it was last read."""
        return sorted(self._ciphers)

    def read(self) -> None:
        """Reads which generations there are now.

        Raises:
            KeyringError: It cannot be read.
        """
        found = generations_in(self.folder)
        self._ciphers = {
            number: self._ciphers.get(number)
            or AESGCM(read_key(generation_path(self.folder, number)))
            for number in found
        }

    def knows(self, generation: int) -> bool:
        """Whether it has the key of a generation; looks anew for one it does not know.

        Raises:
            KeyringError: It cannot be read.
        """
        if generation not in self._ciphers:
            self.read()
        return generation in self._ciphers

    def add(self, generation: int) -> None:
        """Has a generation, made if it is not there.

        Raises:
            KeyringError: It cannot be written.
        """
        if not self.knows(generation):
            path = generation_path(self.folder, generation)
            write_key(path, secrets.token_bytes(KEY_BYTES))
            self.read()

    def destroy(self, generation: int) -> None:
        """Forgets a generation for good.

        Raises:
            KeyringError: Its file cannot be removed.
        """
        destroy(generation_path(self.folder, generation))
        self._ciphers.pop(generation, None)

    def wrap(self, key: bytes, bound: bytes, generation: int) -> bytes:
        """A key as its row has it; the generation is one that is known."""
        return encrypt(self._ciphers[generation], key, bound)

    def unwrap(self, wrapped: bytes, bound: bytes, generation: int) -> bytes:
        """The key of a row; the generation is one that is known.

        Raises:
            ValueError: It was wrapped for another row, or was changed.
        """
        return decrypt(self._ciphers[generation], wrapped, bound)

    # What does not change with generations.

    def token(self, site: str, text: str) -> str:
        """What stands for a text where it is looked for, in 22 characters.

        It is the same for the same text of a site, and tells nothing of it without this ring.
        """
        digest = hmac.digest(self._site_key(site), text.encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).decode().rstrip("=")

    def derived(self, purpose: bytes) -> bytes:
        """A key for a purpose, 32 bytes: HKDF-Expand of RFC 5869, whose first block is all of it.

        Args:
            purpose: No two of them are alike.
        """
        return hmac.digest(self._secret, purpose + b"\x01", "sha256")

    def _derived_of_site(self, site: str) -> bytes:
        return self.derived(b"token of " + site.encode())
