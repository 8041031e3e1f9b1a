"""Hanse: a platform as a runtime for backends. These names are all that a service needs."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from msgspec import Struct

    from hanse.kit.clock import Clock
    from hanse.runtime.call.context import Context, current
    from hanse.runtime.call.deadline import remaining, within
    from hanse.runtime.contract.declaration import rpc
    from hanse.runtime.contract.page import Html, page
    from hanse.runtime.contract.rules import Doc, Length, Pattern, Range
    from hanse.runtime.contract.service import Contract, Service
    from hanse.runtime.host import Host
    from hanse.runtime.host_config import HostConfig
    from hanse.runtime.identity.permission import PUBLIC, SIGNED_IN, kind, permission
    from hanse.runtime.identity.principal import Principal

__all__ = [
    "PUBLIC",
    "SIGNED_IN",
    "Clock",
    "Context",
    "Contract",
    "Doc",
    "Host",
    "HostConfig",
    "Html",
    "Length",
    "Pattern",
    "Principal",
    "Range",
    "Service",
    "Struct",
    "current",
    "kind",
    "page",
    "permission",
    "remaining",
    "rpc",
    "within",
]

# Imported when first asked for, so that `hanse --help` need not load a server.
_HOMES = {
    "msgspec": ("Struct",),
    "hanse.kit.clock": ("Clock",),
    "hanse.runtime.call.context": ("Context", "current"),
    "hanse.runtime.call.deadline": ("remaining", "within"),
    "hanse.runtime.contract.declaration": ("rpc",),
    "hanse.runtime.contract.page": ("Html", "page"),
    "hanse.runtime.contract.rules": ("Doc", "Length", "Pattern", "Range"),
    "hanse.runtime.contract.service": ("Contract", "Service"),
    "hanse.runtime.host": ("Host",),
    "hanse.runtime.host_config": ("HostConfig",),
    "hanse.runtime.identity.permission": ("PUBLIC", "SIGNED_IN", "kind", "permission"),
    "hanse.runtime.identity.principal": ("Principal",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return globals().setdefault(name, getattr(import_module(home), name))
    raise AttributeError(f"module 'hanse' has no attribute {name!r}")
