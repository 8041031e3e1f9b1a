"""What rows look like: ids are whole however narrow the terminal is, and values are words."""

from hanse.cli.data.listing import drawn

ID = "01a227b6-1b1f-7423-a24d-2b4ec20f38f2"
TITLES = ("event", "type", "failed")
ROWS = [(ID, "hiring.v1.JobPublished", "2"), (ID[::-1], "", "10")]


def look(width: int, rows=ROWS) -> list[str]:
    return drawn(TITLES, rows, {"failed"}, width=width)


def test_where_there_is_room_each_row_is_a_line_and_numbers_end_below_each_other() -> None:
    for width in (68, 200, 0):
        title, first, second = look(width)
        assert title.startswith("\x1b[2mevent" + " " * 33 + "type")
        assert first == f"{ID}  hiring.v1.JobPublished       2"
        assert second == f"{ID[::-1]}{' ' * 30}10"


def test_where_there_is_none_values_stand_below_each_other_and_none_is_broken() -> None:
    assert look(67) == [
        ID,
        "  type    hiring.v1.JobPublished",
        "  failed  2",
        ID[::-1],
        "  failed  10",
    ]


def test_what_others_wrote_moves_no_cursor_and_ends_no_line() -> None:
    _, line = look(0, [("a\x1b[2Jb", "one\ntwo", "[bold]")])
    assert line == "a [2Jb  one two  [bold]"


def test_a_wide_letter_takes_its_two_places() -> None:
    _, first, second = look(0, [("船", "x", "1"), ("abc", "x", "1")])
    assert (first, second) == ("船     x          1", "abc    x          1")
