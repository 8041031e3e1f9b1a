"""Files as people and programs write them: what is a row, where it stands, and what cannot be read."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.cli.imports.rows import Row, read_table
from hanse.cli.refusal import Refused


def rows(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "rows"
    path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(read_table(path, file).rows)


READ = {
    "plain": ("id,name\n1,Ada\n2,Eve\n", [(2, {"id": "1", "name": "Ada"}), (3, {"id": "2", "name": "Eve"})]),
    "from a spreadsheet": ("\ufeffID;Full Name;;\r\n1;Ada, the first;;\r\n", [(2, {"id": "1", "full_name": "Ada, the first"})]),
    "tabs": ("id\tname\n1\ta,b;c\n", [(2, {"id": "1", "name": "a,b;c"})]),
    "quoted line ends": ('id,text\n1,"a\nb ""c"""\n\n2,d\n', [(2, {"id": "1", "text": 'a\nb "c"'}), (5, {"id": "2", "text": "d"})]),
    "empty cells": ("id,name,town\n1,,\n2, ,Kyiv\n,,\n", [(2, {"id": "1"}), (3, {"id": "2", "town": "Kyiv"})]),
    "short rows and no last line end": ("id,name\n1\n2,x", [(2, {"id": "1"}), (3, {"id": "2", "name": "x"})]),
    "a comma in a heading": ('"id";"name, first"\n1;x\n', [(2, {"id": "1", "name,_first": "x"})]),
    "json": ('[{"id": 1},\n\n {"id": 2, "tags": ["a"]}]', [(1, {"id": 1}), (3, {"id": 2, "tags": ["a"]})]),
    "one object": ('\n{"id": 1}\n', [(2, {"id": 1})]),
    "an empty array": ("[ ]", []),
    "json with a mark": ('\ufeff[{"id": 1}]', [(1, {"id": 1})]),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_rows_are_read_with_the_line_they_begin_on(tmp_path, case):
    text, expected = READ[case]

    assert rows(tmp_path, text) == [Row(line, values) for line, values in expected]


BROKEN = {
    "an open quote": ('id,name\n1,a\n2,"b\n', 3, "this is no CSV from here on"),
    "a cell too many": ("id,name\n1,Ada, the first\n", 2, "more cells than columns, which are 2"),
    "no JSON": ('[{"id": 1},\n{"id": }]', 2, "this is no JSON from here on"),
    "no comma": ('[{"id": 1}\n{"id": 2}]', 1, "neither a comma nor"),
    "no object": ("[1]", 1, "this is no object"),
    "nested too deeply": ("[" + "[" * 100_000, 1, "no JSON from here on"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_read_is_a_row_that_says_why(tmp_path, case):
    text, line, said = BROKEN[case]
    *_, last = rows(tmp_path, text)

    assert last.line == line
    assert said in last.problem


@pytest.mark.parametrize("text", ["id,name\n1,Zoë\n", '[{"id": "Zoë"}]'])
def test_a_file_in_another_encoding_is_refused_with_the_way_out(tmp_path, text):
    with pytest.raises(Refused, match="save the file as UTF-8"):
        rows(tmp_path, text.encode("latin-1"))


def test_where_another_encoding_begins_late_what_stands_before_is_read(tmp_path):
    text = "id,name\n" + "1,a\n" * 100_000
    *read, last = rows(tmp_path, text.encode() + "2,Zoë\n".encode("latin-1"))

    assert "save the file as UTF-8" in last.problem
    assert 95_000 < len(read) == last.line - 2


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "no first line"), ("\n\n", "no first line"), ("id,name,ID\n", "'id'"), ("id,,name\n", "without a name"),
     (",".join(map(str, range(201))), "200 at most")],
)  # fmt: skip
def test_a_file_without_usable_columns_is_refused(tmp_path, text, said):
    with pytest.raises(Refused, match=said):
        rows(tmp_path, text)


CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\0\ufeff"), min_size=1, max_size=12
).filter(str.strip)


@given(
    st.lists(st.fixed_dictionaries({"id": CELL, "name": CELL}), max_size=5), st.sampled_from(",;\t")
)
def test_what_was_written_by_the_rules_of_csv_is_read_as_it_was(
    tmp_path_factory, given_rows, delimiter
):
    import csv
    import io

    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, ["id", "name"], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(given_rows)

    found = rows(tmp_path_factory.mktemp("csv"), written.getvalue())
    assert [one.values for one in found] == given_rows
    assert not any(one.problem for one in found)


@settings(max_examples=40)
@given(
    st.lists(
        st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.text())),
        max_size=5,
    ),
    st.sampled_from([None, 2]),
)
def test_json_is_read_as_json(tmp_path_factory, given_rows, indent):
    text = json.dumps(given_rows, indent=indent)
    found = rows(tmp_path_factory.mktemp("json"), text)

    assert [one.values for one in found] == given_rows
    lines = text.split("\n")
    assert all("{" in lines[one.line - 1] for one in found)
