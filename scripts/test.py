"""Sets up what the suite needs, says what it could not get, and becomes pytest."""

import os
import sys
from pathlib import Path

from equipment import ensure_all, say

ROOT = Path(__file__).resolve().parent.parent
WORKERS = "2"
"""As many as the build server has cores: a third won a minute of fourteen, and had tests starve."""


def names_a_path(argument: str) -> bool:
    return not argument.startswith("-") and (ROOT / argument.partition("::")[0]).exists()


def pytest_arguments(arguments: list[str]) -> list[str]:
    """Translate --long, and spread the whole suite over workers; one file is quicker without."""
    rest = [argument for argument in arguments if argument != "--long"]
    long = ["-m", ""] if "--long" in arguments else []
    by_hand = any(names_a_path(part) or part.startswith(("-n", "--pdb")) for part in rest)
    # The slow ones lie together: who is done takes half of what another has left.
    spread = [] if by_hand else ["-n", WORKERS, "--dist", "worksteal"]
    return [*spread, *long, *rest]


def main(arguments: list[str]) -> None:
    os.chdir(ROOT)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a thousand processes import the same
    for lack in ensure_all():
        say(str(lack))
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *pytest_arguments(arguments)])


if __name__ == "__main__":
    main(sys.argv[1:])
