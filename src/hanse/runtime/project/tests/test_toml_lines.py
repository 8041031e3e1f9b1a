"""The line of every key and value is found, however the TOML is written."""

import tomllib
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.runtime.project.lines import Place, find_lines, nearest_line

KEYS = st.text("abcdef_-09", min_size=1, max_size=4) | st.text(
    st.characters(blacklist_categories=["Cs", "Cc"]), max_size=4
)
SCALARS = st.sampled_from(
    ["1", "-0.5", "true", "1979-05-27 07:32:00", "inf", '"a # [x] = {}"', "'''\n'' [t]\n#\n'''"]
    + ['"\\"]"', "'a\\'", '"""\n""\\" = 3\n[[x]]\n"""', '""', '""""""', '"""a"""""']
)
BLANKS = st.sampled_from(["", "\n", "\n\n", '  # [comment] = "\n', "\n# 'x\n\n"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.tuples(st.just("array"), st.lists(st.tuples(BLANKS, inner, BLANKS), max_size=3))
        | st.tuples(st.just("inline"), st.dictionaries(KEYS, inner, max_size=3))
    ),
    max_leaves=6,
)
TABLES = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(KEYS, min_size=1, max_size=2),
        st.dictionaries(KEYS, VALUES, max_size=3),
        BLANKS,
    ),
    max_size=5,
)


class Writer:
    """Writes a document and notes on which line it put each thing."""

    def __init__(self) -> None:
        self.text = ""
        self.lines: dict[Place, int] = {}

    def put(self, text: str) -> None:
        self.text += text

    def note(self, place: Place) -> None:
        self.lines.setdefault(place, self.text.count("\n") + 1)

    def value(self, place: Place, value: object) -> None:
        match value:
            case ("array", items):
                self.put("[")
                for position, (before, item, after) in enumerate(items):
                    self.put(before)
                    self.note((*place, position))
                    self.value((*place, position), item)
                    self.put(f"{after},")
                self.put("]")
            case ("inline", pairs):
                self.put("{")
                for position, (key, item) in enumerate(pairs.items()):
                    self.put(", " if position else " ")
                    self.pair(place, key, item)
                self.put(" }")
            case str():
                self.put(value)

    def pair(self, place: Place, key: str, value: object) -> None:
        self.note((*place, key))
        self.put(f"{spelled(key)} = ")
        self.value((*place, key), value)


def spelled(key: str) -> str:
    bare = key and all(char in "abcdef_-09" for char in key)
    return key if bare else '"' + "".join(f"\\U{ord(char):08x}" for char in key) + '"'


def write(tables: list[tuple[bool, list[str], dict[str, object], str]]) -> Writer:
    """A document of those tables that fit together; the first table stands without a header."""
    writer = Writer()
    arrays: dict[str, int] = {}
    for position, (several, path, pairs, blank) in enumerate(tables):
        # A first key of its own, so that no two tables get in each other's way.
        names = ("list",) if several else (f"t{position}", *path)
        place: Place = names
        if several:
            place = (*names, arrays.setdefault("list", 0))
            arrays["list"] += 1
        writer.note(names[:1] if several else names)
        writer.note(place)
        shown = " . ".join(spelled(name) for name in names)
        writer.put(f"[[{shown}]]" if several else f"[ {shown} ]")
        writer.put("  # = [\n")
        for key, value in pairs.items():
            writer.put("\t")
            writer.pair(place, key, value)
            writer.put(" # end\n")
        writer.put(f"{blank}\n")
    return writer


def places(value: object, place: Place = ()) -> Iterator[Place]:
    match value:
        case dict():
            for key, inner in value.items():
                yield (*place, key)
                yield from places(inner, (*place, key))
        case list():
            for position, inner in enumerate(value):
                yield (*place, position)
                yield from places(inner, (*place, position))


@settings(max_examples=50)
@given(TABLES)
def test_every_place_has_the_line_it_was_written_on(tables) -> None:
    writer = write(tables)

    found = find_lines(writer.text)

    assert {place: found.get(place) for place in writer.lines} == writer.lines


@settings(max_examples=50)
@given(TABLES, st.sampled_from(["\n", "\r\n"]))
def test_what_is_found_is_what_tomllib_reads(tables, end) -> None:
    text = write(tables).text.replace("\n", end)

    assert set(find_lines(text)) == set(places(tomllib.loads(text)))


def test_dotted_keys_and_tables_in_lists() -> None:
    text = 'a.b."c.d" = 1\na.e = 2\n[[x.y]]\nz = 1\n[x.y.w]\nv = 1\n[[x.y]]\nz.q = [\n1,\n2]'

    found = find_lines(text)

    assert found["a", "b", "c.d"] == 1
    assert found["a", "e"] == 2
    assert found["x", "y", 0, "w", "v"] == 6
    assert found["x", "y", 1, "z", "q", 1] == 10
    assert nearest_line(found, ("x", "y", 1, "missing")) == 7
    assert nearest_line(found, ("nowhere",)) == 1
