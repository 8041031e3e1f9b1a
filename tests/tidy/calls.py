"""Rules about calls: where time, chance, surroundings, tasks and swallowed errors may be."""

import ast
from collections.abc import Iterator

from tests.tidy.source import Finding, Source

CLOCK = "take a clock as a parameter, its default from hanse.kit"
CHANCE = "take the randomness as a parameter, its default from hanse.kit"
BANNED = {
    "time.time": CLOCK,
    "time.time_ns": CLOCK,
    "time.sleep": "wait for the event itself, or for a deadline of the host's sweep",
    "asyncio.sleep": "wait for the event itself, or for a deadline of the host's sweep",
    "datetime.datetime.now": CLOCK,
    "datetime.datetime.utcnow": CLOCK,
    "datetime.datetime.today": CLOCK,
    "datetime.date.today": CLOCK,
    "random.": CHANCE,
    "uuid.uuid1": CHANCE,
    "uuid.uuid4": CHANCE,
    "os.environ": "declare a setting and take it in the constructor",
    "os.getenv": "declare a setting and take it in the constructor",
    "print": "log it, or return it to the command line to show",
}
CALLS_FREE_IN = ("src/hanse/kit", "src/hanse/cli")
TASKS_FREE_IN = (
    "src/hanse/runtime/call",
    "src/hanse/runtime/asgi",
    "src/hanse/runtime/host.py",
    "src/hanse/runtime/recorder.py",  # the host's own, ended with it
    "src/hanse/runtime/credentials/jwks.py",  # one fetch for all who wait, ended by close()
    "src/hanse/cli/dev",
    "src/hanse/fleet",  # processes outlive calls; each task ends with what it watches
)
BROAD = ("Exception", "BaseException")


def imported_names(tree: ast.Module) -> dict[str, str]:
    """Map each local name to what it is in full, so that an alias hides nothing."""
    names = {"print": "print"}
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                names |= {a.asname or a.name.partition(".")[0]: a.name for a in node.names}
            case ast.ImportFrom(module=str(module), level=0):
                names |= {a.asname or a.name: f"{module}.{a.name}" for a in node.names}
            case _:
                pass
    return names


def full_name(node: ast.AST, names: dict[str, str]) -> str:
    """Spell an expression out as a dotted name, or as '' if it is none."""
    match node:
        case ast.Name(id=name):
            return names.get(name, "")
        case ast.Attribute(value=value, attr=attribute):
            prefix = full_name(value, names)
            return f"{prefix}.{attribute}" if prefix else ""
        case _:
            return ""


def harmless(node: ast.AST, name: str, called_with: dict[int, list[ast.expr]]) -> bool:
    """Spare sleep(0), which waits for nothing, and a seeded Random, or its name as a type."""
    arguments = called_with.get(id(node))
    match name, arguments:
        case "asyncio.sleep", [ast.Constant(value=0)]:
            return True
        case "random.Random", _:
            return arguments != []
        case _:
            return False


def banned_call(source: Source) -> Iterator[Finding]:
    if not source.is_shipped or source.lies_in(*CALLS_FREE_IN):
        return
    names = imported_names(source.tree)
    nodes = list(ast.walk(source.tree))
    called_with = {id(node.func): node.args for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        name = full_name(node, names)
        remedy = BANNED.get("random." if name.startswith("random.") else name)
        if remedy and not harmless(node, name, called_with):
            line = getattr(node, "lineno", 1)
            yield Finding(source.path, line, f"{name} belongs to kit and cli: {remedy}")


def stray_task(source: Source) -> Iterator[Finding]:
    if not source.is_shipped or source.lies_in(*TASKS_FREE_IN):
        return
    for node in ast.walk(source.tree):
        match node:
            case ast.Attribute(attr="create_task" | "ensure_future" as name):
                says = f"{name} here makes a task nobody owns: give the work to the host"
                yield Finding(source.path, node.lineno, says)
            case _:
                pass


def is_broad(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Name) and node.id in BROAD)


def swallowed_error(source: Source) -> Iterator[Finding]:
    says = "an error of any kind vanishes here: catch the one you expect, or log it and say why"
    for node in ast.walk(source.tree):
        match node:
            case ast.ExceptHandler(type=kind, body=[ast.Pass() | ast.Expr(ast.Constant())]):
                if is_broad(kind):
                    yield Finding(source.path, node.lineno, says)
            case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress")):
                if any(is_broad(argument) for argument in node.args):
                    yield Finding(source.path, node.lineno, says)
            case _:
                pass
