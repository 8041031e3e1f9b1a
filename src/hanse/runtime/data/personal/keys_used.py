"""The keys that documents are opened and sealed by: at hand, fetched or new; and their proof.

A write proves that the keys it sealed by are still there, and keeps those it is the first of.
Whoever erases a person destroys the key first. A write holds the rows of its keys until it is
through, so one of the two comes first: the write, and what it wrote is erased; or the erasure, and
the write finds no key, does nothing and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from hanse.runtime.data.personal.keys_opened import ERASED_MEANWHILE, ErasedMeanwhile, keys_opened
from hanse.runtime.data.personal.subject_key import NewKey, SubjectKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hanse.runtime.data.personal.keys_opened import KeysOpened
    from hanse.runtime.data.personal.subject_keys import SubjectKeys

Owner: TypeAlias = tuple[str, str]
"""Whose key, and for which purpose."""

Keys: TypeAlias = "Mapping[Owner, SubjectKey | NewKey]"

ARGUMENTS = 5
"""That a statement takes for its proof."""


class KeyProof(NamedTuple):
    """The keys that something was sealed by.

    Attributes:
        keys: By owner; new ones are kept by the statement.
    """

    keys: Mapping[Owner, SubjectKey | NewKey]

    @property
    def arguments(self) -> list[Any]:
        """For a statement, in the order of `proof_parts`."""
        owners = list(self.keys)
        new = [key for key in self.keys.values() if isinstance(key, NewKey)]
        return [
            [subject for subject, _ in owners],
            [purpose for _, purpose in owners],
            [key_of(key).mark for key in self.keys.values()],
            [key.wrapped if isinstance(key, NewKey) else None for key in self.keys.values()],
            new[0].generation if new else None,
        ]


def key_of(key: SubjectKey | NewKey) -> SubjectKey:
    """The key itself."""
    return key.key if isinstance(key, NewKey) else key


def proof_parts(first: int, only_if: str = "true") -> str:
    """Parts of a `with` that hold the keys in the arguments from `first` on, `$1` being the site.

    Args:
        first: The number of the first argument.
        only_if: What must hold for new keys to be kept.
    """
    subjects, purposes, marks, wrapped, generation = range(first, first + ARGUMENTS)
    return (
        f"key_given as (select * from unnest(${subjects}::text[], ${purposes}::text[], "
        f"${marks}::bytea[], ${wrapped}::bytea[]) as k (subject, purpose, mark, wrapped)), "
        "key_held as materialized (select 1 from hanse.subject_key s join key_given k "
        "on s.subject = k.subject and s.purpose = k.purpose and s.mark = k.mark "
        "where s.site_id = $1 and k.wrapped is null "
        "order by s.subject, s.purpose for key share of s), "
        "ring_held as materialized (select from hanse.keyring "
        f"where generation = ${generation}::int for share), "
        "key_made as (insert into hanse.subject_key "
        "(site_id, subject, purpose, mark, generation, wrapped) "
        f"select $1, subject, purpose, mark, ${generation}, wrapped from key_given "
        f"where wrapped is not null and exists (select from ring_held) and {only_if} "
        "on conflict do nothing returning 1)"
    )


def proven(first: int) -> str:
    """Whether all keys in the arguments from `first` on were there, or are now."""
    return (
        "(select count(*) from key_held) + (select count(*) from key_made) "
        f"= cardinality(${first}::text[])"
    )


async def keys_that_open(
    keys: SubjectKeys,
    site: str,
    wanted: Iterable[tuple[Owner, bytes]],
    opened: KeysOpened | None = None,
) -> Keys:
    """The keys there are; those at hand are asked for anew where one has another mark.

    Args:
        keys: Of all persons.
        site: Of which.
        wanted: Whose, and the marks of those that sealed.
        opened: Remembers them; left out, the running call does.

    Raises:
        HanseError: The database is away.
    """
    found: dict[Owner, SubjectKey] = {}
    missing: set[str] = set()
    others: list[tuple[Owner, bytes]] = []
    for owner, mark in wanted:
        key = found.get(owner) or keys.cached(site, *owner)
        if key is None or key.mark != mark:
            missing.add(owner[0])
            others.append((owner, mark))
        else:
            found[owner] = key
    fetched = await keys.fetch(site, missing) if missing else {}
    used = found | {
        owner: key
        for owner, mark in others
        if (key := fetched.get(owner)) is not None and key.mark == mark
    }
    _note_opened(keys, site, used, opened or keys_opened())
    return {**found, **fetched}


def _note_opened(
    keys: SubjectKeys, site: str, used: Mapping[Owner, SubjectKey], opened: KeysOpened | None
) -> None:
    """Has it be remembered by which keys something is opened."""
    if opened is None:
        return
    for (subject, purpose), key in used.items():
        opened.note(site, subject, purpose, key.mark)
        # What is kept longer stays readable; it is their other key that an erasure destroys.
        own = keys.cached(site, subject) if purpose else None
        if own is not None:
            opened.note(site, subject, "", own.mark)


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
        ErasedMeanwhile: The running call has read one of them by a key that is gone.
        HanseError: The database is away.
    """
    known = {owner: keys.cached(site, *owner) for owner in wanted}
    missing = {one for (one, _), key in known.items() if key is None} - set(fresh)
    fetched = await keys.fetch(site, missing) if missing else {}
    if not keys.ring.knows(keys.generation):
        await keys.refresh()  # another process has rotated since
    found: Keys = {
        owner: key or fetched.get(owner) or keys.draw(site, *owner) for owner, key in known.items()
    }
    if (opened := keys_opened()) is not None:
        await _check_there(keys, site, found, opened, fresh)
    return found


async def _check_there(
    keys: SubjectKeys, site: str, found: Keys, opened: KeysOpened, fresh: Collection[str]
) -> None:
    """Refuses keys of whoever the running call has read by another.

    Raises:
        ErasedMeanwhile: It has.
        HanseError: The database is away.
    """
    marks = {owner: key_of(key).mark for owner, key in found.items()}
    gone = any(opened.is_other(site, *owner, mark) for owner, mark in marks.items())
    drawn = {owner[0] for owner, key in found.items() if isinstance(key, NewKey)} - set(fresh)
    named = opened.by_other_name(site, drawn, keys.ring.token) if drawn and not gone else {}
    if named:
        there = await keys.fetch(site, named)
        marks = {one: key.mark for (one, purpose), key in there.items() if not purpose}
        gone = any(marks.get(subject) != mark for subject, mark in named.items())
    if gone:
        raise ErasedMeanwhile(ERASED_MEANWHILE)


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
