"""The public face: the names a service may import, each explained, none too many and none missing."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import hanse
import hanse.testing

FACES = [hanse, hanse.testing]
VALUES = {"PUBLIC", "SIGNED_IN"}
SOURCE = Path(hanse.__file__).parent


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


def test_every_public_class_of_an_answer_or_argument_is_public_too():
    """What a public signature mentions can be imported from the same place."""
    missing = set()
    for name in hanse.__all__:
        found = getattr(hanse, name)
        if inspect.isclass(found) and issubclass(found, hanse.Struct):
            for text in map(str, getattr(found, "__annotations__", {}).values()):
                missing |= {
                    word
                    for word in ("Issuer", "Cors", "Tls", "Limits", "Principal", "Violation")
                    if word in text and word not in hanse.__all__
                }
    assert missing == set()


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
