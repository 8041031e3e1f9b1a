"""A small real HTTP server that records requests and answers what a test wrote down."""

import contextlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Seen:
    verb: str
    path: str
    headers: dict
    body: str


@dataclass
class Server:
    """Answers are `(status, headers, chunks)` by `VERB path-without-query`."""

    answers: dict
    seen: list = field(default_factory=list)
    url: str = ""


def json_answer(value, status=200, **headers):
    return status, {"content-type": "application/json", **headers}, [json.dumps(value).encode()]


def stream_answer(*chunks):
    return 200, {"content-type": "text/event-stream"}, list(chunks)


@contextlib.contextmanager
def serving(answers):
    server = Server(answers)

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.seen.append(Seen(self.command, self.path, headers, body))
            missing = json_answer({"code": "not_found", "title": "Not found"}, 404)
            status, headers, chunks = server.answers.get(
                f"{self.command} {self.path.split('?')[0]}", missing
            )
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("connection", "close")
            self.end_headers()
            for chunk in chunks:
                chunk = chunk() if callable(chunk) else chunk
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(chunk)
                    self.wfile.flush()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
