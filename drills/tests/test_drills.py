"""Who looks for a drill finds all of them, each with its command."""

import re

from drills.__main__ import DOCS, DRILLS


def test_the_page_has_a_command_for_each_drill() -> None:
    text = (DOCS / "README.md").read_text()

    assert re.findall(r"^\| `\./hanse drill (\w+)`", text, re.MULTILINE) == list(DRILLS)
