"""Which ad suits where."""

from collections.abc import Mapping, Sequence

from boutique_ad.api import Ad

ANY = ""
"""The category of pages that are about nothing; no key is empty."""


def chosen(
    by_category: Mapping[str, Sequence[Ad]], context_keys: Sequence[str], turn: int, limit: int
) -> tuple[Ad, ...]:
    """Ads that suit the keys, or any where none does, each once and each in its turn.

    Args:
        by_category: All there are; below `ANY` those for every page.
        context_keys: Categories of what somebody looks at; others suit nothing.
        turn: Counts up from call to call, so that every ad gets its share.
        limit: How many to give at most.
    """
    suiting = by_category[ANY]
    if keys := [key for key in context_keys if key in by_category]:
        suiting = tuple(dict.fromkeys(ad for key in keys for ad in by_category[key]))
    count = len(suiting)
    return tuple(suiting[(turn + place) % count] for place in range(min(limit, count)))
