"""`hanse.toml` is read strictly, and every mistake is named with its line."""

from pathlib import Path

import pytest

from hanse.runtime.host import Host
from hanse.runtime.project.document import FILE_BYTES_MAX, ProjectError
from hanse.runtime.project.project import Project, read_project

SERVICE = """
from hanse import PUBLIC, Service, Settings, rpc


class MarinaSettings(Settings):
    greeting: str = "Ahoy"


class Marina(Service):
    def __init__(self, settings: MarinaSettings) -> None:
        self.settings = settings

    @rpc("GET /marina/v1/greeting", allow=PUBLIC)
    async def greeting(self) -> str:
        return self.settings.greeting
"""
HEAD = '[project]\nname = "marina"\nservices = ["marina_{}.service:Marina"]\n'


class Folder:
    """A project's folder with a package of a name of its own, since Python imports a name once."""

    def __init__(self, path: Path, number: int) -> None:
        self.path = path
        self.package = path / f"marina_{number}"
        self.head = HEAD.format(number)
        self.package.mkdir()
        self.write(
            "service.py",
            SERVICE.replace(
                "Settings, rpc", "rpc\nfrom hanse.runtime.config.settings import Settings"
            ),
        )

    def write(self, name: str, text: str) -> None:
        (self.package / name).write_text(text)

    def read(self, text: str, environment: str = "") -> Project:
        (self.path / "hanse.toml").write_text(text)
        return read_project(self.path, environment)

    def problems(self, text: str, environment: str = "") -> list[str]:
        with pytest.raises(ProjectError) as raised:
            self.read(text, environment).services()
        return list(raised.value.problems)


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch) -> Folder:
    monkeypatch.setattr("sys.path", list(__import__("sys").path))
    return Folder(tmp_path, abs(hash((request.node.name, str(tmp_path)))))


async def test_what_it_says_runs(folder: Folder) -> None:
    project = folder.read(folder.head + '[settings.marina]\ngreeting = "Moin"\n')

    services = project.services()
    config = project.host_config(port=0)

    async with Host(services, config, sources=project.sources({})) as host:
        assert await host.get(services[0]).greeting() == "Moin"
    assert config.name == "marina"


def test_an_environment_lies_over_the_rest_table_by_table(folder: Folder) -> None:
    text = (
        folder.head
        + '[host]\nport = 1\naddress = "::1"\n[host.limits]\ncalls = 7\nheaders = 9\n'
        + '[directory]\n"cart.v1.Cart" = ["unix:/a"]\n'
        + "[environments.production.host]\nport = 2\nlimits.calls = 8\n"
        + '[environments.production.directory]\n"cart.v1.Cart" = ["unix:/b"]\n'
    )

    plain = folder.read(text).host_config()
    there = folder.read(text, "production").host_config()

    assert (plain.port, plain.limits.calls, plain.directory["cart.v1.Cart"]) == (1, 7, ("unix:/a",))
    assert (there.port, there.limits.calls, there.limits.headers) == (2, 8, 9)
    assert (there.address, there.directory["cart.v1.Cart"]) == ("::1", ("unix:/b",))


def test_paths_are_relative_to_the_project(folder: Folder) -> None:
    tls = '[host.tls]\ncertificate = "a.pem"\nkey = "/k.pem"\nauthority = "b.pem"\n'
    text = folder.head + '[host]\nsocket = "run/me.sock"\nsettings_folder = "mounted"\n' + tls

    project = folder.read(text)
    config = project.host_config()

    assert config.socket == folder.path / "run/me.sock"
    assert project.sources({}).mounted == folder.path / "mounted"
    assert config.tls is not None
    assert (config.tls.certificate, config.tls.key) == (str(folder.path / "a.pem"), "/k.pem")


