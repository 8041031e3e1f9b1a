"""Pages: HTML for people, under the same checks as every call."""

from hanse import PUBLIC, SIGNED_IN, Html, Principal, Service, page, rpc
from hanse.runtime.errors import NotFound, Unavailable
from hanse.testing import World


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
        if job_id == "busy":
            raise Unavailable(detail="Later.", retry_after=9)
        if job_id == "odd":
            return "text"  # pyright: ignore[reportReturnType]  a wrong answer is what is tested
        return Html(f"<h1>{job_id} {big} {tags}</h1>")

    @page("/plain", allow=PUBLIC)
    def plain(self) -> Html:
        return Html("plain", status=404, policy="default-src 'none'")

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
        unknown = await http.get("/careers/7?bigg=true")

    assert job.text == "<h1>7 True ('a', 'b')</h1>"
    assert (wrong.status, unknown.status) == (400, 400)
    assert "`bigg`" in unknown.text


async def test_a_page_may_be_a_plain_method_and_have_a_status_and_policy_of_its_own():
    async with World(Careers) as world:
        plain = await world.http().get("/plain")

    assert (plain.status, plain.text) == (404, "plain")
    assert plain.headers["content-security-policy"] == "default-src 'none'"


async def test_an_error_is_a_page_that_shows_nothing_of_ours(caplog):
    async with World(Careers) as world:
        http = world.http()
        gone, crash, busy, odd = [
            await http.get(f"/careers/{name}") for name in ("gone", "crash", "busy", "odd")
        ]

    assert gone.status == 404
    assert "&lt;script&gt;" in gone.text
    assert "<script>" not in gone.text
    assert (crash.status, odd.status) == (500, 500)
    assert "secret" not in crash.text
    assert (busy.status, busy.headers["retry-after"]) == (503, "9")
    assert {answer.headers["content-type"] for answer in (gone, crash, busy, odd)} == {
        "text/html; charset=utf-8"
    }
    assert "secret-text" in caplog.text


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
