"""The public face: the names a service may import, each explained, none too many and none missing."""

import ast
import builtins
import functools
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import hanse
import hanse.beside
import hanse.flags
import hanse.mail
import hanse.openfeature
import hanse.testing
import hanse.webhooks

FACES = [
    hanse,
    hanse.beside,
    hanse.flags,
    hanse.mail,
    hanse.openfeature,
    hanse.testing,
    hanse.webhooks,
]
VALUES = {"PUBLIC", "SIGNED_IN", "Instant", "FAULT_POINTS"}
SOURCE = Path(hanse.__file__).parent
HANDED_ON = {
    "Access",
    "Algorithm",
    "Access",
    "AsgiDoor",
    "Book",
    "Call",
    "ContractDescription",
    "DeliveryState",
    "Description",
    "Isolation",
    "Kinds",
    "Method",
    "MethodLimits",
    "Metrics",
    "Deletes",
    "FreeJson",
    "Point",
    "PrincipalKind",
    "Recording",
    "Request",
    "Response",
    "Sending",
    "Standing",
    "Surroundings",
    "Unit",
    "Url",
    "WorkflowModel",
}
"""What is written as texts or keywords, or only handed on: nobody needs its name."""


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)
def test_its_names_are_sorted_and_all_there(face):
    assert list(face.__all__) == sorted(face.__all__, key=_order)
    assert len(set(face.__all__)) == len(face.__all__)
    for name in face.__all__:
        assert getattr(face, name) is not None


def _order(name):
    """Constants, classes, functions: the order ruff sorts `__all__` in."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)
def test_a_star_gives_exactly_these_names(face):
    given = {}
    exec(f"from {face.__name__} import *", given)

    assert set(given) - {"__builtins__"} == set(face.__all__)


@pytest.mark.parametrize(
    "name", [f"{face.__name__}.{name}" for face in FACES for name in face.__all__]
)
def test_each_name_says_what_it_is_for(name):
    module, _, short = name.rpartition(".")
    found = getattr(sys.modules[module], short)
    if short in VALUES:
        return  # a value has its docstring in the source, where editors find it
    doc = inspect.getdoc(found) or ""
    assert doc.partition("\n")[0].rstrip(":").endswith((".", "…", "`")), name
    if inspect.isclass(found) and found.__module__.startswith("hanse"):
        assert found.__doc__, f"{name} inherits its docstring"


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)
def test_what_a_public_signature_mentions_is_public_too(face):
    missing = {
        (name, word)
        for name in face.__all__
        for function in _signatures(getattr(face, name))
        for word in _types_of_ours(function) - _public() - HANDED_ON
    }
    assert missing == set()


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)
def test_what_is_raised_can_be_caught_by_a_public_name(face):
    missing = {
        (name, error)
        for name in face.__all__
        for function in _signatures(getattr(face, name))
        for error in _raised(function)
        if not hasattr(builtins, error)
        and not _public() & {parent.__name__ for parent in _class_named(error).__mro__}
    }
    assert missing == set()


def test_a_name_is_found_in_one_place_and_in_no_second_list():
    assert sorted(" ".join(hanse._HOMES.values()).split()) == sorted(hanse.__all__)


def _public():
    return {name for face in FACES for name in face.__all__}


def _signatures(found):
    """The thing itself, and if it is a class its constructor, public methods and properties."""
    if not getattr(found, "__module__", "").startswith("hanse"):
        return
    yield found
    for name, member in vars(found).items() if inspect.isclass(found) else ():
        member = getattr(member, "fget", getattr(member, "__func__", member))
        if inspect.isfunction(member) and (name == "__init__" or not name.startswith("_")):
            yield member


def _types_of_ours(found):
    """The words of its annotations that its module made, or has from another of ours."""
    hints = getattr(found, "__annotations__", {})
    public = [str(hint) for name, hint in hints.items() if not name.startswith("_")]
    return set(re.findall(r"\w+", " ".join(public))) & _ours(found.__module__)


@functools.cache
def _ours(module):
    """Read from its source, as half of what annotations mention is imported for them alone."""
    own = set()
    for node in ast.walk(ast.parse(inspect.getsource(sys.modules[module]))):
        if isinstance(node, ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hanse"):
            own |= {alias.asname or alias.name for alias in node.names}
    return own


def _raised(found):
    _, _, raises = (found.__doc__ or "").partition("Raises:\n")
    section = raises.partition("\n\n")[0]
    return re.findall(r"^ +([A-Z]\w+):", section, re.MULTILINE)


def _class_named(name):
    line = re.compile(rf"^class {name}\(", re.MULTILINE)
    [file] = [one for one in SOURCE.rglob("*.py") if line.search(one.read_text())]
    module = ".".join(("hanse", *file.relative_to(SOURCE).with_suffix("").parts))
    return getattr(importlib.import_module(module), name)


def test_all_errors_of_the_platform_are_public():
    from hanse.runtime.errors import KINDS

    assert {kind.__name__ for kind in KINDS} <= set(hanse.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = hanse.Nothing
    with pytest.raises(ImportError):
        exec("from hanse import Nothing", {})


def test_importing_the_face_imports_little():
    """A command line that only wants its help must not load a server, nor a service the test kit."""
    code = "import sys, hanse; print(*sorted(n for n in sys.modules if n.startswith('hanse')))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert loaded == ["hanse"]


def test_the_kit_leaves_the_test_runner_alone():
    """Nothing of it needs pytest, so that it can be used with any other."""
    code = (
        "import sys; sys.modules['pytest'] = None; import hanse.testing as t; "
        "[getattr(t, n) for n in t.__all__]; print('pytest_asyncio' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
