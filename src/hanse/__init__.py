"""Hanse: a platform as a runtime for backends. These names are all that a service needs."""

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
