"""Every rule tells what breaks it, for whom and how else, and lets pass what is close to that."""

import re
from pathlib import Path

import pytest

from hanse.catalog.compatibility.every_rule import EVERY_RULE
from hanse.catalog.compatibility.gate import breaking
from hanse.catalog.compatibility.tests.pairs import PAIRS, Pair
from hanse.catalog.compatibility.tests.released import release

EACH = pytest.mark.parametrize("pair", PAIRS, ids=[pair.id for pair in PAIRS])


def test_every_rule_is_in_the_table_and_has_words():
    assert {pair.rule for pair in PAIRS} == EVERY_RULE.keys()
    for rule in EVERY_RULE.values():
        assert rule.what.endswith(".")
        assert rule.remedy.endswith((".", '")'))


def test_the_page_lists_every_rule():
    page = (Path(__file__).parents[5] / "docs/how-to/compatibility.md").read_text()
    listed = re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE)
    assert listed == [(rule.id, rule.what.rstrip(".")) for rule in EVERY_RULE.values()]


@EACH
def test_what_breaks_is_told_with_its_place_and_remedy(pair: Pair):
    found = breaking(release(pair.before).project, release(pair.breaking).project)
    told = {(one.rule, one.place): one for one in found}
    assert (pair.rule, pair.place) in told, [*told]
    finding = told[pair.rule, pair.place]
    assert finding.breaks
    assert finding.says.endswith(".")
    assert finding.remedy == EVERY_RULE[pair.rule].remedy


@EACH
def test_what_is_close_to_it_breaks_nobody(pair: Pair):
    assert breaking(release(pair.before).project, release(pair.compatible).project) == ()


@EACH
@pytest.mark.parametrize("which", ["before", "breaking", "compatible"])
def test_a_release_breaks_nothing_of_itself(pair: Pair, which: str):
    one = release(getattr(pair, which)).project
    assert breaking(one, one) == ()
