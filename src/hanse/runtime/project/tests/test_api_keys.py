"""API keys of a project: how they stand in `hanse.toml`, where their pepper is, and whom they let in."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.config.secret import Secret
from hanse.runtime.config.settings import SettingsError
from hanse.runtime.credentials.api_key import KeyMint, StoredKey
from hanse.runtime.host import Host
from hanse.runtime.identity.principal import Principal
from hanse.runtime.project.api_keys import to_toml, write_key
from hanse.runtime.project.project import Project, ProjectError, read_project
from hanse.runtime.server.tests.wire import Peer, get
from hanse.testing import HttpClient

SERVICE = """
from hanse import SIGNED_IN, Service, current, rpc


class Gate(Service):
    @rpc("GET /gate/v1/me", allow=SIGNED_IN)
    async def me(self) -> str:
        me = current().principal
        return f"{me.kind}:{me.id}@{current().site} may {sorted(me.permissions)}"
"""
PEPPER = "a pepper that is long enough"
VARIABLES = {"HANSE_API_KEYS__PEPPER": PEPPER}
REPORTS = Principal("app", "reports", frozenset({"crm.notes.read", "crm.contacts.read"}))
HASH = "0f" * 32


def table(**changes: str) -> str:
    """A key's table as text, with some lines changed; empty ones are left out."""
    lines = {
        "id": 'id = "0123456789ab"',
        "hash": f'hash = "{HASH}"',
        "principal": 'principal = { kind = "app", id = "reports" }',
    } | changes
    return "\n".join(["[[api_keys]]", *filter(None, lines.values())]) + "\n"


class Folder:
    """A project's folder with a module of a name of its own, since Python imports a name once."""

    def __init__(self, path: Path, number: int) -> None:
        self.path = path
        (path / f"gate_{number}.py").write_text(SERVICE)
        self.head = f'[project]\nname = "gate"\nservices = ["gate_{number}:Gate"]\n'

    def read(self, text: str = "", environment: str = "") -> Project:
        (self.path / "hanse.toml").write_text(self.head + text)
        return read_project(self.path, environment)

    def problems(self, text: str, environment: str = "") -> list[str]:
        with pytest.raises(ProjectError) as raised:
            self.read(text, environment)
        return list(raised.value.problems)

    def host(self, text: str, variables=VARIABLES) -> Host:
        project = self.read(text)
        config = project.host_config(port=0, pepper=project.pepper(variables))
        return Host(project.services(), config, sources=project.sources(variables))

    async def asked(self, text: str, key: str, variables=VARIABLES) -> tuple[int, object]:
        async with self.host(text, variables) as host:
            client = HttpClient(host.url, headers={"authorization": f"Bearer {key}"})
            answer = await client.get("/gate/v1/me")
            return answer.status, answer.json


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch) -> Folder:
    monkeypatch.setattr("sys.path", list(__import__("sys").path))
    return Folder(tmp_path, abs(hash((request.node.name, str(tmp_path)))))


def minted(**how) -> tuple[str, StoredKey]:
    return KeyMint(Secret(PEPPER)).mint(REPORTS, **how)


async def test_a_key_of_the_file_stands_for_its_principal_and_site(folder: Folder) -> None:
    key, stored = minted(site="acme")
    assert await folder.asked(to_toml(stored), key) == (
        200,
        "app:reports@acme may ['crm.contacts.read', 'crm.notes.read']",
    )


async def test_the_pepper_may_be_a_mounted_file(folder: Folder) -> None:
    key, stored = minted()
    text = '[host]\nsettings_folder = "mounted"\n' + to_toml(stored)
    pepper = folder.path / "mounted/api_keys.pepper"
    pepper.parent.mkdir()
    pepper.write_text(f"{PEPPER}\n")
    pepper.chmod(0o600)
    assert (await folder.asked(text, key, {}))[0] == 200

    pepper.chmod(0o644)
    with pytest.raises(SettingsError, match=r"api_keys\.pepper .* mode is 0644.* chmod 0600"):
        folder.host(text, {})


async def test_a_key_whose_hash_does_not_match_is_refused(folder: Folder) -> None:
    key, stored = minted()
    other, _ = minted()
    text = to_toml(stored)
    assert (await folder.asked(text, key))[0] == 200
    assert (await folder.asked(text.replace(stored.hash, HASH), key))[0] == 401
    assert (await folder.asked(text, other))[0] == 401
    assert (await folder.asked(text, key, {"HANSE_API_KEYS__PEPPER": PEPPER[::-1]}))[0] == 401


