"""What the judge refuses: figures that cannot be, and plans that cannot be kept."""

from __future__ import annotations

from typing import ClassVar


class JudgeError(Exception):
    """The root; whoever gets one has no verdict, and the judge is as it was before."""

    code: ClassVar[str] = "judge_error"


class BadFigures(JudgeError):
    """What was counted cannot be so: somebody counts wrongly, and nothing follows from it.

    Attributes:
        instance: Whose figures they are; empty where they are nobody's.
    """

    code = "bad_figures"

    def __init__(self, instance: str, problem: str) -> None:
        super().__init__(f"{instance}: {problem}" if instance else problem)
        self.instance = instance


class BadPlan(JudgeError):
    """A limit outside of what it may be; the message says which, and what is allowed."""

    code = "bad_plan"
