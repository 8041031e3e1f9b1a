"""Settings: where values come from, and everything that is wrong at once."""

import os
import pickle
from enum import Enum
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from msgspec import Meta

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.config.secret import Secret
from hanse.runtime.config.settings import Settings, SettingsError, Sources, load

CANARY = "canary-7f3a9c"


class Color(Enum):
    RED = "red"
    GREEN = "green"


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    calls: int = 5


class GreeterSettings(Settings):
    greeting: str = "Hello"
    api_key: Secret
    timeout: Annotated[float, Meta(gt=0, le=60)] = 3.0
    mode: Literal["fast", "safe"] = "safe"
    color: Color = Color.RED
    loud: bool = False
    hosts: tuple[str, ...] = ()
    retries: int | None = None
    limits: Limits = Limits()


class MailSettings(Settings):
    server_name: str
    password: Secret


KINDS = {"greeter": GreeterSettings, "mail": MailSettings}
GREETER = {"greeter": GreeterSettings}


def variables(**fields):
    return {f"HANSE_GREETER__{name.upper()}": value for name, value in fields.items()}


def greeter(*, table=None, variables=None, mounted=None):
    given = {"greeter": table} if table is not None else {}
    sources = Sources(tables=given, variables=variables or {}, mounted=mounted)
    loaded = load(GREETER, sources)["greeter"]
    assert isinstance(loaded, GreeterSettings)
    return loaded


def problems(**sources):
    with pytest.raises(SettingsError) as error:
        greeter(**sources)
    assert isinstance(error.value, ConfigurationError)
    assert str(error.value) == "\n".join(error.value.problems)
    assert CANARY not in str(error.value)
    assert CANARY not in repr(error.value)
    return error.value.problems


@pytest.fixture
def mount(tmp_path):
    def put(name, content, mode=0o600):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return tmp_path

    return put


def test_defaults_fill_what_nobody_sets():
    loaded = greeter(table={"api_key": CANARY})
    assert (loaded.greeting, loaded.timeout, loaded.mode) == ("Hello", 3.0, "safe")
    assert loaded.api_key.reveal() == CANARY


def test_mounted_wins_over_variable_over_table_over_default(mount):
    table = {"api_key": "table", "greeting": "table", "mode": "fast"}
    given = variables(api_key="variable", greeting="variable")
    folder = mount("greeter.api_key", "mounted\n")
    loaded = greeter(table=table, variables=given, mounted=folder)
    assert loaded.api_key.reveal() == "mounted"
    assert (loaded.greeting, loaded.mode, loaded.timeout) == ("variable", "fast", 3.0)


def test_settings_are_frozen_keyword_only_and_not_shown():
    loaded = greeter(table={"api_key": CANARY})
    with pytest.raises(AttributeError):
        loaded.greeting = "Bye"
    with pytest.raises(TypeError):
        GreeterSettings("Hello", Secret("x"))
    with pytest.raises(TypeError):
        pickle.dumps(loaded)
    assert CANARY not in repr(loaded)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("greeting", "5", "5"),
        ("greeting", "true", "true"),
        ("greeting", "[1]", "[1]"),
        ("greeting", "", ""),
        ("timeout", "0.5", 0.5),
        ("timeout", "2", 2.0),
        ("mode", "fast", "fast"),
        ("color", "green", Color.GREEN),
        ("loud", "true", True),
        ("loud", "0", False),
        ("hosts", '["a", "b"]', ("a", "b")),
        ("retries", "7", 7),
        ("limits", '{"calls": 9}', Limits(9)),
    ],
)
def test_a_text_is_read_by_the_type_of_its_field(field, text, value, mount):
    given = variables(api_key="x", **{field: text})
    assert getattr(greeter(variables=given), field) == value
    folder = mount(f"greeter.{field}", text)
    assert getattr(greeter(variables=variables(api_key="x"), mounted=folder), field) == value


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("timeout", "soon", "`float`"),
        ("timeout", "0", "> 0"),
        ("timeout", "61", "<= 60"),
        ("timeout", "nan", "`float` > 0"),
        ("mode", CANARY, "'fast' or 'safe'"),
        ("color", CANARY, "'red' or 'green'"),
        ("loud", "maybe", "`bool`"),
        ("hosts", "a,b", "array"),
        ("hosts", '["a", 5]', "`str`"),
        ("hosts", '["a"', "JSON"),
        ("retries", "1.5", "`int"),
        ("limits", '{"call": 5}', "unknown field"),
        ("api_key", "", "at least one character"),
    ],
)
def test_a_wrong_value_is_told_with_its_place_and_rule(field, value, rule):
    given = variables(**{"api_key": "x", field: value})
    [problem] = problems(variables=given)
    assert problem.startswith(f"greeter.{field} from variable HANSE_GREETER__{field.upper()}")
    assert rule in problem


