"""A form that is sent twice does its work once: by a hidden field, or by the header of a program."""

import asyncio
import re

import pytest

from hanse import (
    PUBLIC,
    Database,
    DeclarationError,
    File,
    Html,
    Redirect,
    Service,
    form,
    form_key,
    page,
)
from hanse.testing import World

MAKE = 'create table if not exists guest (site_id text collate "C", name text, bytes int)'
WRITE = "insert into guest values ('default', $1, $2)"
FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}


class Guests(Service):
    """Who was here."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.prepare(self._make)

    async def _make(self) -> None:
        await self._database.execute(MAKE)

    @page("/guests", allow=PUBLIC)
    async def show(self) -> Html:
        return Html(f'<input type="hidden" name="idempotency_key" value="{form_key()}">')

    @form("/guests", allow=PUBLIC)
    async def sign(self, name: str, slow: bool) -> Html | Redirect:  # noqa: FBT001  a box
        await self._database.execute(WRITE, name, 0)
        if slow:
            await self._database.fetch("select pg_sleep(0.3)")
        return Redirect(f"/guests?of={name}")

    @form("/guests/pictures", allow=PUBLIC)
    async def hang(self, name: str, picture: File) -> Html | Redirect:
        await self._database.execute(WRITE, name, picture.size)
        return Redirect("/guests")


@pytest.fixture
async def world():
    async with World(Guests) as one:
        yield one


async def names(world):
    return [row["name"] for row in await world.database.fetch("select name from guest order by 1")]


async def key_of(world):
    shown = await world.http().get("/guests", headers={"accept": "text/html"})
    return re.search(r'value="([^"]+)"', shown.text)[1]


def multipart(**fields):
    parts = [
        f'--cut\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        '--cut\r\ncontent-disposition: form-data; name="picture"; filename="a.txt"\r\n\r\na sea\r\n--cut--\r\n'
    )
    return "".join(parts).encode()


async def test_who_clicks_twice_is_answered_twice_and_counts_once(world):
    body = f"name=Ada&slow=on&idempotency_key={await key_of(world)}".encode()
    sent = await asyncio.gather(*(world.http().post("/guests", body, FORM) for _ in range(5)))
    assert [(one.status, one.headers["location"]) for one in sent] == [(303, "/guests?of=Ada")] * 5
    assert [one.headers.get("idempotent-replayed") for one in sent].count("true") == 4
    assert await names(world) == ["Ada"]


async def test_what_people_changed_is_another_request(world):
    key = await key_of(world)
    for name in ("Ada", "Eve", "Ada"):
        sent = await world.http().post(
            "/guests", f"idempotency_key={key}&name={name}".encode(), FORM
        )
        assert sent.headers["location"] == f"/guests?of={name}"
    assert await names(world) == ["Ada", "Eve"]


async def test_without_a_key_a_form_counts_as_often_as_it_is_sent(world):
    for body in (b"name=Ada", b"name=Ada", b"name=Ada&idempotency_key="):
        assert (await world.http().post("/guests", body, FORM)).status == 303
    assert await names(world) == ["Ada"] * 3


async def test_a_file_that_is_sent_again_is_the_same(world):
    kind = FORM | {"content-type": "multipart/form-data; boundary=cut"}
    body = multipart(name="Ada", idempotency_key=await key_of(world))
    sent = [await world.http().post("/guests/pictures", body, kind) for _ in range(2)]
    assert [one.status for one in sent] == [303, 303]
    assert await names(world) == ["Ada"]


async def test_a_program_may_send_the_header_with_the_meaning_that_it_has(world):
    keyed = FORM | {"idempotency-key": "k"}
    for _ in range(2):
        assert (await world.http().post("/guests", b"name=Ada", keyed)).status == 303
    assert (await world.http().post("/guests", b"name=Eve", keyed)).status == 422
    kind = keyed | {"content-type": "multipart/form-data; boundary=cut"}
    for _ in range(2):
        assert (
            await world.http().post("/guests/pictures", multipart(name="Kim"), kind)
        ).status == 303
    assert await names(world) == ["Ada", "Kim"]


@pytest.mark.parametrize("wrong", ["a&idempotency_key=b", "a%20b", "x" * 256])
async def test_what_is_no_key_is_refused(world, wrong):
    sent = await world.http().post("/guests", f"name=Ada&idempotency_key={wrong}".encode(), FORM)
    assert sent.status == 400
    assert await names(world) == []


async def test_a_host_that_keeps_nothing_takes_no_key():
    class Plain(Service):
        @form("/plain", allow=PUBLIC)
        async def send(self, name: str) -> Redirect:
            return Redirect("/plain")

    async with World(Plain) as world:
        sent = await world.http().post("/plain", b"name=Ada&idempotency_key=k", FORM)
        assert (sent.status, sent.json["code"]) == (400, "idempotency_key_refused")


def test_no_argument_is_called_like_the_field():
    with pytest.raises(DeclarationError, match="leave it out, or call the argument something else"):

        class Wrong(Service):
            @form("/wrong", allow=PUBLIC)
            async def send(self, idempotency_key: str) -> Redirect:
                return Redirect("/wrong")
