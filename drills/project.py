"""What the projects of all drills have in common: the head of their file, and how they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
[project]
name = "drill"
services = [{listed}]

[gateway]
port = 0
tls_port = "off"

[gateway.limits]
per_address = {{ requests_per_second = 0 }}
per_key = {{ requests_per_second = 0 }}

[placement]
{placement}
"""


def write_file(path: Path, text: str) -> None:
    """Writes it whole, as whoever saves a file does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(text)
    draft.replace(path)