async def test_a_key_that_is_deleted_revoked_or_over_is_refused(folder: Folder) -> None:
    key, stored = minted()
    _, another = minted()
    late, over = minted(expires_at=1_700_000_000)
    assert "expires_at = 2023-11-14T22:13:20Z" in to_toml(over)
    assert (await folder.asked(to_toml(another), key))[0] == 401
    assert (await folder.asked("", key))[0] == 401
    assert (await folder.asked(to_toml(stored) + "revoked = true\n", key))[0] == 401
    assert (await folder.asked(to_toml(over), late))[0] == 401


def test_keys_without_a_pepper_are_refused_with_what_to_do(folder: Folder) -> None:
    with pytest.raises(ConfigurationError) as raised:
        folder.host(table(), {})
    assert raised.value.problems == (
        (
            "API keys need the pepper their hashes were made with. Set the variable "
            "HANSE_API_KEYS__PEPPER, or put it into the file api_keys.pepper of the folder that "
            "[host] settings_folder names; in code: HostConfig(pepper=…)."
        ),
    )


def test_the_settings_of_services_stay_out_of_it(folder: Folder) -> None:
    project = folder.read("[settings.gate]\nwidth = 1\n" + table())
    assert project.pepper(VARIABLES) == Secret(PEPPER)


def test_without_keys_nobody_asks_for_a_pepper(folder: Folder) -> None:
    assert folder.read('[host]\nsettings_folder = "nowhere"\n').pepper({}) is None


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"HANSE_API_KEYS__PEPPER": "fourteen chars"}, "fewer than 16 characters; make one with: "),
        ({"HANSE_API_KEYS__PEPPER": ""}, "secret of at least one character"),
        ({"HANSE_API_KEYS__PEPER": PEPPER}, "Did you mean PEPPER?"),
    ],
)
def test_a_pepper_that_is_none_is_refused_and_not_shown(
    folder: Folder, variables, problem: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        folder.host(table(), variables)
    assert problem in str(raised.value)
    assert "fourteen" not in str(raised.value)
    assert PEPPER not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            f'[api_keys]\npepper = "{PEPPER}"\n',
            "hanse.toml:4: api_keys: expected `array`, got `object`; write [[api_keys]] above each",
        ),
        (
            f'[settings.api_keys]\npepper = "{PEPPER}"\n',
            "hanse.toml:5: settings.api_keys.pepper: the pepper never stands in hanse.toml; set the",
        ),
        (
            f'[environments.production.settings]\napi_keys.pepper = "{PEPPER}"\n',
            "hanse.toml:5: environments.production.settings.api_keys.pepper: the pepper never",
        ),
        (f'[host]\npepper = "{PEPPER}"\n', "hanse.toml:5: host.pepper is unknown; "),
        (table(pepper=f'pepper = "{PEPPER}"'), "hanse.toml:8: api_keys[0].pepper is unknown; "),
    ],
)
def test_the_pepper_never_stands_in_the_file(folder: Folder, text: str, problem: str) -> None:
    (found,) = folder.problems(text)
    assert found.startswith(problem)
    assert PEPPER not in found


def test_every_mistake_in_a_key_is_named_with_its_line(folder: Folder) -> None:
    found = folder.problems(
        "[[api_keys]]\n"
        'id = "short"\n'
        'hash = "hk_0123456789ab_and-so-on"\n'
        "site = 5\n"
        'expires_at = "soon"\n'
        "expires = 5\n"
        "revoked = 1\n"
        "[api_keys.principal]\n"
        'kind = "visitor"\n'
        'id = "two words"\n'
        'permissions = ["crm.contacts.read",\n'
        '  "Contacts"]\n'
        "[[api_keys]]\n"
        'id = "0123456789ab"\n'
        'principal = { kind = "app" }\n'
        "expires_at = 2027-01-01\n"
    )
    hash_rule = "64 hexadecimal digits, as `hanse key` says them; never the key itself"
    time_rule = "a time is like 2027-01-31T00:00:00Z, without quotes"
    assert found == [
        "hanse.toml:5: api_keys[0].id: the public part of a key, 12 letters and digits.",
        f"hanse.toml:6: api_keys[0].hash: {hash_rule}.",
        (
            "hanse.toml:7: api_keys[0].site: expected `str`, got `int`; printable ASCII without "
            "spaces, 200 characters at most; put it in quotes."
        ),
        f"hanse.toml:8: api_keys[0].expires_at: {time_rule}.",
        ("hanse.toml:9: api_keys[0].expires is unknown; did you mean expires_at?"),
        "hanse.toml:10: api_keys[0].revoked: expected `bool`, got `int`.",
        (
            "hanse.toml:12: api_keys[0].principal.kind: expected 'member' or 'staff' or 'app' or "
            "'service'."
        ),
        (
            "hanse.toml:13: api_keys[0].principal.id: printable ASCII without spaces, 200 "
            "characters at most, and not empty."
        ),
        (
            "hanse.toml:15: api_keys[0].principal.permissions[1]: a permission is lower-case words "
            "joined with dots, like crm.contacts.read."
        ),
        f"hanse.toml:16: api_keys[1].hash is missing: {hash_rule}.",
        (
            "hanse.toml:18: api_keys[1].principal.id is missing: printable ASCII without spaces, "
            "200 characters at most, and not empty."
        ),
        (f"hanse.toml:19: api_keys[1].expires_at: expected `datetime`, got `date`; {time_rule}."),
    ]


