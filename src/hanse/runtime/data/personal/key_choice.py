"""Which keys open what is sealed, and which seal what is to be: those at hand, fetched, or new."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hanse.runtime.data.personal.key_proof import KeyProof, Owner
from hanse.runtime.data.personal.subject_key import NewKey, SubjectKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hanse.runtime.data.personal.subject_keys import SubjectKeys

Keys: TypeAlias = "Mapping[Owner, SubjectKey | NewKey]"


async def keys_that_open(
    keys: SubjectKeys, site: str, wanted: Iterable[tuple[Owner, bytes]]
) -> Keys:
    """The keys there are; those at hand are asked for anew where one has another mark.

    Args:
        keys: Of all persons.
        site: Of which.
        wanted: Whose, and the marks of those that sealed.

    Raises:
        HanseError: The database is away.
    """
    found: dict[Owner, SubjectKey] = {}
    missing: set[str] = set()
    for owner, mark in wanted:
        key = found.get(owner) or keys.cached(site, *owner)
        if key is None or key.mark != mark:
            missing.add(owner[0])
        else:
            found[owner] = key
    return {**found, **await keys.fetch(site, missing)} if missing else found


async def keys_to_seal(
    keys: SubjectKeys, site: str, wanted: Collection[Owner], fresh: Collection[str] = ()
) -> Keys:
    """A key for each, drawn where there is none yet.

    Args:
        keys: Of all persons.
        site: Of which.
        wanted: Whose.
        fresh: Those of whom there is none, which is known and not asked.

    Raises:
        HanseError: The database is away.
    """
    known = {owner: keys.cached(site, *owner) for owner in wanted}
    missing = {one for (one, _), key in known.items() if key is None} - set(fresh)
    fetched = await keys.fetch(site, missing) if missing else {}
    return {
        owner: key or fetched.get(owner) or keys.draw(site, *owner) for owner, key in known.items()
    }


def remember_new(keys: SubjectKeys, site: str, proof: KeyProof) -> None:
    """Says that a proof held, so that its new keys are kept."""
    for (subject, purpose), key in proof.keys.items():
        if isinstance(key, NewKey):
            keys.remember(site, subject, purpose, key.key)


async def forget_doubted(keys: SubjectKeys, site: str, proof: KeyProof) -> None:
    """Says that a proof may not have held, so that its keys are asked for anew.

    Raises:
        HanseError: The database is away.
    """
    for subject, _ in proof.keys:
        keys.forget(site, subject)
    if any(isinstance(key, NewKey) for key in proof.keys.values()):
        await keys.refresh()