@pytest.mark.parametrize(("field", "value"), [("timeout", "3.0"), ("loud", 1), ("hosts", "a")])
def test_a_table_has_types_and_they_must_fit(field, value):
    [problem] = problems(table={"api_key": "x", field: value})
    assert problem.startswith(f"greeter.{field} from table [greeter] is wrong")


def test_a_missing_setting_names_every_place_it_could_come_from(tmp_path):
    [problem] = problems(mounted=tmp_path)
    assert "greeter.api_key is not set" in problem
    assert "a secret text" in problem
    assert str(tmp_path / "greeter.api_key") in problem
    assert "HANSE_GREETER__API_KEY" in problem
    assert "api_key in table [greeter]" in problem


class WordySettings(Settings):
    limited: Annotated[float, Meta(gt=0)]
    maybe: int | Literal["all"] | None
    color: Color
    key: Secret
    hosts: tuple[str, ...]


@pytest.mark.parametrize(
    ("field", "rule"),
    [
        ("limited", "`float` within msgspec.Meta(gt=0)."),
        ("maybe", "`int` or 'all' or `null`."),
        ("color", "'red' or 'green'."),
        ("key", "a secret text."),
        ("hosts", "`tuple[str, ...]`."),
    ],
)
def test_a_missing_setting_says_what_it_takes(field, rule):
    with pytest.raises(SettingsError) as error:
        load({"wordy": WordySettings}, Sources())
    [problem] = [text for text in error.value.problems if text.startswith(f"wordy.{field} ")]
    assert f"it takes {rule}" in problem


def test_all_that_is_wrong_is_told_together():
    sources = Sources(
        tables={"greeter": {"timeout": -1, "greting": "x"}, "mial": {}},
        variables={
            "HANSE_GREETER__MODE": "slow",
            "HANSE_MAIL__PASWORD": CANARY,
            "HANSE_HOST_PORT": "1",
            "HANSE_OTHER__THING": "1",
            "HOME": "/root",
        },
    )
    with pytest.raises(SettingsError) as error:
        load(KINDS, sources)
    assert len(error.value.problems) == 8
    text = str(error.value)
    for words in (
        "Table [mial] sets nothing that is declared. Did you mean mail?",
        "greting in table [greeter] sets nothing that is declared. Did you mean greeting?",
        "Variable HANSE_MAIL__PASWORD sets nothing that is declared. Did you mean PASSWORD?",
        "greeter.api_key is not set",
        "greeter.timeout from table [greeter] is wrong",
        "greeter.mode from variable HANSE_GREETER__MODE is wrong",
        "mail.server_name is not set",
        "mail.password is not set",
    ):
        assert words in text
    assert CANARY not in text


def test_a_table_of_a_service_that_is_served_elsewhere_is_left_alone():
    sources = Sources(tables={"till": {"times": 2}}, listed=frozenset({"till", "stock"}))

    assert load({}, sources, served=["stock"]) == {}
    for tables, served in ((sources.tables, ["stock", "till"]), ({"tll": {}}, ["stock"])):
        with pytest.raises(SettingsError, match="sets nothing that is declared"):
            load({}, msgspec.structs.replace(sources, tables=tables), served)


def test_what_others_share_is_left_alone(mount):
    mount("other.thing", "x")
    folder = mount("README", "x")
    (folder / "..data").mkdir()
    mount("greeter", "x")
    shared = {"HANSE_OTHER__THING": "1", "HANSE_GREETER": "1", "GREETER__THING": "1"}
    greeter(variables={**variables(api_key="x"), **shared}, mounted=folder)


def test_a_name_like_no_other_is_answered_with_all_there_are():
    [problem] = problems(table={"api_key": "x", "qqq": 1})
    assert "Known: greeting, api_key, timeout" in problem


