"""What is accepted and what is refused, statement by statement."""

from __future__ import annotations

import pytest

from hanse.runtime.data.rows.checked import Checked, check
from hanse.runtime.data.rows.sites import Owned
from hanse.runtime.data.rows.tests.samples import BAD, GOOD

VENUE = Owned("venue", frozenset(("currency",)))


def checked(text: str) -> tuple[Checked | None, list[str]]:
    said: list[str] = []
    found = check(text, VENUE, 1000, lambda what, remedy: said.append(f"{what}: {remedy}"))
    return found, said


@pytest.mark.parametrize("name", GOOD)
def test_what_keeps_to_its_site_is_accepted(name):
    found, said = checked(GOOD[name])
    assert found is not None, said


@pytest.mark.parametrize("name", BAD)
def test_what_may_leave_its_site_is_refused_and_told_why(name):
    text, words = BAD[name]
    found, said = checked(text)
    assert found is None
    assert any(words in sentence for sentence in said), said


def test_all_that_is_wrong_is_told_at_once():
    _, said = checked("select 1 from seat s, other.event e where random() > 1 and s.owner = $3")
    assert len(said) == 1, "a function is told before what it stands in"
    _, said = checked("select 1 from seat s, other.event e where s.owner = $3")
    assert len(said) == 3


def test_tables_are_sent_with_their_schema_and_table_expressions_are_not():
    text = 'with hold as (select * from "seat" where site_id = $1) select * from hold h join event e on e.site_id = $1'
    found, _ = checked(text)
    assert found is not None
    assert 'from venue."seat" where' in found.text
    assert "from hold h join venue.event e" in found.text


def test_a_select_without_a_limit_gets_one_more_than_it_may_give():
    found, _ = checked(GOOD["union"])
    assert found is not None and found.text.endswith("order by 1 limit 5")
    found, _ = checked(GOOD["the plainest"])
    assert found is not None and found.text.endswith("\nlimit 1001")


def test_a_statement_of_shared_tables_is_sent_without_a_site():
    found, _ = checked(GOOD["a shared table alone"])
    assert found is not None
    assert (found.of_site, found.arguments) == (False, 1)
    assert "code = $1" in found.text
