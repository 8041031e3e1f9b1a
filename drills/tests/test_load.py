"""Users of drills know nothing of what they use, check every answer, and leave a log that can be trusted."""

import ast
import asyncio
import contextlib
import json
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from drills.command import LOAD
from drills.load import verdict
from drills.requests_log import BrokenLogError, digest_of, read_log

LINES = ["10.000 s00 ok 4000\n", "10.500 s01 internal 300\n"]
PRICE = {"service": "s00", "price": 100}


def write_log(path: Path, lines: list[str]) -> None:
    path.write_text("".join(lines) + f"end {len(lines)} {digest_of(lines)}\n")


def test_users_know_nothing_of_what_they_use() -> None:
    imported = {
        name
        for node in ast.walk(ast.parse(LOAD.read_text()))
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not any(str(name).startswith(("hanse", "drills")) for name in imported)


@pytest.mark.parametrize(
    ("status", "body", "came_to"),
    [
        (200, {"service": "s00", "price": 100, "release": 3}, "ok"),
        (200, {"service": "s01", "price": 100, "release": 3}, "wrong"),
        (200, {"service": "s00", "price": 99}, "wrong"),
        (200, [PRICE], "wrong"),
        (503, {"code": "busy"}, "busy"),
        (500, {"code": "internal"}, "internal"),
        (404, {}, "404"),
        (502, "no", "502"),
    ],
)
def test_every_answer_is_checked(status: int, body: object, came_to: str) -> None:
    assert verdict(PRICE, status, json.dumps(body).encode()) == came_to
    assert verdict(PRICE, status, b"<html>") == f"{status}-unreadable"


def test_a_log_that_is_whole_is_read(tmp_path: Path) -> None:
    write_log(tmp_path / "requests.log", LINES)

    assert [tuple(one) for one in read_log(tmp_path / "requests.log")] == [
        (10.0, "s00", "ok", 0.004), (10.5, "s01", "internal", 0.0003),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("internal", "ok"),
        lambda text: text.replace(LINES[1], ""),
        lambda text: text.partition("end")[0],
        lambda text: text[:-10],
        lambda text: "",
    ],
    ids=["changed", "shortened", "no end", "half an end", "empty"],
)
def test_a_log_that_is_not_as_it_was_written_is_refused(tmp_path: Path, change) -> None:
    write_log(tmp_path / "requests.log", LINES)
    broken = change((tmp_path / "requests.log").read_text())
    (tmp_path / "requests.log").write_text(broken)

    with pytest.raises(BrokenLogError, match="requests.log"):
        read_log(tmp_path / "requests.log")


async def asked(folder: Path, answers: asyncio.Event, **order: object) -> list[float]:
    """When requests were asked by users of a server that answers as soon as it may."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            while await reader.readuntil(b"\r\n\r\n"):
                await answers.wait()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    asks = [{"name": "s00", "path": "/", "right": {}}]
    (folder / "order.json").write_text(json.dumps({"port": port, "asks": asks} | order))
    users = await asyncio.create_subprocess_exec(
        sys.executable, LOAD, folder / "order.json", folder / "requests.log"
    )
    while not answers.is_set() and users.returncode is None:
        if (folder / "over").exists():
            answers.set()
        await asyncio.sleep(0.01)
    assert await users.wait() == 0
    server.close()
    return [one.at for one in read_log(folder / "requests.log")]


async def test_requests_come_as_of_many_who_know_nothing_of_each_other(tmp_path: Path) -> None:
    """Even distances would beat with what recurs: some of them at least twice as long, here a seventh."""
    answers = asyncio.Event()
    answers.set()

    begun = await asked(tmp_path, answers, rate=200.0, over="never", seconds=1.0)

    long = sum(after - one > 2 / 200.0 for one, after in pairwise(begun))
    assert len(begun) > 50
    assert 0.04 < long / len(begun) < 0.4


async def test_who_finds_nobody_free_for_long_asks_no_more(tmp_path: Path) -> None:
    """Else hundreds of thousands would wait in the end, and users do nothing but that."""
    over = tmp_path / "over"
    asyncio.get_running_loop().call_later(3.0, over.touch)

    begun = await asked(tmp_path, asyncio.Event(), rate=50.0, over=str(over), users=4)

    assert 4 <= len(begun) < 100, "those under way, of a second and of the end; 150 came"