def test_an_id_that_comes_twice_is_refused_at_the_second(folder: Folder) -> None:
    there = table().replace("[[api_keys]]", "[[environments.there.api_keys]]")
    assert folder.read(table() + there).file.api_keys[0].id == "0123456789ab"
    assert folder.problems(table() + table() + there + there) == [
        "hanse.toml:9: api_keys[1].id is that of another key; mint one of its own.",
        "hanse.toml:17: environments.there.api_keys[1].id is that of another key; mint one of its "
        "own.",
    ]


def test_an_environment_has_keys_of_its_own(folder: Folder) -> None:
    there = table(id='id = "zzzzzzzzzzzz"').replace(
        "[[api_keys]]", "[[environments.there.api_keys]]"
    )
    assert [key.id for key in folder.read(table() + there).host_config().api_keys] == [
        "0123456789ab"
    ]
    assert [key.id for key in folder.read(table() + there, "there").host_config().api_keys] == [
        "zzzzzzzzzzzz"
    ]


VISIBLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=200)


@given(id_=VISIBLE, site=VISIBLE, ends=st.none() | st.integers(0, 4_000_000_000))
def test_what_is_written_of_a_key_is_read_as_it_was(tmp_path_factory, id_, site, ends) -> None:
    key = StoredKey(
        id="0123456789ab",
        hash=HASH,
        principal=Principal("staff", id_, REPORTS.permissions),
        site=site,
        expires_at=ends,
    )
    folder = tmp_path_factory.mktemp("gate")
    head = '[project]\nname = "gate"\nservices = ["gate:Gate"]\n'
    (folder / "hanse.toml").write_text(head + to_toml(key))
    assert read_project(folder).host_config().api_keys == (key,)
    ended = None if ends is None else datetime.fromtimestamp(ends, UTC)
    assert write_key(key).get("expires_at") == ended


def test_what_could_not_be_read_again_is_not_written() -> None:
    _, key = KeyMint(Secret(PEPPER)).mint(
        Principal("visitor", "", frozenset({"read"})), site="a\nb"
    )
    with pytest.raises(ConfigurationError) as raised:
        to_toml(key)
    assert [problem.partition(":")[0] for problem in raised.value.problems] == [
        "principal.kind",
        "principal.id",
        "principal.permissions[0]",
        "site",
    ]


async def test_the_open_door_may_be_switched_off(folder: Folder) -> None:
    text = '[host]\nport = "off"\nsocket = "me.sock"\n'
    project = folder.read(text)
    config = project.host_config()
    assert config.port is None
    async with Host(project.services(), config), await Peer.unix(config.socket) as peer:
        assert (await peer.ask(get("/health/ready"))).status == 200


def test_a_port_is_a_number_or_off_and_somebody_can_call(folder: Folder) -> None:
    rule = 'a port is 0 to 65535 without quotes, 0 for any free one; "off" for no open door'
    assert folder.problems("[host]\nport = false\n") == [
        f"hanse.toml:5: host.port: expected `int | str`, got `bool`; {rule}."
    ]
    assert folder.problems('[host]\nport = "80"\n') == [f"hanse.toml:5: host.port: {rule}."]
    assert folder.problems("[host]\nport = 70000\n") == [f"hanse.toml:5: host.port: {rule}."]
    nobody = 'is "off", so nobody could call: give host.socket or host.mutual_port, or a port.'
    assert folder.problems('[host]\nport = "off"\n') == [f"hanse.toml:5: host.port {nobody}"]
    there = '[environments.there.host]\nport = "off"\n'
    assert folder.problems(there, "there") == [f"hanse.toml:5: host.port {nobody}"]
    assert folder.read(f'[host]\nsocket = "a.sock"\n{there}', "there").host_config().port is None