def test_all_mistakes_are_named_at_once_with_line_rule_and_remedy(folder: Folder) -> None:
    found = folder.problems(
        "[project]\n"
        'name = "Web Shop"\n'
        'servces = ["a.b:C"]\n'
        "[host]\n"
        'port = "80"\n'
        "threads = 0\n"
        "limits.calls = 0\n"
        "[directory]\n"
        '"cart" = ["unix:/a"]\n'
        '"cart.v1.Cart" = ["http://cart:80"]\n'
        "[cors]\n"
        'origins = ["*",\n'
        '  "https://shop.example/"]\n'
        "[[issuers]]\n"
        'issuer = "https://id.example"\n'
        'audience = ["shop"]\n'
        "[environments.production.host]\n"
        "prot = 1\n"
        "[settings]\n"
        "marina = 1\n"
    )

    assert found == [
        (
            "hanse.toml:1: project.services is missing: list one at least, "
            'like ["greeter.service:Greeter"].'
        ),
        "hanse.toml:2: project.name: a name is lower-case words joined with - or _, like web-shop.",
        "hanse.toml:3: project.servces is unknown; did you mean services?",
        (
            "hanse.toml:5: host.port: a port is 0 to 65535 without quotes, 0 for any free one; "
            '"off" for no open door.'
        ),
        "hanse.toml:6: host.threads: 1 to 1000 threads.",
        "hanse.toml:7: host.limits.calls: expected `int` >= 1.",
        'hanse.toml:9: directory.cart: a contract is named like "crm.v1.Contacts".',
        (
            'hanse.toml:10: directory."cart.v1.Cart"[0]: an address is unix:/path '
            "or https://host:port."
        ),
        (
            "hanse.toml:13: cors.origins[1]: an origin is like https://shop.example, "
            "without a path; * is any."
        ),
        "hanse.toml:14: Issuer https://id.example: give either keys or jwks_url.",
        "hanse.toml:18: environments.production.host.prot is unknown; did you mean port?",
        "hanse.toml:20: settings.marina is a table: write [settings.marina] above its keys.",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[project", "hanse.toml:1: this is not TOML: expected ']' at the end of a table"),
        ("a = 1\na = 2", "hanse.toml:2: this is not TOML: cannot overwrite a value"),
        ("\n\nx = [1,\n", "hanse.toml:3: this is not TOML: "),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(folder: Folder, text, problem) -> None:
    assert folder.problems(text)[0].startswith(problem)


def test_a_file_that_cannot_be_text_is_refused(folder: Folder) -> None:
    path = folder.path / "hanse.toml"
    path.write_bytes(b'[project]\nname = "\xff"\n')
    with pytest.raises(ProjectError, match=r"hanse.toml:2: this is not UTF-8"):
        read_project(folder.path)
    path.write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    with pytest.raises(ProjectError, match="longer than"):
        read_project(folder.path)
    path.unlink()
    with pytest.raises(ProjectError, match="cannot be read: No such file"):
        read_project(folder.path)


def test_an_unknown_environment_is_refused(folder: Folder) -> None:
    text = folder.head + "[environments.production]\n"
    assert folder.problems(text, "prodution") == [
        "hanse.toml:4: there is no [environments.prodution]; did you mean production?"
    ]
    assert folder.problems(folder.head, "production") == [
        "hanse.toml:1: there is no [environments.production]; none is described."
    ]


def test_what_only_one_environment_lacks_is_named_where_it_should_be(folder: Folder) -> None:
    text = folder.head + "[environments.production.cors]\nmax_age = 1\n"
    assert folder.read(text).file.cors is None
    assert folder.problems(text, "production") == ["hanse.toml:4: cors.origins is missing."]


def test_services_that_are_not_there_are_named_together(folder: Folder) -> None:
    package = folder.package.name
    folder.write("broken.py", "def f():\n    return nowhere\n\nf()\n")
    folder.write("typo.py", "def f(:\n    pass\n")
    folder.write("lost.py", "import surely_not_installed\n")
    folder.write(
        "api.py",
        "from hanse import *\nclass Api(Contract):\n"
        "    @rpc('GET /a/v1/b', allow=PUBLIC)\n    async def b(self) -> int: ...\n",
    )
    listed = ["servce:Marina", "service:Marine", "service:MarinaSettings", "service:Marina"]
    listed += ["service:Marina", "broken:A", "broken:B", "typo:A", "lost:A", "api:Api"]
    lines = "".join(f'  "{package}.{name}",\n' for name in listed)

    found = folder.problems(f'[project]\nname = "marina"\nservices = [\n{lines}]\n')

    assert found == [
        f"hanse.toml:4: there is no module {package}.servce; did you mean {package}.service?",
        f"hanse.toml:5: {package}.service has no class Marine; did you mean Marina?",
        (
            f"hanse.toml:6: {package}.service:MarinaSettings is no Service; only classes that "
            "inherit from Service run."
        ),
        f"hanse.toml:8: {package}.service:Marina is listed twice; take one away.",
        (
            f"{package}/broken.py:2: NameError: name 'nowhere' is not defined\n"
            f"    return nowhere\n    {package}/broken.py:4  f()"
        ),
        f"{package}/typo.py:1: SyntaxError: invalid syntax\n    def f(:\n          ^",
        (
            f"{package}/lost.py:1: ModuleNotFoundError: No module named 'surely_not_installed'\n"
            "    import surely_not_installed"
        ),
        (
            f"hanse.toml:13: {package}.api:Api is no Service; it is a contract, so list the "
            "class that implements it."
        ),
    ]


def test_a_wrong_declaration_keeps_its_own_words(folder: Folder) -> None:
    folder.write(
        "bad.py",
        "from hanse import Service, rpc\nclass Bad(Service):\n"
        "    @rpc()\n    async def f(self, a): ...\n",
    )
    text = folder.head.replace(".service:Marina", ".bad:Bad")

    (problem,) = folder.problems(text)

    assert problem.startswith(f"{folder.package.name}/bad.py:2: Service Bad has ")
    assert "a has no type" in problem
