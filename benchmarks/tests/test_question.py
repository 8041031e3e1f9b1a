"""A server that skips one of the checks is not measured."""

import http.server
import json
import threading
from pathlib import Path

import jwt
import pytest

from benchmarks.load import LoadError
from benchmarks.rpc import question, terms


@pytest.fixture
def issuer(tmp_path):
    return question.Issuer(tmp_path)


class Careful(http.server.BaseHTTPRequestHandler):
    """Does every check but the one its class attribute names."""

    key = ""
    skipped = ""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = self.answer(body)
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def answer(self, body):
        token = (self.headers["Authorization"] or "").removeprefix("Bearer ")
        options = {"verify_signature": self.skipped != "signature"}
        if self.skipped in {"signature", "expiry"}:
            options |= {"verify_exp": False, "verify_aud": self.skipped != "signature"}
        try:
            claims = jwt.decode(token, self.key, ["EdDSA"], options, audience=terms.AUDIENCE)
        except jwt.PyJWTError:
            return 401, {}
        if terms.PERMISSION not in claims["permissions"] and self.skipped != "permission":
            return 403, {}
        try:
            name = json.loads(body)["name"]
            if not isinstance(name, str) or not name:
                return 422, {}
        except (ValueError, KeyError):
            return 400, {}
        if len(name) > 100 and self.skipped != "length":
            return 422, {}
        return 200, {"text": f"Hello, {name}"}

    def log_message(self, *_):
        pass


def ask(issuer, skipped):
    key = Path(issuer.settings["BENCH_PUBLIC_KEY"]).read_text()
    handler = type("Chosen", (Careful,), {"key": key, "skipped": skipped})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            question.check_refusals(server.server_address[1], issuer)
        finally:
            server.shutdown()
            thread.join()


def test_a_server_that_checks_everything_passes(issuer):
    ask(issuer, skipped="")


@pytest.mark.parametrize(
    ("skipped", "named"),
    [
        ("signature", "a forged token"),
        ("expiry", "an expired token"),
        ("permission", "no permission"),
        ("length", "a name too long"),
    ],
)
def test_a_server_that_skips_a_check_is_named(issuer, skipped, named):
    with pytest.raises(LoadError, match=named):
        ask(issuer, skipped)
