"""Has a write prove that the keys it sealed by are still there, and keep those it is the first of.

Whoever erases a person destroys the key first. A write holds the rows of its keys until it is
through, so one of the two comes first: the write, and what it wrote is erased; or the erasure, and
the write finds no key, does nothing and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from hanse.runtime.data.personal.subject_key import NewKey, SubjectKey

if TYPE_CHECKING:
    from collections.abc import Mapping

Owner: TypeAlias = tuple[str, str]
"""Whose key, and for which purpose."""

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
