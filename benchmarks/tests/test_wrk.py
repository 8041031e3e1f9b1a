"""wrk checks status and body of every answer, and a run with a wrong one is refused."""

import http.server
import shutil
import threading

import pytest

from benchmarks.load import Load, LoadError, post, run_wrk

pytestmark = pytest.mark.skipif(
    not (shutil.which("wrk") and shutil.which("taskset")), reason="wrk is not installed"
)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wrong_turn = 0
    wrong_status = 200
    turn = 0

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).turn += 1
        wrong = self.turn == self.wrong_turn
        body = b'{"a": "no"}' if wrong and self.wrong_status == 200 else b'{"a": "yes"}'
        self.send_response(self.wrong_status if wrong else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def served(request):
    """A server whose fifth answer has the wrong body or status the test asks for."""
    turn, status = request.param
    handler = type("Chosen", (Handler,), {"wrong_turn": turn, "wrong_status": status})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


ASKED = Load([post("/", b"{}", {"traceparent": "x"})], [b'{"a": "yes"}'])


@pytest.mark.parametrize("served", [(0, 200)], indirect=True)
def test_right_answers_are_counted(served):
    report = run_wrk(ASKED, port=served, connections=2, seconds=1)
    assert report.requests > 10
    assert report.wrong == report.broken == 0


@pytest.mark.parametrize("served", [(5, 200), (5, 201)], indirect=True)
def test_one_wrong_answer_refuses_the_run(served):
    with pytest.raises(LoadError, match="1 wrong answers.*last wrong answer: 20[01]"):
        run_wrk(ASKED, port=served, connections=2, seconds=1)
