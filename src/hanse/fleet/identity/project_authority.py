"""The authority of a project: the head has it, and entrusts a region with an authority for days."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509

from hanse.fleet.certificates.pair import pem_of
from hanse.fleet.identity.kept import AUTHORITY, TRUSTED, keep, kept
from hanse.fleet.identity.signing import found_region, found_root
from hanse.fleet.state import write_whole
from hanse.kit.private_folder import make_private

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from hanse.fleet.certificates.pair import Pair

ROOT_LIFE = timedelta(days=3650)
SUCCESSION = timedelta(days=365)
"""So long before its end a root has a successor; both are trusted meanwhile."""

REGION_LIFE = timedelta(days=4)
"""A region goes on for at least half of it while the head is dead, and for no longer than all of it
where the head entrusts it with nothing any more."""


class ProjectAuthority:
    """Makes the root when it lacks, and authorities of regions.

    Args:
        folder: Where the root is kept, closed to others.
        project: Its name, which is the trust domain.
        life: How long an authority of a region counts; at half of it there is another one.
    """

    def __init__(self, folder: Path, project: str, *, life: timedelta = REGION_LIFE) -> None:
        self._folder = folder
        self._project = project
        self._life = life
        self._root: Pair | None = None

    def entrust(self, region: str, folder: Path, now: datetime) -> bool:
        """Has a region's folder hold an authority that lasts; cheap while it does.

        To be called for each region again and again. A region for which it is not called any more
        is shut out when its authority runs out.

        Args:
            region: Its name.
            folder: Where its control process looks: `RegionIdentity` has the same.
            now: Business time.

        Returns:
            Whether it was given a new one.

        Raises:
            StateError: One of the files cannot be written.
        """
        root = self._current_root(now)
        make_private(folder)
        write_whole(folder / TRUSTED, (self._folder / TRUSTED).read_bytes())
        found = kept(folder / AUTHORITY)
        if found is not None and self._lasts(found, root, now):
            return False
        made = found_region(self._project, region, root, now, self._life)
        keep(folder / AUTHORITY, made)
        return True

    def _lasts(self, authority: Pair, root: Pair, now: datetime) -> bool:
        is_ours = authority.chain[-1] == root.leaf
        return is_ours and authority.begins <= now < authority.ends - self._life / 2

    def _current_root(self, now: datetime) -> Pair:
        file = self._folder / "root.pem"
        root = self._root or kept(file)
        if root is None or now >= root.ends - SUCCESSION:
            before, root = root, found_root(self._project, now, ROOT_LIFE)
            make_private(self._folder)
            # First known everywhere, then used.
            self._trust(root, before, now)
            keep(file, root)
        elif self._root is None and not (self._folder / TRUSTED).exists():
            self._trust(root, None, now)
        self._root = root
        return root

    def _trust(self, root: Pair, before: Pair | None, now: datetime) -> None:
        certificates: list[x509.Certificate] = [root.leaf]
        if before is not None and now < before.ends:
            certificates.append(before.leaf)
        write_whole(self._folder / TRUSTED, "".join(map(pem_of, certificates)).encode())
