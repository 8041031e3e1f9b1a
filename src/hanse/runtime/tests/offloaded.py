"""Functions for other processes."""

import os
import signal
from pathlib import Path
from typing import Annotated

from hanse import Range, Struct
from hanse.runtime.errors import FailedPrecondition


class Point(Struct, frozen=True):
    x: Annotated[int, Range(0)]
    y: int = 0


class TooFar(FailedPrecondition):
    code = "too_far"
    limit: int


class Picky(Exception):
    def __init__(self, one, two):
        super().__init__(one)


def moved(point: Point, by: int = 1) -> Point:
    return Point(point.x + by, point.y)


def process() -> int:
    return os.getpid()


def fails(how: str) -> None:
    match how:
        case "ours":
            raise TooFar(detail="Too far.", limit=3)
        case "picky":
            raise Picky(1, 2)
        case _:
            os.kill(os.getpid(), signal.SIGKILL)


def lies() -> int:
    return "text"  # pyright: ignore[reportReturnType]  a wrong answer is what is tested


def waits(path: str) -> bool:
    """Until the file is there; opening a pipe waits for its writer."""
    with Path(path).open() as pipe:
        return bool(pipe.read())


def untyped(x) -> int:
    return x
