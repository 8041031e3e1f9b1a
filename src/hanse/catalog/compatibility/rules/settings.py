"""What a deployment says, which nobody writes anew for a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.catalog.compatibility.finding import Hit, Rule
from hanse.catalog.compatibility.rules.flow import Flow, by_name
from hanse.catalog.compatibility.rules.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.description.service_description import SettingsDescription

SETTING_REMOVED = Rule(
    "setting_removed", "What a deployment says is no setting any more, so no host starts with it.",
    "Keep it until no deployment says it; have it mean nothing meanwhile.",
)  # fmt: skip
RULES = (SETTING_REMOVED,)


def settings_hits(
    before: SettingsDescription | None, after: SettingsDescription | None
) -> Iterator[Hit]:
    """What keeps a host of the newer release from starting where one of the older runs."""
    kept = {field.name for field in after.fields} if after and _same(before, after) else set[str]()
    for field in before.fields if before else ():
        if field.name not in kept:
            place = f"[settings.{before.section if before else ''}] {field.name}"
            yield Hit(SETTING_REMOVED, place, "is no setting any more: refused where it is said.")
    if after is None:
        return
    known = before if before and _same(before, after) else None
    flow = Flow("setting", by_name(known.types if known else ()), by_name(after.types), True, True)
    place = f"[settings.{after.section}] "
    yield from Walk(flow).fields(place, known.fields if known else (), after.fields)


def _same(before: SettingsDescription | None, after: SettingsDescription) -> bool:
    return before is not None and before.section == after.section
