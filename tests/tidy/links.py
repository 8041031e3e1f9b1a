"""The rule about papers: every relative link in them points to something that exists."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tests.tidy.source import Finding

LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)")
CODE = re.compile(r"`[^`]*`")
FENCE = re.compile(r"^\s*(```|~~~)")
ELSEWHERE = re.compile(r"^([a-z][a-z0-9+.-]*:|#|/)", re.IGNORECASE)
NOT_OURS = frozenset(("node_modules", "dist", "build"))


def papers(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*.md")):
        folders = path.relative_to(root).parts[:-1]
        if not any(part.startswith(".") or part in NOT_OURS for part in folders):
            yield path


def targets(text: str) -> Iterator[tuple[int, str]]:
    """Yield line number and target of each link outside code."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            for link in LINK.finditer(CODE.sub("", line)):
                yield number, link["target"]


def dead_link(root: Path) -> Iterator[Finding]:
    for paper in papers(root):
        for number, target in targets(paper.read_text(encoding="utf-8")):
            if ELSEWHERE.match(target):
                continue
            if not (paper.parent / target.partition("#")[0]).exists():
                path = PurePosixPath(paper.relative_to(root).as_posix())
                says = f"link to {target}, which is not there: mend the path or write the page"
                yield Finding(path, number, says)
