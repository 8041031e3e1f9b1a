"""Contacts in memory, asked as FastAPI is: with every check but the one that a test leaves out."""

import contextlib
import datetime
import http.server
import json
import threading
import uuid
from pathlib import Path

import jwt

from benchmarks.data import contact
from benchmarks.rpc import terms

LENGTHS = {"first_name": 100, "last_name": 100, "note": 500}


class Refused(Exception):
    def __init__(self, status):
        self.status = status


class Contacts(http.server.BaseHTTPRequestHandler):
    """`skipped` names the check that is left out, `rows` are by site and id."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    key = ""
    skipped = ""
    rows = {}
    lock = threading.Lock()

    def do_GET(self):
        self.answer(lambda site, _: self.row(site, self.path.rpartition("/")[2]))

    def do_POST(self):
        self.answer(self.query if self.path.endswith(":query") else self.create)

    def do_PATCH(self):
        self.answer(self.change)

    def answer(self, work):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        try:
            with self.lock:
                status, found = 200, work(self.site(), body)
        except Refused as refused:
            status, found = refused.status, {}
        text = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def site(self):
        token = (self.headers["Authorization"] or "").removeprefix("Bearer ")
        options = {"verify_signature": self.skipped != "signature"}
        try:
            claims = jwt.decode(token, self.key, ["EdDSA"], options, audience=terms.AUDIENCE)
        except jwt.PyJWTError:
            raise Refused(401) from None
        if terms.PERMISSION not in claims["permissions"] and self.skipped != "permission":
            raise Refused(403)
        return claims["site"]

    def row(self, site, id):
        for (owner, key), row in self.rows.items():
            if key == id and (owner == site or self.skipped == "site"):
                return row
        raise Refused(404)

    def fields(self, body, known):
        try:
            given = json.loads(body)
        except ValueError:
            raise Refused(400) from None
        if self.skipped != "unknown" and not given.keys() <= known:
            raise Refused(422)
        for name, most in LENGTHS.items():
            if self.skipped != "length" and len(str(given.get(name) or "")) > most:
                raise Refused(422)
        return given

    def create(self, site, body):
        given = self.fields(body, contact.contact(0, 0, 5).keys())
        names = [given["first_name"], given["last_name"]]
        if not all(isinstance(name, str) and name for name in names) or given["score"] > 1000:
            raise Refused(422)
        if any(len(tag) > 40 for tag in given["tags"]):
            raise Refused(422)
        if not (given.get("address") or {}).get("city"):
            raise Refused(422)
        if datetime.datetime.fromisoformat(given["last_seen"]).tzinfo is None:
            raise Refused(422)
        emails = {row["email"] for (owner, _), row in self.rows.items() if owner == site}
        if given["email"] in emails and self.skipped != "unique":
            raise Refused(409)
        row = given | {"id": str(uuid.uuid4()), "revision": 1}
        self.rows[site, row["id"]] = row
        return row

    def change(self, site, body):
        path, _, revision = self.path.partition("?revision=")
        row = self.row(site, path.rpartition("/")[2])
        given = self.fields(body, row.keys())
        if row["revision"] != int(revision) and self.skipped != "revision":
            raise Refused(409)
        more = 2 if self.skipped == "count" else 1
        kept = {} if self.skipped == "write" else given
        row.update(kept, revision=row["revision"] + more)
        return row | given

    def query(self, site, body):
        asked = json.loads(body)
        if asked["limit"] > 100:
            raise Refused(422)
        found = [
            row
            for (owner, _), row in self.rows.items()
            if (owner == site or self.skipped == "query")
            and row["stage"] == asked["stage"]
            and row["last_seen"] >= asked["seen_since"]
        ]
        found.sort(key=lambda row: row["last_seen"], reverse=self.skipped == "order")
        return {"contacts": found[: asked["limit"]]}

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def contacts_served(issuer, plan, skipped=""):
    """Its port."""
    rows = {
        (contact.site_name(site), str(contact.contact_id(site, number))): {
            **contact.contact(site, number, plan.rows),
            "id": str(contact.contact_id(site, number)),
            "revision": 1,
            "create_time": contact.MADE.isoformat(),
        }
        for site in range(plan.sites)
        for number in range(plan.rows)
    }
    key = Path(issuer.settings["BENCH_PUBLIC_KEY"]).read_text()
    handler = type("Chosen", (Contacts,), {"key": key, "skipped": skipped, "rows": rows})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
