"""The trace store keeps the newest spans of many processes below a size, come what may."""

import contextlib
import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from hanse.runtime.telemetry.span import Span
from hanse.runtime.telemetry.store import (
    SPAN_BYTES_LIMIT,
    TRACE_SPANS_LIMIT,
    AmbiguousTrace,
    TraceStore,
)

MIB = 1 << 20


def span(trace: int | str, number: int = 1, **changes) -> Span:
    fields = {
        "trace_id": trace if isinstance(trace, str) else f"{trace:032x}",
        "span_id": f"{number:016x}",
        "parent_id": "" if number == 1 else f"{1:016x}",
        "name": "crm.v1.Contacts/Merge",
        "kind": "server",
        "start_ns": number * 1000,
        "duration_ns": 500,
        "service": "crm.v1.Contacts",
    }
    return Span(**{**fields, **changes})


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def test_a_trace_is_read_back_in_order_from_all_who_wrote_it(tmp_path: Path) -> None:
    # Given two hosts that wrote parts of one trace, and other traces
    one, other = TraceStore(tmp_path), TraceStore(tmp_path)
    one.write([span(7, 3), span(8, 1)])
    other.write([span(7, 1), span(9, 1)])
    one.write([span(7, 2, attributes=(("a", "b\nc"),))])
    # Then any third reads it whole
    read = TraceStore(tmp_path).trace(f"{7:032x}")
    assert read == [span(7, 1), span(7, 2, attributes=(("a", "b\nc"),)), span(7, 3)]


def test_an_unknown_trace_and_an_empty_folder_have_no_spans(tmp_path: Path) -> None:
    store = TraceStore(tmp_path / "not" / "there")
    assert store.trace("abc") == []
    assert store.recent() == []
    store.write([])
    assert not (tmp_path / "not").exists()


def test_the_beginning_of_an_id_is_enough_when_it_fits_one(tmp_path: Path) -> None:
    store = TraceStore(tmp_path)
    store.write([span("ab" * 16, 1), span("ab" * 16, 2), span("ac" * 16), span("ba" * 16)])
    assert len(store.trace(" ABa ")) == 2
    assert store.trace("ac") == [span("ac" * 16)]
    assert store.trace("b") == [span("ba" * 16)]
    assert store.trace("c") == []


def test_an_ambiguous_beginning_names_what_it_fits(tmp_path: Path) -> None:
    store = TraceStore(tmp_path)
    store.write([span(f"ab{number:030x}") for number in range(20)])
    with pytest.raises(AmbiguousTrace, match="give more digits") as raised:
        store.trace("ab")
    assert len(raised.value.trace_ids) == 3
    assert all(one in str(raised.value) for one in raised.value.trace_ids)


def test_an_ambiguous_beginning_does_not_read_everything_into_memory(tmp_path: Path) -> None:
    store = TraceStore(tmp_path, MIB)
    store.write([span(number) for number in range(1, 5000)])
    tracemalloc.start()
    with pytest.raises(AmbiguousTrace):
        store.trace("0")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 400_000


@pytest.mark.parametrize("bad", ["", "xyz", "ab" * 17, "a b", '"', "ab\n", ".*"])
def test_what_is_no_id_is_refused(tmp_path: Path, bad: str) -> None:
    if bad.strip() == "ab":  # white space around it is a slip of the mouse, not a mistake
        assert TraceStore(tmp_path).trace(bad) == []
        return
    with pytest.raises(ValueError, match="hexadecimal"):
        TraceStore(tmp_path).trace(bad)


