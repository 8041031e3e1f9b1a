"""`hanse deploy`: begins a deployment, and says how it goes until it is over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from hanse.cli.deploy.connection import deployer, operator
from hanse.cli.deploy.following import Following
from hanse.cli.fleet.called import called
from hanse.cli.fleet.connection import run
from hanse.cli.fleet.progress import Interrupted
from hanse.fleet.deployments.api import Wanted
from hanse.runtime.errors import HanseError, NotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from hanse.fleet.deployments.api import Asking, Deployments, Rolling, Shown

LOOK_SECONDS = 1.0
GOOD = frozenset({"settled", "done"})
OVER = frozenset({"settled", "done", "gone back", "refused", "failed", "aborted"})


class Wish(NamedTuple):
    """What is asked for; see `hanse deploy --help`."""

    names: tuple[str, ...]
    reason: str
    emergency: bool
    each: bool | None
    detach: bool
    as_json: bool


def begin(wish: Wish) -> None:
    """Begins, and waits for the end of it.

    Raises:
        Refused: Nothing runs, nothing differs, or it cannot be built or deployed now.
    """
    wanted = Wanted(
        names=wish.names,
        by=operator(),
        reason=wish.reason,
        emergency=wish.emergency,
        each=wish.each,
    )

    async def ask(deployments: Deployments) -> Shown:
        if not wish.as_json:
            click.echo("Building …", err=True)
        return await deployments.deploy(wanted)

    _begin(ask, detach=wish.detach, as_json=wish.as_json)


def roll(rolling: Rolling, *, detach: bool, as_json: bool) -> None:
    """Begins to give a value of a flag to more and more, and waits for the end of it.

    Raises:
        Refused: Nothing runs, or it cannot be rolled out now.
    """
    _begin(lambda deployments: deployments.roll(rolling), detach=detach, as_json=as_json)


def _begin(ask: Callable[[Deployments], Awaitable[Shown]], *, detach: bool, as_json: bool) -> None:
    async def work() -> Shown:
        async with deployer() as deployments:
            begun = await ask(deployments)
            return begun if detach else await _followed(deployments, begun, quiet=as_json)

    _end(_run(work()), as_json=as_json, waited=not detach)


def go_back(name: str, reason: str, *, as_json: bool) -> None:
    """Goes back to what ran before, and waits until that is so.

    Raises:
        Refused: There is no such deployment, or nothing to go back to.
    """

    async def work() -> Shown:
        async with deployer() as deployments:
            begun = await deployments.ask(name, "rollback", operator(), reason)
            if begun.parts:
                return begun  # each of them goes back by itself
            goes_back = begun.name == name  # else what ran before is deployed anew
            return await _followed(deployments, begun, quiet=as_json, goes_back=goes_back)

    found = _run(work())
    if found.parts:
        _end(found, as_json=as_json, waited=False)
        return
    wanted = frozenset({"gone back"}) if found.name == name else GOOD
    _end(found, as_json=as_json, waited=True, wanted=wanted)


def follow(name: str, *, as_json: bool) -> None:
    """Waits for one that is under way."""

    async def work() -> Shown:
        async with deployer() as deployments:
            return await _followed(deployments, await deployments.get(name), quiet=as_json)

    _end(_run(work()), as_json=as_json, waited=True)


def ask(name: str, doing: Asking, reason: str) -> None:
    """Has one do something else than it would.

    Raises:
        Refused: It cannot now.
    """

    async def work() -> Shown:
        async with deployer() as deployments:
            return await deployments.ask(name, doing, operator(), reason)

    found = run(work())
    click.echo(f"{found.name} is {found.state}. {called('deployments')} follow {found.name}")


def _run(work: Coroutine[Any, Any, Shown]) -> Shown:
    try:
        return run(work)
    except KeyboardInterrupt:
        raise Interrupted(
            "What was begun goes on in the background; while it said Building, nothing was. "
            f"How far it is: {called('deployments')}"
        ) from None


async def _followed(
    deployments: Deployments,
    begun: Shown,
    *,
    quiet: bool,
    goes_back: bool = False,
) -> Shown:
    """Shows what happens, until nothing more does."""
    following = Following(begun, quiet=quiet)
    found = begun
    ends = OVER - {"settled"} if goes_back else OVER
    while found.state not in ends:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            found = await deployments.get(begun.name)
        except NotFound:
            raise
        except HanseError:
            continue  # its keeper starts another, and it goes on there
        following.show(found)
    following.end()
    return found


def _end(found: Shown, *, as_json: bool, waited: bool, wanted: frozenset[str] = GOOD) -> None:
    last = found.moments[-1].says if found.moments else found.says
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    elif not waited:
        click.echo(f"{found.name} is under way: {called('deployments')} follow {found.name}")
    elif found.state in wanted:
        back = f"  Back: {called('rollback')} {found.name}" if found.state == "settled" else ""
        click.secho(f"{found.state}: {last}{back}", fg="green")
    else:
        click.secho(f"{found.state}: {last}", fg="red")
    if waited and found.state not in wanted:
        raise click.exceptions.Exit(1)
