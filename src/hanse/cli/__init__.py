"""The terminal door: `hanse new`, `dev`, `run`, `test`, `token`, `key`, `trace`, `contracts`."""


def main() -> None:
    """Runs the command line: the entry point of the program `hanse`."""
    # Not above, because whoever imports a part of the command line need not load all its verbs.
    from hanse.cli.verbs import hanse

    hanse()