def test_an_unknown_mounted_file_is_refused(mount):
    [problem] = problems(table={"api_key": "x"}, mounted=mount("greeter.api_kee", CANARY))
    assert "Did you mean api_key?" in problem


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o660, 0o602, 0o777])
def test_a_mounted_file_open_to_others_is_refused_with_the_remedy(mode, mount):
    [problem] = problems(mounted=mount("greeter.api_key", CANARY, mode))
    assert f"mode is {mode:04o}" in problem
    assert "chmod 0600" in problem


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o440, 0o640])
def test_a_mounted_file_for_the_process_and_its_group_counts(mode, mount):
    assert greeter(mounted=mount("greeter.api_key", CANARY, mode)).api_key.reveal() == CANARY


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_the_line_end_of_a_mounted_file_is_not_part_of_it(ending, mount):
    folder = mount("greeter.api_key", f"{CANARY} {ending}")
    assert greeter(mounted=folder).api_key.reveal() == f"{CANARY} "


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\xff" + CANARY.encode(), "UTF-8"), (b"x" * 65_537, "longer"), (b"\n", "at least one")],
)
def test_a_mounted_file_that_cannot_be_a_setting_is_refused(content, words, mount):
    [problem] = problems(mounted=mount("greeter.api_key", content))
    assert words in problem


def test_what_is_mounted_must_be_a_file(tmp_path):
    (tmp_path / "greeter.api_key").mkdir()
    [problem] = problems(mounted=tmp_path)
    assert "not a file" in problem
    (tmp_path / "greeter.api_key").rmdir()
    os.mkfifo(tmp_path / "greeter.api_key")
    [problem] = problems(mounted=tmp_path)
    assert "not a file" in problem


def test_a_mount_that_is_not_there_is_told(tmp_path):
    [problem] = problems(table={"api_key": "x"}, mounted=tmp_path / "absent")
    assert "cannot be read" in problem


def test_a_mounted_file_may_be_a_link_as_kubernetes_makes_them(mount, tmp_path_factory):
    target = tmp_path_factory.mktemp("data") / "key"
    target.write_text(CANARY)
    target.chmod(0o600)
    folder = mount("other.x", "")
    (folder / "greeter.api_key").symlink_to(target)
    assert greeter(mounted=folder).api_key.reveal() == CANARY


class PairSettings(Settings):
    low: int = 0
    high: int = 0
    key: Secret | None = None

    def __post_init__(self):
        if self.low > self.high:
            shown = self.key.reveal() if self.key is not None else "nothing"
            raise ValueError(f"low is above high with {shown}")


def test_a_check_of_the_class_itself_is_told_unless_it_could_show_a_secret():
    with pytest.raises(SettingsError, match="pair: low is above high"):
        load({"pair": PairSettings}, Sources(tables={"pair": {"low": 5}}))
    with pytest.raises(SettingsError) as error:
        load({"pair": PairSettings}, Sources(tables={"pair": {"low": 5, "key": CANARY}}))
    assert CANARY not in str(error.value)


@pytest.mark.parametrize("name", ["Upper", "_hidden", "two__lines", "end_", "ümlaut"])
def test_a_field_whose_variable_would_be_ambiguous_is_refused(name):
    with pytest.raises(TypeError, match="rename"):
        type(Settings)("Odd", (Settings,), {"__annotations__": {name: int}})


@pytest.mark.parametrize("section", ["Greeter", "my__service", "my-service", ""])
def test_a_section_whose_variable_would_be_ambiguous_is_refused(section):
    with pytest.raises(SettingsError, match="single underscores"):
        load({section: PairSettings}, Sources())


@given(
    field=st.sampled_from(GreeterSettings.__struct_fields__),
    text=st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20
    ).map(lambda tail: CANARY + tail),
)
@how(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_value_or_a_problem_that_does_not_show_it(field, text):
    given_variables = {**variables(api_key="x"), **variables(**{field: text})}
    try:
        loaded = greeter(variables=given_variables)
    except SettingsError as error:
        assert text not in str(error)
        assert len(error.problems) == 1
    else:
        assert field in ("greeting", "api_key")
        assert CANARY not in repr(loaded.api_key)


@given(
    st.dictionaries(
        st.sampled_from([*GreeterSettings.__struct_fields__, "greting"]),
        st.one_of(st.integers(), st.text(), st.none(), st.lists(st.text()), st.booleans()),
    )
)
def test_any_table_is_settings_or_a_settings_error(table):
    try:
        assert isinstance(greeter(table=table), GreeterSettings)
    except SettingsError as error:
        assert error.problems
