"""Identities of one region: made by its own authority, renewed in time whoever else is dead."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from hanse.fleet.certificates.pair import Pair, names_of
from hanse.fleet.identity.kept import AUTHORITY, TRUSTED, IdentityError, keep, kept
from hanse.fleet.identity.signing import BACKDATED, sign_leaf
from hanse.fleet.state import StateError
from hanse.runtime.config.file_mark import mark_of
from hanse.runtime.mutual.identity import Identity, Role
from hanse.runtime.mutual.tls import Tls

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from hanse.fleet.gateway.picture import Certificate
    from hanse.runtime.config.file_mark import FileMark

LEAF_LIFE = timedelta(hours=1)


class Renewal(NamedTuple):
    """What came of looking after all identities of a region.

    Attributes:
        renewed: Whose file was replaced.
        problems: In sentences: what is wrong, or soon will be, and the way out.
    """

    renewed: tuple[Identity, ...] = ()
    problems: tuple[str, ...] = ()


class _Holder(NamedTuple):
    identity: Identity
    addresses: tuple[str, ...]
    file: Path


class RegionIdentity:
    """Gives processes of a region their certificates and renews them.

    Args:
        folder: The region's, which the head has entrusted with an authority.
        project: Its name, which is the trust domain.
        region: Its name.
        life: How long a certificate counts; at half of it there is another one.
    """

    def __init__(
        self, folder: Path, project: str, region: str, *, life: timedelta = LEAF_LIFE
    ) -> None:
        self._folder = folder
        self._project = project
        self._region = region
        self._life = life
        self._mark: FileMark | None = None
        self._authority: Pair | None = None
        self._held: dict[_Holder, Pair | None] = {}

    def issue(
        self, role: Role, name: str = "", *, now: datetime, addresses: Sequence[str] = ()
    ) -> Tls:
        """Who it is from now on: files that `renew` keeps good. What is still good there stays.

        Args:
            role: What it is.
            name: A host's; others have none.
            now: Business time.
            addresses: Names and addresses it is checked by as well, as brokers are.

        Raises:
            IdentityError: The region has no authority, or one that has run out.
            StateError: The file cannot be written.
        """
        identity = Identity(self._project, self._region, role, name)
        file = self._folder / (f"{role}-{name}.pem" if name else f"{role}.pem")
        holder = _Holder(identity, tuple(addresses), file)
        self._care_for(holder, now)
        return Tls(str(file), str(file), str(self._folder / TRUSTED), self._project)

    def forget(self, role: Role, name: str = "") -> None:
        """It has ended: nobody renews its certificate any more."""
        for holder in [one for one in self._held if one.identity[2:] == (role, name)]:
            del self._held[holder]
            holder.file.unlink(missing_ok=True)

    def renew(self, now: datetime) -> Renewal:
        """Looks after all that were issued. Cheap while nothing is due; never raises."""
        renewed: list[Identity] = []
        problems: list[str] = []
        for holder in list(self._held):
            try:
                if self._care_for(holder, now):
                    renewed.append(holder.identity)
            except (IdentityError, StateError) as error:
                problems += error.problems
        if renewed:
            self._clear(now)
        return Renewal(tuple(renewed), (*dict.fromkeys(problems), *self._warning(now)))

    def certificate(self, role: Role, name: str = "") -> Certificate:
        """Chain and key of one that was issued, as text, for who is told them instead of a file.

        Raises:
            LookupError: It was not.
        """
        for holder, pair in self._held.items():
            if pair is not None and holder.identity[2:] == (role, name):
                return pair.pem()
        raise LookupError(f"{role} {name} has no identity here; issue one.")

    def trusted(self) -> str:
        """The roots that are trusted, as text.

        Raises:
            OSError: The region has not been entrusted with anything yet.
        """
        return (self._folder / TRUSTED).read_text()

    def _care_for(self, holder: _Holder, now: datetime) -> bool:
        """Whether it needed another certificate."""
        authority = self._current_authority(now)
        pair = self._held.get(holder) or _found(holder, authority)
        ends = min(now + self._life, authority.ends)
        if pair is not None and self._lasts(pair, now, ends):
            self._held[holder] = pair
            return False
        begins = max(now - BACKDATED, authority.begins)
        pair = sign_leaf(holder.identity, holder.addresses, authority, begins, ends)
        keep(holder.file, pair)
        self._held[holder] = pair
        return True

    def _lasts(self, pair: Pair, now: datetime, ends: datetime) -> bool:
        """Whether it has half of its life before it, or could be given no longer one."""
        return pair.begins <= now and (now < pair.ends - self._life / 2 or ends <= pair.ends)

    def _current_authority(self, now: datetime) -> Pair:
        file = self._folder / AUTHORITY
        mark = mark_of(file)
        if mark is None or mark != self._mark:
            self._authority, self._mark = kept(file), mark
            self._held = dict.fromkeys(self._held)  # of another root, each is looked at anew
        if self._authority is None:
            raise IdentityError(
                f"Region {self._region} has no authority in {file}: the head gives it one, so "
                "start that with hanse up."
            )
        if now >= self._authority.ends:
            raise IdentityError(
                f"The authority of region {self._region} ran out on "
                f"{self._authority.ends:%d %B %Y at %H:%M} UTC: the head gives it another one, so "
                "start that with hanse up, unless the region was shut out."
            )
        return self._authority

    def _warning(self, now: datetime) -> list[str]:
        """What is said when the head should have renewed the authority and did not."""
        authority = self._authority
        if authority is None or not authority.is_due(now) or now >= authority.ends:
            return []
        until = f"{authority.ends:%d %B %Y, %H:%M} UTC"
        words = f"The head has not renewed the authority of region {self._region}"
        return [
            f"{words}: from {until} on no other region takes its calls. Start it with hanse up."
        ]

    def _clear(self, now: datetime) -> None:
        """Takes away what has run out and nobody renews: its process ended unseen."""
        kept_files = {holder.file for holder in self._held}
        for file in self._folder.glob("host-*.pem"):
            pair = None if file in kept_files else kept(file)
            if pair is not None and now >= pair.ends:
                file.unlink(missing_ok=True)


def _found(holder: _Holder, authority: Pair) -> Pair | None:
    """What an earlier process gave it, if it says the same and is of the same root."""
    pair = kept(holder.file)
    if pair is None or names_of(pair.leaf) != holder.addresses:
        return None
    try:
        pair.chain[-1].verify_directly_issued_by(authority.chain[-1])
    except (ValueError, TypeError, InvalidSignature):
        return None
    names = pair.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    return pair if uris == [holder.identity.uri] else None
