"""Pages: HTML for people, under the same checks as every call."""

import base64
import hashlib
import re

import pytest

from hanse import PUBLIC, SIGNED_IN, Document, Html, Principal, Service, page, rpc
from hanse.runtime.errors import Internal, NotFound, Unavailable
from hanse.testing import World

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


class Careers(Service):
    @rpc("GET /careers/v1/count", allow=PUBLIC)
    async def count(self) -> int:
        return 1

    @page("/", allow=PUBLIC)
    async def home(self) -> Html:
        return Html("<h1>Home</h1>")

    @page("/careers/{job_id}", allow=PUBLIC)
    async def job(self, job_id: str, big: bool = False, tags: tuple[str, ...] = ()) -> Html:
        if job_id == "gone":
            raise NotFound(detail="<script>alert(1)</script>")
        if job_id == "crash":
            raise ValueError("secret-text")
        if job_id == "fault":
            raise Internal(detail="secret-path /srv/hanse")
        if job_id == "busy":
            raise Unavailable(detail="Later.", retry_after=9)
        if job_id == "odd":
            return "text"  # pyright: ignore[reportReturnType]  a wrong answer is what is tested
        return Html(f"<h1>{job_id} {big} {tags}</h1>")

    @page("/plain", allow=PUBLIC)
    def plain(self) -> Html:
        return Html("plain", status=404, policy="default-src\n 'none'", cache="public, max-age=60")

    @page("/kept", allow=PUBLIC)
    async def kept(self) -> Html:
        return Html("kept", cache="public, max-age=60")

    @page("/feed.xml", allow=PUBLIC)
    async def feed(self) -> Document:
        return Document("<rss>Öl</rss>", "application/rss+xml", cache="public, max-age=60")

    @page("/staff", allow=SIGNED_IN)
    async def staff(self) -> Html:
        return Html("staff")


async def test_a_page_is_html_with_a_policy():
    async with World(Careers) as world:
        home = await world.http().get("/")

    assert (home.status, home.text) == (200, "<h1>Home</h1>")
    assert home.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in home.headers["content-security-policy"]
    assert home.headers["x-content-type-options"] == "nosniff"


async def test_a_page_takes_arguments_of_path_and_query():
    async with World(Careers) as world:
        http = world.http()
        job = await http.get("/careers/7?big=true&tags=a&tags=b")
        wrong = await http.get("/careers/7?big=perhaps")

    assert job.text == "<h1>7 True ('a', 'b')</h1>"
    assert wrong.status == 400
    assert wrong.json["violations"][0]["field"] == "big"


async def test_a_page_passes_over_what_others_add_to_its_links():
    async with World(Careers) as world:
        job = await world.http().get("/careers/7?utm_source=news&utm_source=x&big=true&fbclid=1")

    assert (job.status, job.text) == (200, "<h1>7 True ()</h1>")


async def test_a_page_may_be_a_document_that_is_no_html():
    async with World(Careers) as world:
        feed = await world.http().get("/feed.xml")

    assert (feed.status, feed.text) == (200, "<rss>Öl</rss>")
    assert feed.headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert feed.headers["cache-control"] == "public, max-age=60"
    assert feed.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "given", [{"media_type": "text/html"}, {"media_type": "a/b\r\nx: y"}, {"media_type": "Text/Plain; q=1"},
              {"media_type": "text/css", "status": 100}, {"media_type": "text/css", "cache": "a\nb"}],
    ids=repr,
)  # fmt: skip
def test_a_document_that_would_break_a_header_or_is_a_page_is_refused_when_it_is_made(given):
    with pytest.raises(ValueError):
        Document("", **given)


async def test_a_page_may_be_a_plain_method_and_have_a_status_and_policy_of_its_own():
    async with World(Careers) as world:
        plain = await world.http().get("/plain")

    assert (plain.status, plain.text) == (404, "plain")
    assert plain.headers["content-security-policy"] == "default-src 'none'"


async def test_a_service_may_be_pages_alone():
    class Front(Service, package="front.v1"):
        @page("/", allow=PUBLIC)
        async def front(self) -> Html:
            return Html("Welcome")

    async with World(Front) as world:
        assert (await world.http().get("/")).text == "Welcome"
        assert (await world.http().get("/openapi.json")).status == 200


