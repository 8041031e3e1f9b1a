"""Flags: values that operators change while hosts run. See `docs/how-to/flags.md`.

    class Checkout(Flags):
        new_tax = flag(False, owner="payments", until=date(2027, 3, 1), doc="The new table.")

What a host without flags need not load stands here and not in `hanse`.
"""

from hanse.runtime.flags.flags import Flag, Flags, flag
from hanse.runtime.ofrep.ofrep import Evaluated, EvaluatedFlags, FlagNotFound, Ofrep

__all__ = ["Evaluated", "EvaluatedFlags", "Flag", "FlagNotFound", "Flags", "Ofrep", "flag"]
