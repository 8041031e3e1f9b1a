"""The verbs of `hanse`; each loads what it needs when it runs, so that help is instant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hanse.cli.backup.verbs import BACKUP
from hanse.cli.catalog.verbs import CATALOG
from hanse.cli.data.verbs import PERSONS
from hanse.cli.deploy.verbs import DEPLOY
from hanse.cli.events.verbs import events
from hanse.cli.flags.verbs import FLAGS
from hanse.cli.fleet.verbs import DEV, ENVIRONMENT, FLEET, JSON
from hanse.cli.refusal import as_refusal
from hanse.cli.regions.verbs import regions
from hanse.cli.workflows.verbs import WORKFLOWS

KIND = click.Choice(["member", "staff", "app", "service"])
COPY = click.option(
    "--name", default="", metavar="COPY", help="Which copy, if several run side by side."
)
PERMISSIONS = click.option(
    "--permission", "permissions", multiple=True,
    help="What it may, like crm.contacts.read; may be given several times.",
)  # fmt: skip


class Verbs(click.Group):
    """Ends a verb with sentences where its user can mend what went wrong, and with a stack else."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            refusal = as_refusal(error)
            if refusal is None:
                raise
            raise refusal from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        return list(self.commands)  # in the order one needs them, not of the alphabet


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hanse", message="%(version)s")
def hanse() -> None:
    """Write one small class; Hanse makes a service of it."""


@hanse.command()
@click.argument("name")
@click.option(
    "--path", type=click.Path(path_type=Path), help="Folder to make; ./NAME if not given."
)
def new(name: str, path: Path | None) -> None:
    """Begin a project with one service and its test."""
    from hanse.cli.new import new as begin

    begin(name, path or Path(name))


@hanse.command()
@click.option("--port", type=click.IntRange(0, 65_535), help="Instead of the port in hanse.toml.")
@COPY
@ENVIRONMENT
@click.option(
    "--debug", type=click.IntRange(1, 65_535), is_flag=False, flag_value=5678, default=None,
    metavar="[PORT]", help="Let a debugger attach (5678 if not given); no deadline passes.",
)  # fmt: skip
def dev(port: int | None, name: str, environment: str, debug: int | None) -> None:
    """Serve while you write: each save reloads."""
    from hanse.cli.dev.development import Options
    from hanse.cli.dev.development import dev as serve

    serve(Options(port, name, environment, debug or 0))