async def test_an_error_is_a_page_that_shows_nothing_of_ours(caplog):
    async with World(Careers) as world:
        http = world.http()
        gone, crash, fault, busy, odd = [
            await http.get(f"/careers/{name}", BROWSER)
            for name in ("gone", "crash", "fault", "busy", "odd")
        ]

    assert gone.status == 404
    assert "&lt;script&gt;" in gone.text
    assert "<script>" not in gone.text
    assert (crash.status, fault.status, odd.status) == (500, 500, 500)
    assert "secret" not in crash.text + fault.text
    assert "its log has the cause" in fault.text
    assert (busy.status, busy.headers["retry-after"]) == (503, "9")
    assert {answer.headers["content-type"] for answer in (gone, crash, busy, odd)} == {
        "text/html; charset=utf-8"
    }
    assert "secret-text" in caplog.text


@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/json", "text/html;q=0", "text/html; q = 0.00", "text/htmlx"]
)
async def test_a_program_gets_the_error_as_a_problem(accept):
    async with World(Careers) as world:
        gone = await world.http().get("/careers/gone", {"accept": accept} if accept else {})

    assert (gone.status, gone.headers["content-type"]) == (404, "application/problem+json")
    assert gone.json["code"] == "not_found"
    assert "accept" in gone.headers["vary"]


@pytest.mark.parametrize(
    "accept",
    ["text/html", "Text/HTML", "application/json, text/html;q=0.1", "application/xhtml+xml"],
)
async def test_who_accepts_html_gets_the_error_as_a_page_that_is_not_kept(accept):
    async with World(Careers) as world:
        gone = await world.http().get("/careers/gone", {"accept": accept})

    assert gone.headers["content-type"] == "text/html; charset=utf-8"
    assert (gone.headers["cache-control"], gone.headers["vary"]) == ("no-store", "accept")
    assert "script-src" not in gone.headers["content-security-policy"]
    assert "default-src 'none'" in gone.headers["content-security-policy"]


async def test_the_style_of_the_error_page_is_the_one_its_policy_lets_in():
    async with World(Careers) as world:
        gone = await world.http().get("/careers/gone", BROWSER)

    [style] = re.findall(r"<style>(.*)</style>", gone.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in gone.headers["content-security-policy"]


async def test_a_page_is_kept_by_nobody_unless_it_says_so():
    async with World(Careers) as world:
        home = await world.http().get("/")
        plain = await world.http().get("/plain")

    assert home.headers["cache-control"] == "no-store"
    assert plain.headers["cache-control"] == "public, max-age=60"


async def test_only_what_may_be_kept_has_a_tag_to_ask_by():
    async with World(Careers) as world:
        http = world.http()
        home = await http.get("/")
        kept = await http.get("/kept")
        again = await http.get("/kept", {"if-none-match": kept.headers["etag"]})

    assert "etag" not in home.headers
    assert (again.status, again.body) == (304, b"")


async def test_a_person_reads_that_there_is_no_such_page_or_verb():
    async with World(Careers) as world:
        http = world.http()
        nothing = await http.get("/nowhere", BROWSER)
        verb = await http.request("PUT", "/plain", headers=BROWSER)
        program = await http.request("PUT", "/plain")

    for answer, status in ((nothing, 404), (verb, 405)):
        assert (answer.status, answer.headers["content-type"]) == (
            status,
            "text/html; charset=utf-8",
        )
    assert verb.headers["allow"] == "GET, HEAD, OPTIONS"
    assert (program.status, program.json["code"]) == (405, "method_not_allowed")


ODD_HTML = {
    "status": {"status": 99},
    "status of another kind": {"status": 600},
    "policy": {"policy": "default-src 'self'\0"},
    "policy in words": {"policy": "alles erlaubt, außer …"},
    "cache": {"cache": "no-store\r\nset-cookie: a=b"},
}


@pytest.mark.parametrize("case", ODD_HTML)
def test_what_would_break_a_header_is_refused_when_it_is_made(case):
    with pytest.raises(ValueError, match="page"):
        Html("x", **ODD_HTML[case])


async def test_a_page_asks_who_calls():
    async with World(Careers) as world:
        assert (await world.http().get("/staff")).status == 401
        ada = Principal("member", "ada")
        assert (await world.http(ada).get("/staff")).text == "staff"


async def test_pages_are_no_part_of_the_contract():
    async with World(Careers) as world:
        document = (await world.http().get("/openapi.json")).json
        connect = await world.http().post("/careers.v1.Careers/Home", {})

    assert list(document["paths"]) == ["/careers/v1/count"]
    assert connect.status == 404
