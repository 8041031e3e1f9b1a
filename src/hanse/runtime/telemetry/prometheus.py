"""The Prometheus text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""What an answer with this text calls itself."""


def family(name: str, kind: str, meaning: str, samples: Iterable[str]) -> str:
    """One metric: what it means, its type and its samples; empty when it has none."""
    lines = "".join(samples)
    escaped = meaning.replace("\\", "\\\\").replace("\n", "\\n")
    return f"# HELP {name} {escaped}\n# TYPE {name} {kind}\n{lines}" if lines else ""


def sample(name: str, labels: str, value: float) -> str:
    """One line; `labels` as `labels_text` makes them."""
    return f"{name}{{{labels}}} {value}\n" if labels else f"{name} {value}\n"


def labels_text(labels: Mapping[str, str]) -> str:
    """Names and values as they stand between the braces, escaped."""
    return ",".join(f'{name}="{_escape(value)}"' for name, value in labels.items())


def _escape(value: str) -> str:
    """As the format wants it; half a character (a lone surrogate) would spoil the whole page."""
    clean = value.encode("utf-8", "replace").decode()
    return clean.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