@hanse.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run the tests; takes the arguments of pytest."""
    from hanse.cli.project_tests import test as run_tests

    run_tests(arguments)


@hanse.command()
@ENVIRONMENT
@click.option("--port", type=click.IntRange(0, 65_535), help="Instead of the port in hanse.toml.")
def run(environment: str, port: int | None) -> None:
    """Serve as a deployment does: JSON logs, graceful end."""
    from hanse.cli.run import run as serve

    serve(environment, port)


for verb in (*FLEET, regions, *DEPLOY):
    hanse.add_command(verb)


@hanse.command()
@click.option("--kind", type=KIND, default="member", show_default=True, help="Kind of principal.")
@click.option("--id", "id_", default="ada", show_default=True, help="The principal's id.")
@PERMISSIONS
@click.option("--site", default="", help="Its site.")
@click.option(
    "--minutes", type=click.FloatRange(0, 43_200, min_open=True), default=60.0, show_default=True,
    help="How long it counts.",
)  # fmt: skip
@COPY
def token(**asked: Any) -> None:
    """Print a token that `hanse dev` accepts."""
    from hanse.cli.token import Wish
    from hanse.cli.token import token as mint

    mint(Wish(**asked))


@hanse.command()
@click.argument("id_", metavar="ID")
@click.option("--kind", type=KIND, default="app", show_default=True, help="Kind of principal.")
@PERMISSIONS
@click.option("--site", default="", help="Its site.")
@click.option(
    "--days", type=click.FloatRange(0, 36_500, min_open=True),
    help="How long it counts; for good if not given.",
)  # fmt: skip
@ENVIRONMENT
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def key(**asked: Any) -> None:
    """Mint an API key for the program ID, and what to keep of it."""
    from hanse.cli.key import Wish
    from hanse.cli.key import key as mint

    mint(Wish(**asked))


@hanse.command("import")
@click.argument("collection")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--key", default="", metavar="FIELD", help="What rows are known by; external_id.")
@click.option("--url", default="", help="Of the server, if it is not the one that runs here.")
@click.option("--token", default="", envvar="HANSE_TOKEN", help="To show there (HANSE_TOKEN).")
@click.option("--site", default="", help="Whose rows they are.")
@ENVIRONMENT
@click.option("--dry-run", is_flag=True, help="Write nothing, only say what would be done.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, a line a row.")
def import_(**asked: Any) -> None:
    """Bring the rows of FILE, CSV or JSON, into COLLECTION.

    That is named like jobs or hiring.jobs. Rows are known by a key: what is there is changed where
    it differs, what is not is created, and what a row does not say stays as it is. A second run
    writes nothing.
    """
    from hanse.cli.imports.verb import Wish, import_rows

    import_rows(Wish(**asked))


@hanse.command()
@click.option("--post", is_flag=True, help="Those too that wait until no older host runs.")
@click.option("--dry-run", is_flag=True, help="Write nothing, only say what would be done.")
@ENVIRONMENT
@DEV
@JSON
def migrate(**asked: Any) -> None:
    """Apply migrations of this project's stores that are to be.

    To the database the project names, else to that of `hanse up` here, or of `hanse dev`.
    """
    from hanse.cli.data.migrate import Wish
    from hanse.cli.data.migrate import migrate as apply

    apply(Wish(**asked))


for verb in (*FLAGS, *BACKUP, *PERSONS, *WORKFLOWS, events):
    hanse.add_command(verb)


@hanse.command()
@click.argument("trace_id", required=False, default="")
@COPY
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def trace(trace_id: str, name: str, *, as_json: bool) -> None:
    """Show what a request did; without an id, the latest ones. TRACE_ID may be its beginning."""
    from hanse.cli.trace import recent, waterfall

    if trace_id:
        waterfall(trace_id, name, as_json=as_json)
    else:
        recent(name, as_json=as_json)


@hanse.command()
@click.argument("collection", required=False, default="")
@click.option(
    "--load", type=click.FloatRange(0, 1, min_open=True), default=0.5, show_default=True,
    help="Share of the time it works; in the rest the database is the others'.",
)  # fmt: skip
@ENVIRONMENT
@DEV
@click.option("--json", "as_json", is_flag=True, help="As JSON, a line for each collection.")
def backfill(**asked: Any) -> None:
    """Rewrite documents of older shapes, of COLLECTION or of all.

    Others may write meanwhile. It may be ended at any time, and goes on when it is run again.
    """
    from hanse.cli.data.backfill import Wish
    from hanse.cli.data.backfill import backfill as rewrite

    rewrite(Wish(**asked))


@hanse.command()
@click.argument(
    "kind", type=click.Choice(["openapi", "asyncapi", "proto", "typescript", "lock", "check"])
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE",
    help="Where to write it; for proto a folder. Else it is printed; the lock is kept.",
)  # fmt: skip
def contracts(kind: str, out: Path | None) -> None:
    """Publish the contracts of this project's services.

    As an OpenAPI document, an AsyncAPI document of what they tell, .proto files or a TypeScript
    client; `lock` fixes the numbers of protobuf fields in proto.lock.json, beside hanse.toml, and
    what events tell in events.lock.json: it refuses what another release could not read. `check`
    looks whether both are as they are committed.
    """
    from hanse.cli.contracts import publish

    publish(kind, out)


for verb in CATALOG:
    hanse.add_command(verb)
