"""Which openings fit what was chosen, and how many each further choice would leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from hanse_hiring.api import REMOTE, Board, Choice, Facet, FacetName, Opening, Tag

Chosen = Mapping[FacetName, Sequence[str]]
Picked = Mapping[FacetName, frozenset[str]]

NAMES: tuple[FacetName, ...] = get_args(FacetName)
TAG_ORDER = {tag: place for place, tag in enumerate(get_args(Tag))}


def board(openings: Sequence[Opening], chosen: Chosen) -> Board:
    """The openings that fit, newest first, and the facets with their counts.

    Values of one facet are alternatives, facets narrow each other: (a or b) and (c or d). The
    counts of a facet are of what the *other* facets leave, so that a second value of it is not
    shown as empty because of the first. An empty value chooses nothing.
    """
    picked: Picked = {name: frozenset(filter(None, chosen.get(name, ()))) for name in NAMES}
    shown = [one for one in openings if _fits(one, picked, NAMES)]
    facets = tuple(_facet(name, openings, picked) for name in NAMES)
    return Board(tuple(sorted(shown, key=_newest_first)), len(openings), facets)


def similar(
    openings: Iterable[Opening], team: str, tags: Sequence[str], *, beside: str, most: int = 3
) -> tuple[Opening, ...]:
    """Other openings, those of the same team first, then of the same kind, then the newest."""
    wanted = set(tags)
    others = sorted(
        (one for one in openings if one.external_id != beside),
        key=lambda one: (one.team != team, -len(wanted & set(one.tags)), *_newest_first(one)),
    )
    return tuple(others[:most])


def values(opening: Opening, name: FacetName) -> tuple[str, ...]:
    """What an opening has of a facet."""
    match name:
        case "team":
            return (opening.team,)
        case "location":
            return opening.locations
        case "tag":
            return opening.tags


def _fits(opening: Opening, picked: Picked, names: Iterable[FacetName]) -> bool:
    return all(
        not picked[name] or not picked[name].isdisjoint(values(opening, name)) for name in names
    )


def _facet(name: FacetName, openings: Sequence[Opening], picked: Picked) -> Facet:
    others: list[FacetName] = [other for other in NAMES if other != name]
    left = [one for one in openings if _fits(one, picked, others)]
    counts = Counter(value for one in left for value in set(values(one, name)))
    every = picked[name].union(*(values(one, name) for one in openings))
    ordered = sorted(every, key=lambda value: _place(name, value))
    return Facet(
        name, tuple(Choice(value, counts[value], value in picked[name]) for value in ordered)
    )


def _place(name: FacetName, value: str) -> tuple[int, str, str]:
    """Tags stand as they are declared, `Remote` after the offices, all else by the alphabet."""
    first = TAG_ORDER.get(value, len(TAG_ORDER)) if name == "tag" else int(value == REMOTE)
    return first, value.casefold(), value


def _newest_first(opening: Opening) -> tuple[float, str, str]:
    return -opening.published.timestamp(), opening.title.casefold(), opening.external_id
