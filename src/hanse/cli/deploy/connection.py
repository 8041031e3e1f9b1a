"""The way from the command line to the process that deploys."""

from __future__ import annotations

import os
import pwd
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from hanse.cli.fleet.charge import in_charge
from hanse.cli.fleet.connection import NothingRuns, connected, enter_project
from hanse.cli.refusal import Refused
from hanse.fleet.control.api import CannotOpen
from hanse.fleet.control.staging.api import CannotDeploy
from hanse.fleet.deployments.api import (
    Deployments,
    Frozen,
    NoReason,
    NothingToDeploy,
    NotNow,
    UnknownDeployment,
)
from hanse.kit.environment import variables
from hanse.runtime.contract.service import contract_of
from hanse.runtime.errors import DeadlineExceeded, Internal, Unavailable
from hanse.runtime.host import Host
from hanse.runtime.host_config import HostConfig

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

EXPECTED = (
    CannotDeploy, CannotOpen, Frozen, NoReason, NotNow, NothingToDeploy, UnknownDeployment,
)  # fmt: skip


@asynccontextmanager
async def deployer() -> AsyncGenerator[Deployments]:
    """What deploys, in the project one stands in; it is started where it does not run yet.

    Raises:
        NothingRuns: There is no fleet here.
        Refused: It does not start, or what is asked of it cannot be.
    """
    state = enter_project()
    if await in_charge(state) is None:  # who was killed comes back, and is waited for
        raise NothingRuns
    contract = contract_of(Deployments)
    assert contract is not None
    directory = {contract.full_name: (f"unix:{state.deployer_socket}",)}
    async with Host([], HostConfig(port=None, docs=False, directory=directory)) as host:
        try:
            async with connected(state) as control:
                await control.open_deployer()
            with _explained():
                yield host.get(Deployments)
        except EXPECTED as error:
            raise Refused(*error.detail.splitlines()) from error


@contextmanager
def _explained() -> Generator[None]:
    """What deploys may be away while the fleet is well."""
    try:
        yield
    except (Unavailable, DeadlineExceeded, Internal) as error:
        raise Refused(
            "What deploys does not answer; it goes on when it does. Why: hanse logs deployer"
        ) from error


def operator() -> str:
    """Who sits at this terminal, as far as the system knows."""
    who = variables().get("SUDO_USER", "")
    try:
        return who or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
