"""What people are told of a process that ends again and again."""

from pathlib import Path

import pytest

from hanse.fleet.control.looks.report import process_status
from hanse.fleet.control.looks.watch import Watch
from hanse.fleet.engine.program import Program
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.state import StateFolder

NO_ROOM = '[9] FATAL:  could not write to file "pg_wal/xlogtemp.9": No space left on device'
TOO_EARLY = "[8] FATAL:  the database system is starting up"
LAST = "[7] LOG:  database system is shut down"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((TOO_EARLY, NO_ROOM, TOO_EARLY, LAST), NO_ROOM),
        (("no such port", "all is lost"), "all is lost"),
        ((TOO_EARLY, LAST), LAST),
    ],
)
def test_a_note_says_why_it_ended(tmp_path: Path, words: tuple[str, ...], told: str):
    # given
    one = Supervision(Program(name="one", command=("/bin/true",)), StateFolder(tmp_path))
    one.stage, one.crashes, one.exit_code, one.last_words = "backing off", 4, 1, words
    # when
    note = process_status(one, Watch(), "database").note
    # then
    assert note == f"ended 4 times in a row with exit code 1: {told}. See: hanse logs one"
