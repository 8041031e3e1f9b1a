"""Flags for code that asks OpenFeature for them. Install `hanse[openfeature]`.

See `docs/how-to/flags.md`.
"""

from hanse.runtime.flags.provider import HanseProvider

__all__ = ["HanseProvider"]
