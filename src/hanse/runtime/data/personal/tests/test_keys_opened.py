"""What a call remembers of whom it read is bounded, and a step has what is around it."""

from hanse.runtime.data.personal.keys_opened import REMEMBERED, KeysOpened


def test_of_many_persons_the_last_are_remembered():
    opened = KeysOpened()
    for number in range(REMEMBERED + 1):
        opened.note("acme", str(number), "", b"old")
    assert [opened.is_other("acme", str(one), "", b"new") for one in (0, 1, REMEMBERED)] == [
        False, True, True,
    ]  # fmt: skip


def test_who_is_read_again_counts_as_read_last():
    opened = KeysOpened()
    for number in (0, *range(1, REMEMBERED), 0, REMEMBERED):
        opened.note("acme", str(number), "", b"old")
    assert [opened.is_other("acme", str(one), "", b"new") for one in (0, 1)] == [True, False]


def test_a_step_knows_what_is_around_it_and_what_it_read_itself_counts_more():
    outer = KeysOpened()
    outer.note("acme", "ada", "", b"old")
    step = KeysOpened(outer)
    assert step.is_other("acme", "ada", "", b"new")
    step.note("acme", "ada", "", b"new")
    assert not step.is_other("acme", "ada", "", b"new")
    assert outer.is_other("acme", "ada", "", b"new")
    outer.take_over(step)
    assert not outer.is_other("acme", "ada", "", b"new")


def test_a_person_of_another_site_or_purpose_is_another():
    opened = KeysOpened()
    opened.note("acme", "ada", "", b"old")
    assert not opened.is_other("other", "ada", "", b"new")
    assert not opened.is_other("acme", "ada", "kept", b"new")
