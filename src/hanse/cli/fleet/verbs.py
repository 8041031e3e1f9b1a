"""What the verbs of a fleet are called, and what they take."""

from __future__ import annotations

import click

REGIONS_MAX = 19
"""As many as data centres; each takes the memory of all hosts once more."""

JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")
DEV = click.option("--dev", is_flag=True, help="The database of hanse dev, which need not run.")
ENVIRONMENT = click.option(
    "--env", "environment", envvar="HANSE_ENV", default="", metavar="NAME",
    help="Which [environments.NAME] of hanse.toml applies (or variable HANSE_ENV).",
)  # fmt: skip


@click.command()
@ENVIRONMENT
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help="Of the gateway, instead of the one in hanse.toml; 0 for any free one.",
)
@click.option("--tls-port", type=click.IntRange(0, 65_535), help="Of its HTTPS, likewise.")
@click.option(
    "--regions",
    type=click.IntRange(1, REGIONS_MAX),
    help="So many, each with gateway, broker and hosts; left out: as many as there are.",
)
@JSON
def up(
    environment: str,
    port: int | None,
    tls_port: int | None,
    regions: int | None,
    *,
    as_json: bool,
) -> None:
    """Run everything: database, broker, hosts, gateway. Again: take in what changed."""
    from hanse.cli.fleet.up import up as begin
    from hanse.fleet.control.api import Asked

    asked = Asked(environment=environment, port=port, tls_port=tls_port, regions=regions)
    begin(asked, as_json=as_json)


@click.command()
@JSON
def down(*, as_json: bool) -> None:
    """End it; requests under way finish, data stays."""
    from hanse.cli.fleet.down import down as end

    end(as_json=as_json)


@click.command()
@JSON
def status(*, as_json: bool) -> None:
    """Show what runs where, and how it does."""
    from hanse.cli.fleet.status import status as show

    show(as_json=as_json)


@click.command()
@click.option(
    "--every", "seconds", type=click.FloatRange(0.2, 3600), default=1.0, show_default=True,
    help="Seconds between two looks.",
)  # fmt: skip
@JSON
def top(seconds: float, *, as_json: bool) -> None:
    """Show the same, live; as JSON a line a look."""
    from hanse.cli.fleet.top import top as show

    show(seconds, as_json=as_json)


@click.command()
@click.argument("names", nargs=-1, metavar="[HOST|GROUP]...")
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes.")
@click.option(
    "-n", "--lines", "count", type=click.IntRange(0, 1_000_000), default=50, show_default=True,
    help="Newest lines shown at first.",
)  # fmt: skip
@JSON
def logs(names: tuple[str, ...], count: int, *, follow: bool, as_json: bool) -> None:
    """Show what the processes wrote, in one stream."""
    from hanse.cli.fleet.logs import logs as show

    show(names, count, follow=follow, as_json=as_json)


@click.command()
@click.argument("names", nargs=-1, metavar="[HOST|GROUP]...")
@JSON
def restart(names: tuple[str, ...], *, as_json: bool) -> None:
    """Replace hosts by new ones with the code as it is now.

    No request is lost.
    """
    from hanse.cli.fleet.restart import restart as replace

    replace(names, as_json=as_json)


@click.command()
@click.option("--uninstall", is_flag=True, help="Take it away again.")
@JSON
def trust(*, uninstall: bool, as_json: bool) -> None:
    """Let this machine believe development certificates."""
    from hanse.cli.fleet.trust import trust as believe

    believe(uninstall=uninstall, as_json=as_json)


@click.command()
@ENVIRONMENT
@click.option("--oci", default="", metavar="FOLDER|FILE.tar", help="Write OCI images of it, too.")
@click.option(
    "--base",
    default="",
    metavar="FOLDER|FILE.tar",
    help="An OCI image with Python that they stand on; else this machine's Python comes along.",
)
@JSON
def build(environment: str, oci: str, base: str, *, as_json: bool) -> None:
    """Make releases of all services, and start nothing.

    The same code against the same packages is the same release, and the same image.
    """
    from hanse.cli.fleet.build import build as make

    make(environment, oci, base, as_json=as_json)


@click.command()
@click.argument("named", default="", metavar="[RELEASE|CONTRACT]")
@click.option("--bill", is_flag=True, help="Its bill of materials, as CycloneDX.")
@JSON
def releases(named: str, *, bill: bool, as_json: bool) -> None:
    """Show what was built and is kept, or one of it."""
    from hanse.cli.fleet.releases import releases as show

    show(named, bill=bill, as_json=as_json)


FLEET = (up, down, status, top, logs, restart, build, releases, trust)
