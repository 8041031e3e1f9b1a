"""A tree is named by its content, and lies in its folder whatever its paths claim."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.fleet.releases.tree import FileEntry, Tree, TreeError, digest_of, joined, tree_of

NAMES = st.from_regex(r"[a-z]{1,3}(\.py)?", fullmatch=True)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


def entry(path: str, content: bytes = b"") -> FileEntry:
    return FileEntry(path, digest_of(content), len(content))


@given(st.dictionaries(NAMES, st.binary(max_size=4), max_size=6), st.randoms())
def test_the_same_files_have_the_same_name_in_whatever_order(files, random) -> None:
    entries = [entry(*one) for one in files.items()]
    mixed = random.sample(entries, len(entries))
    assert tree_of(mixed).digest == tree_of(entries).digest


@given(st.dictionaries(NAMES, st.binary(max_size=4), min_size=1), st.data())
def test_one_other_byte_is_another_name(files, data) -> None:
    changed = data.draw(st.sampled_from(sorted(files)))
    before = tree_of(entry(*one) for one in files.items())
    after = tree_of(entry(*one) for one in (files | {changed: files[changed] + b"!"}).items())
    assert before.digest != after.digest


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../../x",
        "/etc/passwd",
        "",
        "a//b",
        "./a",
        "a/.",
        "a\\b",
        "a\0b",
        "a\nb",
        "a/" * 600,
    ],
)
def test_no_path_leads_out_of_it(path: str) -> None:
    with pytest.raises(TreeError, match="no path below the root"):
        tree_of([entry(path)])


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([entry("a"), entry("a", b"x")], "a is there twice"),
        ([entry("a"), entry("a/b")], "a is a file and a folder"),
        ([FileEntry("a", "../../x", 1)], "no SHA-256"),
        ([FileEntry("a", digest_of(b""), -1)], "bytes; a file has"),
        ([FileEntry("a", digest_of(b""), 10**12)], "bytes; a file has"),
    ],
)
def test_what_could_not_be_laid_down_is_refused(entries: list[FileEntry], said: str) -> None:
    with pytest.raises(TreeError, match=said):
        tree_of(entries)


@given(st.lists(st.dictionaries(NAMES, st.sampled_from([b"1", b"2"]), max_size=4), max_size=4))
def test_trees_join_unless_one_path_has_two_contents(trees) -> None:
    made = [tree_of(entry(*one) for one in files.items()) for files in trees]
    wanted: dict[str, set[bytes]] = {}
    for files in trees:
        for path, content in files.items():
            wanted.setdefault(path, set()).add(content)
    try:
        found = joined({str(at): one for at, one in enumerate(made)})
    except TreeError as error:
        clashing = {path for path, contents in wanted.items() if len(contents) > 1}
        assert {said.split(" ")[0] for said in error.problems} == clashing != set()
    else:
        assert {one.path: {one.digest} for one in found.files} == {
            path: {digest_of(one) for one in contents} for path, contents in wanted.items()
        }


def test_a_tree_of_nothing_has_a_name_too() -> None:
    assert len(Tree().digest) == 64
