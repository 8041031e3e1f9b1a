"""Logs: one line an event, with the context, without secrets, and none that forges another."""

import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.config.secret import Secret
from hanse.runtime.telemetry.log import VALUE_LENGTH_LIMIT, ConsoleFormatter, configure

CONTEXT = {"site": "acme", "principal": "member", "trace_id": "4bf9", "service": "crm.v1.Contacts"}
EVIL = 'x\n{"level":"critical"}\r\x1b[31m\x9b2J\x7f\u2028\u202e"\\'
MOVERS = set("\r\x1b\x9b\x7f\u2028\u202e")
CANARY = "canary-8c1f"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Log:
    """A logger of its own and what it wrote."""

    def __init__(self, style="json", context=lambda: dict(CONTEXT), stream=None) -> None:
        self.logger = logging.Logger("crm")  # noqa: LOG001  a new one for each test
        self.stream = stream or io.StringIO()
        configure(self.logger, self.stream, style, context)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def line(self) -> dict:
        assert self.text.count("\n") == 1 and self.text.endswith("\n")
        return json.loads(self.text)


@pytest.fixture(autouse=True)
def _logging_does_not_swallow_errors(capsys):
    yield
    assert "Logging error" not in capsys.readouterr().err


def test_a_json_line_says_when_how_bad_what_and_for_whom() -> None:
    log = Log()
    log.logger.warning("merged %d contacts", 3, extra={"contact": "c1", "pairs": [(1, 2.5), None]})
    line = log.line
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "warning",
        "logger": "crm",
        "message": "merged 3 contacts",
        "contact": "c1",
        "pairs": [[1, 2.5], None],
        **CONTEXT,
    }


def test_a_console_line_is_short() -> None:
    log = Log("console", lambda: {"site": "acme", "trace_id": ""})
    log.logger.info("merged %d contacts", 3, extra={"pair": ["a", 1]})
    time, rest = log.text.split(" ", 1)
    assert len(time) == len("12:00:00.000")
    assert rest == 'INFO    merged 3 contacts  pair=["a",1]  site=acme\n'


def test_colour_is_for_terminals_only() -> None:
    plain, coloured = Log("console"), Log("console", stream=Terminal())
    for log in (plain, coloured):
        log.logger.error("x")
    assert "\x1b" not in plain.text
    assert "\x1b[31mERROR  \x1b[0m" in coloured.text
    assert "\x1b" not in Log("json", stream=Terminal()).text


def test_the_context_is_that_of_the_moment_and_beats_what_extra_claims() -> None:
    sites = iter(["one", "two"])
    log = Log(context=lambda: {"site": next(sites)})
    log.logger.info("a", extra={"site": "forged"})
    log.logger.info("b")
    assert [json.loads(line)["site"] for line in log.text.splitlines()] == ["one", "two"]


def test_extra_cannot_take_the_place_of_the_records_own_fields() -> None:
    log = Log()
    log.logger.info("true", extra={"level": "critical", "time": "never", "stack": "none"})
    assert log.line["level"] == "info"
    assert log.line["level_"] == "critical"
    assert log.line["time"] != "never"
    assert "stack" not in log.line


@pytest.mark.parametrize("style", ["json", "console"])
def test_no_value_forges_a_line_or_moves_the_cursor(style) -> None:
    log = Log(style, lambda: {"site": EVIL})
    log.logger.warning("hello %s", EVIL, extra={"who": EVIL, EVIL: 1, "deep": {EVIL: [EVIL]}})
    assert log.text.count("\n") == 1
    assert not MOVERS & set(log.text)
    if style == "json":
        assert log.line["message"] == f"hello {EVIL}"
        assert log.line["deep"] == {EVIL: [EVIL]}


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_stack_is_kept_and_cannot_forge_a_line(style) -> None:
    log = Log(style)
    try:
        raise ValueError(EVIL)
    except ValueError:
        log.logger.exception("failed")
    assert "test_a_stack_is_kept" in log.text
    assert not MOVERS & set(log.text)
    if style == "json":
        assert "ValueError" in log.line["stack"]
    else:
        assert all(line.startswith("    ") for line in log.text.splitlines()[1:])


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_secret_stays_one(style) -> None:
    class TextSecret(str):
        """One that is a string underneath, as some libraries have it."""

        __slots__ = ()

        def __str__(self) -> str:
            return "***"

        __repr__ = __str__

    log = Log(style)
    for secret in (Secret(CANARY), TextSecret(CANARY)):
        held = {"a": secret, "b": [secret, (secret,)], "c": {"d": {secret}}}
        log.logger.info("key %s %r", secret, secret, extra={"key": secret, "held": held})
        log.logger.info("held %s", held)
        log.logger.info({"key": secret})
    assert "***" in log.text
    assert CANARY not in log.text


@pytest.mark.parametrize("style", ["json", "console"])
def test_odd_values_do_not_lose_the_line(style) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no")

    loop: list = []
    loop.append(loop)
    log = Log(style)
    log.logger.info(
        "odd \ud800", extra={"broken": Broken(), "loop": loop, "big": 10**6000, "nan": float("nan"),
                             "bytes": b"\x00", "half": "\udfff", "none": None, "yes": True},
    )  # fmt: skip
    assert log.text.count("\n") == 1
    log.text.encode()
    assert "Broken that cannot be shown" in log.text


def test_everything_is_bounded() -> None:
    log = Log()
    deep: list = []
    for _ in range(1000):
        deep = [deep]
    log.logger.info(
        "m" * 10**6, extra={"long": "x" * 10**6, "many": list(range(10**5)), "deep": deep}
    )
    assert len(log.line["long"]) < VALUE_LENGTH_LIMIT + 10
    assert len(log.line["many"]) == 100
    assert len(log.text) < 4 * VALUE_LENGTH_LIMIT


@given(st.text(), st.dictionaries(st.text(), st.text() | st.integers() | st.floats() | st.binary()))
def test_any_text_is_one_line_of_json(message: str, values: dict) -> None:
    log = Log(context=dict)
    log.logger.info("%s", message, extra={"values": values})
    assert "message" in log.line


def test_only_the_logger_given_is_touched() -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("hanse").handlers[:])
    logger = logging.getLogger("hanse.test_log.only")
    stream = io.StringIO()
    configure(logger, stream, "json", dict)
    logger.warning("once")
    assert (root.level, list(root.handlers), logging.getLogger("hanse").handlers[:]) == before
    assert stream.getvalue().count("\n") == 1


def test_lines_are_not_repeated_by_the_loggers_above(caplog) -> None:
    logger = logging.getLogger("hanse.test_log.above")
    configure(logger, io.StringIO(), "json", dict)
    logger.warning("not twice")
    assert caplog.records == []


def test_configuring_again_replaces_and_keeps_the_handlers_of_others() -> None:
    log = Log()
    own = logging.NullHandler()
    log.logger.addHandler(own)
    second = io.StringIO()
    configure(log.logger, second, "console", dict)
    log.logger.info("x")
    assert log.text == ""
    assert second.getvalue().count("\n") == 1
    assert own in log.logger.handlers
    assert sum(isinstance(h.formatter, ConsoleFormatter) for h in log.logger.handlers) == 1
