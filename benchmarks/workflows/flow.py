"""The workflow that everybody runs: an order is reserved, charged and shipped, step by step.

A step does nothing but answer: what is measured is keeping it. It counts how often it ran, so that
steps which were left out or ran twice are seen.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

STEPS = ("reserve", "charge", "ship")

ran: Counter[str] = Counter()
"""Bodies of steps that ran in this process."""


def order(number: int) -> dict[str, Any]:
    """What a workflow is given."""
    return {
        "number": number,
        "customer": f"customer-{number % 1000}",
        "items": ["board", "screws", "oil"],
        "cents": 1_000 + number % 500,
    }


def step(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """What the step answers, and counts that it ran."""
    ran[name] += 1
    return {"step": name, "number": given["number"], "cents": given["cents"]}


def receipt(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """What a workflow answers, out of what its steps did."""
    return {
        "number": answers[0]["number"],
        "steps": [one["step"] for one in answers],
        "cents": sum(one["cents"] for one in answers),
    }


def expected(number: int) -> dict[str, Any]:
    """The only right answer."""
    given = order(number)
    return {"number": number, "steps": list(STEPS), "cents": len(STEPS) * given["cents"]}