def test_recent_traces_come_newest_first_with_a_summary(tmp_path: Path) -> None:
    store = TraceStore(tmp_path)
    store.write(
        [
            span(
                1, 2, start_ns=1100, duration_ns=900, name="inner", service="inner", code="aborted"
            ),
            span(1, 1, start_ns=1000, duration_ns=500),
            span(2, 1, start_ns=5000, name="later"),
            span(3, 1, start_ns=3000, name="between"),
        ]
    )
    newest, between, first = store.recent()
    assert (newest.name, between.name) == ("later", "between")
    assert (first.name, first.service) == ("crm.v1.Contacts/Merge", "crm.v1.Contacts")
    assert (first.start_ns, first.duration_ns, first.spans, first.errors) == (1000, 1000, 2, 1)
    assert [one.name for one in store.recent(2)] == ["later", "between"]
    assert store.recent(0) == []


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    umask = os.umask(0)
    try:
        TraceStore(folder).write([span(1)])
    finally:
        os.umask(umask)
    [path] = folder.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_stays_below_its_limit_and_forgets_the_oldest(tmp_path: Path) -> None:
    # Given a small store, when ten times as much is written by two hosts
    stores = [TraceStore(tmp_path, MIB), TraceStore(tmp_path, MIB)]
    sizes: list[int] = []
    number = 0
    for _ in range(120):
        for store in stores:
            number += 1
            store.write([span(number, n, attributes=(("pad", "x" * 400),)) for n in range(1, 80)])
            sizes.append(size_of(tmp_path))
    # Then it never exceeded the limit nor forgot much at once, the newest is there, the oldest gone
    assert max(sizes) <= MIB
    assert min(sizes[len(sizes) // 2 :]) > MIB * 3 // 4
    assert len(stores[0].trace(f"{number:032x}")) == 79
    assert stores[0].trace(f"{1:032x}") == []
    assert stores[0].statistics().bytes == size_of(tmp_path)
    assert stores[0].statistics().dropped == 0


def test_one_huge_batch_does_not_exceed_the_limit(tmp_path: Path) -> None:
    store = TraceStore(tmp_path, MIB)
    store.write([span(n, attributes=(("pad", "x" * 400),)) for n in range(20_000)])
    assert size_of(tmp_path) <= MIB
    assert store.trace(f"{19_999:032x}")


def test_a_limit_too_small_to_work_with_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1048576"):
        TraceStore(tmp_path, MIB - 1)


def test_a_file_dropped_by_another_host_is_not_written_to_any_more(tmp_path: Path) -> None:
    store = TraceStore(tmp_path)
    store.write([span(1)])
    for path in tmp_path.iterdir():
        path.unlink()
    store.write([span(2)])
    assert store.trace(f"{2:032x}") == [span(2)]


def test_files_of_others_are_neither_read_nor_dropped(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_bytes(b"x" * MIB * 2)
    store = TraceStore(tmp_path, MIB)
    store.write([span(1)])
    assert (tmp_path / "precious.txt").exists()
    assert len(store.recent()) == 1


def test_a_span_too_large_loses_its_attributes_or_is_not_kept(tmp_path: Path) -> None:
    store = TraceStore(tmp_path)
    huge = "x" * SPAN_BYTES_LIMIT
    store.write([span(1, attributes=(("pad", huge),)), span(2, name=huge), span(3, name="\ud800")])
    assert store.trace(f"{1:032x}") == [span(1)]
    assert {one.trace_id for one in store.recent()} == {f"{1:032x}"}
    assert store.statistics().dropped == 2


def test_a_trace_without_end_is_cut(tmp_path: Path) -> None:
    store = TraceStore(tmp_path)
    store.write([span(1, n) for n in range(1, TRACE_SPANS_LIMIT + 100)])
    assert len(store.trace(f"{1:032x}")) == TRACE_SPANS_LIMIT


@pytest.mark.parametrize(
    "rubbish",
    [b"\x00\xff rubbish\n", b'["%032x"' % 1, b'["%032x",1,2]\n' % 1, b"[[[[\n", b"\n\n\n", b""],
)
def test_rubbish_between_the_lines_is_skipped(tmp_path: Path, rubbish: bytes) -> None:
    store = TraceStore(tmp_path)
    store.write([span(1, 1)])
    [path] = tmp_path.iterdir()
    path.write_bytes(rubbish + b"\n" + path.read_bytes() + rubbish)
    assert store.trace(f"{1:032x}") == [span(1, 1)]
    assert len(store.recent()) == 1


def test_every_cut_of_a_file_leaves_the_whole_lines_readable(tmp_path: Path) -> None:
    store = TraceStore(tmp_path)
    store.write([span(1, n) for n in range(1, 6)])
    [path] = tmp_path.iterdir()
    whole = path.read_bytes()
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        assert len(store.trace(f"{1:032x}")) == whole[:length].count(b"\n")


def test_a_disk_that_refuses_costs_spans_and_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = TraceStore(tmp_path / "file" / "folder")
    store.write([span(1), span(2)])
    assert store.statistics().dropped == 2


def test_closing_twice_and_writing_again_is_fine(tmp_path: Path) -> None:
    store = TraceStore(tmp_path)
    store.write([span(1)])
    store.close()
    store.close()
    store.write([span(2)])
    assert len(store.recent()) == 2


WRITES = """
import sys
import tracemalloc
from pathlib import Path
from hanse.runtime.telemetry.span import Span
from hanse.runtime.telemetry.store import TraceStore
store = TraceStore(Path(sys.argv[1]), 1 << 20)
trace = 0
while True:
    trace += 1
    ids = (f"{trace:032x}", [f"{n:016x}" for n in range(1, 51)])
    store.write([Span(ids[0], one, "", "n" * 200, "server", 1, 1) for one in ids[1]])
    print(trace, flush=True)
"""


def test_a_killed_writer_loses_at_most_its_last_batch_and_spoils_nothing(tmp_path: Path) -> None:
    reported = []
    for round_number in range(1, 6):
        # Given a process that writes batches and says so after each
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITES, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        for _ in range(7 * round_number):
            writer.stdout.readline()
        # When it is killed in the middle of its work
        os.kill(writer.pid, signal.SIGKILL)
        written = [line for line in writer.stdout.read().split("\n") if line]
        writer.stdout.close()
        writer.wait()
        last = int(written[-1]) if written else 7 * round_number
        reported.append(last)
        # Then what it reported last is whole, and the folder is readable, writable and bounded
        store = TraceStore(tmp_path, MIB)
        assert len({one.span_id for one in store.trace(f"{last:032x}")}) == 50
        marker = span(10**9 + round_number)
        store.write([marker])
        assert store.trace(marker.trace_id) == [marker]
        assert store.recent(10**6)
        assert size_of(tmp_path) <= MIB
    assert len(reported) == 5


def test_many_processes_write_at_once_and_readers_see_whole_spans(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITES, str(tmp_path)], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    try:
        store = TraceStore(tmp_path, MIB)
        for _ in range(40):
            for writer in writers:
                assert writer.stdout is not None
                writer.stdout.readline()
            assert all(one.name == "n" * 200 for one in store.recent())
            # A file may go between listing and looking; what is there then is what counts.
            with contextlib.suppress(FileNotFoundError):
                assert size_of(tmp_path) <= MIB
    finally:
        for writer in writers:
            writer.kill()
            assert writer.stdout is not None
            writer.stdout.close()
            writer.wait()
