"""The broker of a project, as its hosts reach it, for verbs that look at its stream."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli.dev.broker import noted_url
from hanse.cli.place import state_folder
from hanse.fleet.engine.brokers.reach import hosts_config, reach_of, tls_of, url_file
from hanse.fleet.state import StateFolder
from hanse.kit.environment import variables
from hanse.runtime.broker.broker import Broker
from hanse.runtime.broker.broker_config import STREAM_BYTES, BrokerConfig
from hanse.runtime.broker.broker_table import read_broker
from hanse.runtime.config.secret import Secret

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from hanse.runtime.project.project import Project

PATIENCE_SECONDS = 3.0


@asynccontextmanager
async def reached_broker(project: Project, *, dev: bool) -> AsyncGenerator[Broker | None]:
    """The one that is named, else that of the fleet here; None, which is said, if it is away.

    Args:
        project: Whose.
        dev: That of `hanse dev` instead.

    Raises:
        SettingsError: It is named, and cannot be used.
    """
    config = _config(project, dev=dev)
    if config is None:
        click.echo("The broker was never begun here: what is in the stream is not known.", err=True)
        yield None
        return
    async with Broker(config) as broker:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await broker.until_connected()
        except TimeoutError:
            click.echo("The broker does not answer: what is in the stream is not known.", err=True)
            yield None
            return
        yield broker


def _config(project: Project, *, dev: bool) -> BrokerConfig | None:
    named = read_broker(project.file.broker, project.sources(variables()))
    if named is not None:
        return named
    if dev:
        url = noted_url(state_folder(project.folder, ""))
        return BrokerConfig(url=Secret(url)) if url else None
    state = StateFolder(Path()).regions()[0]
    if not (url_file(state).exists() or reach_of(state)):
        return None
    return hosts_config(state, tls_of(state, "control"), STREAM_BYTES)
