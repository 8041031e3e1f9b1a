"""What the verbs of deployments are called, and what they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hanse.cli.fleet.verbs import JSON

if TYPE_CHECKING:
    from hanse.fleet.deployments.api import Asking

NAME = click.argument("name", metavar="DEPLOYMENT")
REASON = click.option("--reason", default="", help="Why; it is kept with the deployment.")


@click.command()
@click.argument("names", nargs=-1, metavar="[SERVICE|GROUP]...")
@REASON
@click.option(
    "--emergency", is_flag=True,
    help="At once and unjudged, whatever it breaks and whenever it is; with --reason.",
)  # fmt: skip
@click.option(
    "--each/--together", default=None,
    help="Each group by itself, a few at once, or all as one; by itself where only Hanse or "
    "settings differ, if neither is said.",
)  # fmt: skip
@click.option("--detach", is_flag=True, help="Begin it, and do not wait.")
@JSON
def deploy(names: tuple[str, ...], **asked: Any) -> None:
    """Bring what changed to everybody, or back.

    Step by step and judged, while people use it: all services that differ from what runs, or
    those that are named. Ends with 0 when everybody has it, with 1 when it went back.
    """
    from hanse.cli.deploy.beginning import Wish, begin

    begin(Wish(names, **asked))


@click.command()
@NAME
@REASON
@JSON
def rollback(name: str, reason: str, *, as_json: bool) -> None:
    """Go back to what ran before DEPLOYMENT.

    At once while that stands by; else it is started again first.
    """
    from hanse.cli.deploy.beginning import go_back

    go_back(name, reason, as_json=as_json)


@click.group(invoke_without_command=True)
@JSON
@click.pass_context
def deployments(context: click.Context, *, as_json: bool) -> None:
    """See deployments, and steer one."""
    if context.invoked_subcommand is None:
        from hanse.cli.deploy.showing import list_all

        list_all(20, as_json=as_json)


@deployments.command("list")
@click.option("-n", "--most", type=click.IntRange(1, 1000), default=20, show_default=True)
@JSON
def list_(most: int, *, as_json: bool) -> None:
    """Show the newest."""
    from hanse.cli.deploy.showing import list_all

    list_all(most, as_json=as_json)


@deployments.command()
@NAME
@JSON
def show(name: str, *, as_json: bool) -> None:
    """Show what happened, with every verdict."""
    from hanse.cli.deploy.showing import show_one

    show_one(name, as_json=as_json)


@deployments.command()
@NAME
@JSON
def follow(name: str, *, as_json: bool) -> None:
    """Wait for one that is under way, and show what happens."""
    from hanse.cli.deploy.beginning import follow as wait

    wait(name, as_json=as_json)


STEERING: dict[Asking, str] = {
    "pause": "Give the canary no more than it has.",
    "resume": "Go on with one that was paused.",
    "approve": "Agree with one that waits for it.",
    "promote": "End the stage as good, without the judge; with --reason.",
    "abort": "Go back with one that is under way.",
}


def _steering(doing: Asking, says: str) -> click.Command:
    @click.command(doing, help=says)
    @NAME
    @REASON
    def steer(name: str, reason: str) -> None:
        from hanse.cli.deploy.beginning import ask

        ask(name, doing, reason)

    return steer


for _doing, _says in STEERING.items():
    deployments.add_command(_steering(_doing, _says))

DEPLOY = (deploy, deployments, rollback)
