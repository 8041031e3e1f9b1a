"""`hanse top`: the status, live."""

from __future__ import annotations

import asyncio

import click
import msgspec
from rich.live import Live

from hanse.cli.fleet.connection import connected, enter_project, run
from hanse.cli.fleet.status import drawn


def top(seconds: float, *, as_json: bool) -> None:
    """Shows how everything is, again and again, until Ctrl-C.

    Raises:
        Refused: Nothing runs.
    """
    try:
        run(_top(seconds, as_json=as_json))
    except KeyboardInterrupt:
        click.echo()


async def _top(seconds: float, *, as_json: bool) -> None:
    async with connected(enter_project()) as control:
        if as_json:
            while True:
                click.echo(msgspec.json.encode(await control.status()).decode())
                await asyncio.sleep(seconds)
        with Live(drawn(await control.status()), auto_refresh=False, screen=True) as live:
            while True:
                await asyncio.sleep(seconds)
                live.update(drawn(await control.status()), refresh=True)
