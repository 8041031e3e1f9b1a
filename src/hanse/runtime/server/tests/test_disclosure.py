"""What an answer shows of the inside: nothing. And what is written to disk of secrets: nothing."""

from __future__ import annotations

import logging
import time

import pytest

from hanse import PUBLIC, Host, HostConfig, Service, Struct, rpc
from hanse.runtime.config.secret import Secret
from hanse.runtime.config.settings import Settings, Sources
from hanse.runtime.credentials.development import DevelopmentIssuer
from hanse.runtime.errors import FailedPrecondition
from hanse.runtime.server.tests.desk import MARKER
from hanse.runtime.server.tests.wire import Peer, connect, get, post
from hanse.runtime.telemetry.log import configure

FAILING = {
    "raised": post("/desk/v1/failures/raise", b""),
    "internal": post("/desk/v1/failures/internal", b""),
    "declared internal with fields": post("/desk/v1/failures/broken", b""),
    "group": post("/desk/v1/failures/group", b""),
    "recursion": post("/desk/v1/failures/recursion", b""),
    "wrong answer": post("/desk/v1/lies", b""),
    "page": get("/pages/broken"),
    "stream": get("/desk/v1/ticks?count=0&fail=true"),
    "connect raised": connect("Fail", {"how": "raise"}),
    "connect internal": connect("Fail", {"how": "internal"}),
    "connect declared internal": connect("Fail", {"how": "broken"}),
    "connect group": connect("Fail", {"how": "group"}),
    "connect wrong answer": connect("Lie", {}),
    "connect stream": post("/desk.v1.Desk/Ticks", {"count": 0, "fail": True}),
}

INSIDE = [
    MARKER,
    "Traceback",
    "RuntimeError",
    "KeyError",
    "ExceptionGroup",
    ".py",
    "/etc",
    "/work",
    "line ",
]


@pytest.mark.parametrize("name", FAILING)
async def test_a_fault_of_ours_shows_nothing_of_it(peer, name, caplog):
    answer = await peer.ask(FAILING[name])
    shown = str(answer.headers) + answer.body.decode()
    assert [word for word in INSIDE if word in shown] == []
    assert answer.status == (200 if "stream" in name else 500)
    # while the log has it all
    assert ("ValidationError" if "wrong" in name else MARKER) in caplog.text


async def test_the_cause_of_a_refusal_stays_inside(peer):
    for request in (post("/desk/v1/failures/because", b""), connect("Fail", {"how": "because"})):
        answer = await peer.ask(request)
        assert answer.status == 400
        assert "desk_full" in answer.body.decode()
        assert MARKER not in answer.body.decode()


async def test_what_a_refusal_declares_is_shown(peer):
    answer = await peer.ask(post("/desk/v1/failures/full", b""))
    assert (answer.code, answer.json["fields"]) == ("desk_full", {"limit": 3})


async def test_a_problem_names_the_trace_by_which_the_log_is_found(peer, host):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    line = f"Traceparent: 00-{trace}-00f067aa0ba902b7-01"
    answer = await peer.ask(post("/desk/v1/failures/raise", b"", line))
    assert answer.json["trace_id"] == trace


# The canary: a secret that must stand nowhere, by whatever way it came in.

CANARY = "canary-5f1d7c"


class VaultSettings(Settings):
    """What the vault is told."""

    password: Secret
    note: str = ""


class Opened(Struct, frozen=True):
    ok: bool


class Closed(FailedPrecondition):
    code = "closed"


class Vault(Service):
    """Has a secret and fails in every way while holding it."""

    def __init__(self, settings: VaultSettings) -> None:
        self.settings = settings

    @rpc("POST /vault/v1/doors/{how}", allow=PUBLIC, errors=(Closed,))
    async def open(self, how: str, password: str = "") -> Opened:
        log = logging.getLogger("vault")
        log.warning("opening with %s", self.settings.password, extra={"given": self.settings})
        match how:
            case "refuse":
                raise Closed(f"{self.settings!r} {self.settings.password}")
            case "raise":
                raise RuntimeError(f"{self.settings} {self.settings.password!r}")
            case "answer":
                return self.settings  # pyright: ignore[reportReturnType]  a wrong answer is what is tested
            case _:
                return Opened(self.settings.password.reveal().startswith("canary"))


@pytest.fixture
async def vault(tmp_path):
    """A host that writes all it can: logs, traces, its state folder."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    development = DevelopmentIssuer(tmp_path / "state", time.time)
    config = HostConfig(
        socket=tmp_path / "vault.sock",
        issuers=(development.issuer(),),
        trace_folder=tmp_path / "traces",
        traces_per_second=1e6,
    )
    sources = Sources(tables={"vault": {"password": f"{CANARY}-setting", "note": "public"}})
    with (tmp_path / "host.log").open("w") as stream:
        configure(root, stream, "json", dict)
        root.setLevel(logging.DEBUG)
        async with Host([Vault], config, sources=sources) as host:
            yield host
        configure(root, stream, "console", dict)
    for handler in list(root.handlers):
        if handler not in handlers:
            root.removeHandler(handler)
    root.setLevel(level)
    root.propagate = True


async def test_a_secret_stands_in_no_answer_and_in_no_file(vault, tmp_path, recwarn):
    token = f"{CANARY}.token.abc"
    requests = [
        post(f"/vault/v1/doors/{how}", {"password": f"{CANARY}-argument"}, *headers)
        for how in ("open", "refuse", "raise", "answer")
        for headers in (
            (),
            (f"Authorization: Bearer {token}",),
            (f"Authorization: Bearer hk_{CANARY}_key",),
            (f"Authorization: Basic {CANARY}",),
            (f"Cookie: session={CANARY}",),
            (f"X-Api-Key: {CANARY}",),
            (f"Traceparent: {CANARY}", f"Tracestate: {CANARY}=1"),
            (f"Connect-Timeout-Ms: {CANARY}",),
        )
    ]
    requests += [
        get(f"/vault/v1/nowhere?token={CANARY}"),
        post("/vault/v1/doors/open", {"password": [CANARY]}),
        post("/vault/v1/doors/open", b'{"password": "' + CANARY.encode()),
        post("/vault/v1/doors/open", {"password": "x"}, f"Content-Type: {CANARY}"),
        get("/vault/v1/doors/open", f"Hanse-Context: {CANARY}"),
        get("/openapi.json"),
        f"GET / HTTP/1.1\r\nHost: {CANARY}/\r\n\r\n".encode(),
    ]
    shown = []
    for request in requests:
        for door in (await Peer.tcp(vault), await Peer.unix(tmp_path / "vault.sock")):
            async with door as peer:
                shown.append(await peer.ask(request))
    async with await Peer.tcp(vault) as peer:
        worked = await peer.ask(post("/vault/v1/doors/open", {}))
    assert worked.json == {"ok": True}
    # whatever was answered, and with all of it on disk
    await vault.stop()
    assert [
        answer for answer in shown if CANARY in str(answer.headers) + answer.body.decode()
    ] == []
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"host.log", "development-key.json"}
    assert any("traces" in str(path) and path.stat().st_size for path in files)
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []
    log = (tmp_path / "host.log").read_text()
    assert "opening with" in log
