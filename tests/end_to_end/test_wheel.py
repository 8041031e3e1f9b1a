"""A life without our repository: the built wheel, an empty folder, and what a user types first."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.end_to_end.installation import build_wheel, install
from tests.end_to_end.terminal import Program, edit, fetch, hanse

GREETINGS = "/greeter/v1/greetings"
WHOAMI = '''
    @rpc("GET /greeter/v1/whoami", allow=SIGNED_IN)
    async def whoami(self) -> Greeting:
        """Tells callers who they are."""
        return Greeting(current().principal.id)
'''


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory) -> tuple[str, ...]:
    """`hanse` as the wheel installs it."""
    return (str(install(wheel, tmp_path_factory.mktemp("installed") / "venv") / "hanse"),)


def test_the_wheel_holds_what_is_no_python_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    assert names >= {
        "hanse/py.typed",
        "hanse/cli/templates/service.txt",
        "hanse/runtime/publish/static/docs.html",
        "hanse/runtime/publish/static/client.ts",
    }
    assert not [name for name in names if "/tests/" in name or not name.startswith("hanse")]


def test_a_life_without_our_repository(program: tuple[str, ...], tmp_path: Path) -> None:
    assert hanse("new", "greeter", folder=tmp_path, program=program).returncode == 0
    project = tmp_path / "greeter"
    service = project / "greeter/service.py"

    with Program("dev", "--port", "0", folder=project, program=program) as dev:
        url = dev.wait_for(r"answers at (http://\S+)")[1]
        assert fetch(url + GREETINGS, {"name": "Ada"}) == (200, '{"text":"Hello, Ada"}')
        assert fetch(url + GREETINGS, {"name": ""})[0] == 400
        status, page = fetch(f"{url}/docs")
        assert (status, "<script" in page) == (200, True)
        assert fetch(f"{url}/docs/app.js")[0] == 200
        assert GREETINGS in json.loads(fetch(f"{url}/openapi.json")[1])["paths"]

        edit(service, "import PUBLIC,", "import PUBLIC, SIGNED_IN, current,")
        dev.wait_for(r"reloaded in [0-9.]+ s")
        service.write_text(service.read_text() + WHOAMI)
        dev.wait_for(r"reloaded in [0-9.]+ s")
        token = hanse("token", "--id", "ada", folder=project, program=program).stdout.strip()
        whoami = f"{url}/greeter/v1/whoami"
        assert fetch(whoami)[0] == 401
        assert fetch(whoami, authorization=f"Bearer {token}") == (200, '{"text":"ada"}')
        assert dev.end() == 0

    listed = hanse("trace", folder=project, program=program).stdout
    assert "greeter.v1.Greeter/Whoami" in listed
    trace_id = listed.split()[0]
    assert f"trace {trace_id}" in hanse("trace", trace_id, folder=project, program=program).stdout
    tested = hanse("test", folder=project, program=program)
    assert "1 passed" in tested.stdout, tested.stdout + tested.stderr
