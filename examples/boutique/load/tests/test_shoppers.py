"""Shoppers in the real shop are content; in one that lies they notice each lie."""

import asyncio
import json
import re
import sys
from contextlib import asynccontextmanager
from inspect import isawaitable
from random import Random
from time import perf_counter

import pytest
from boutique_load.channel import shop_at
from boutique_load.loops import OpenLoop, closed_loop
from boutique_load.shopper import MIX, REQUESTS_A_TASK, Shopper
from boutique_load.tally import Tally
from boutique_load.truth import read_truth

from examples.boutique.storefront.tests.shop_world import opened

TASKS = ("home", "currency", "browse", "add", "basket", "checkout")


async def answer_one(reader, writer, shop, change):
    """Passes one request on to the shop, and its answer back, changed."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    body = await reader.readexactly(int(length[1])) if length else b""
    to = shop_at(shop.url)
    shop_reader, shop_writer = await asyncio.open_connection(to.host, to.port)
    shop_writer.write(head.replace(b"\r\n", b"\r\nconnection: close\r\n", 1) + body)
    answer = await shop_reader.read(-1)
    shop_writer.close()
    changed = change(head.split(b" ")[1].decode(), answer)
    answer = await changed if isawaitable(changed) else changed
    answer_head, _, answer_body = answer.partition(b"\r\n\r\n")
    kept = [
        line
        for line in answer_head.split(b"\r\n")
        if not line.lower().startswith((b"content-length", b"connection"))
    ]
    writer.write(
        b"\r\n".join([*kept, b"content-length: %d" % len(answer_body)]) + b"\r\n\r\n" + answer_body
    )


@asynccontextmanager
async def liar(shop, change):
    """A storefront that says everything the shop says, but for what `change` makes of it."""

    async def serve(reader, writer):
        try:
            while True:
                await answer_one(reader, writer, shop, change)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def shopper(url, tally, seed=1):
    return Shopper(shop_at(url), read_truth(), Random(seed), tally)


async def shop_often(url, tasks=60, seed=1):
    tally = Tally()
    one = shopper(url, tally, seed)
    for _ in range(tasks):
        await one.shop()
    one.close()
    return tally


async def test_in_the_real_shop_everything_is_right(apart):
    async with opened(apart=apart) as shop:
        tally = await shop_often(shop.url, tasks=120)

    assert (tally.wrong, tally.failed, dict(tally.sentences)) == (0, 0, {})
    assert set(tally.tasks) == set(TASKS)
    assert tally.requests.count > 120


def body(old, new):
    """A lie in the text of pages."""

    def change(_path, answer):
        return re.sub(old, new, answer, flags=re.DOTALL)

    return change


def on(path, old, new):
    """A lie on pages below a path."""

    def change(asked, answer):
        return re.sub(old, new, answer, flags=re.DOTALL) if asked.startswith(path) else answer

    return change


LIES = {
    "a wrong price on a product's page": on("/products", rb'(<h1>.*?value="\w+ )', rb"\g<1>1"),
    "a wrong name on a product's page": on("/products", rb"<h1>", rb"<h1>Fine "),
    "another product's page": on(
        "/products", rb'<article class="product" data-product="', rb"\g<0>x-"
    ),
    "a wrong price on the front": body(
        rb'(<li class="card" data-product="tea-caddy">.*?value="\w+ )', rb"\g<1>1"
    ),
    "a product missing on the front": body(rb'<li class="card" data-product="tea-caddy">', b"<li>"),
    "another currency": body(rb'data-currency="\w+"', b'data-currency="ISK"'),
    "prices in another currency": body(rb'value="(USD|EUR|GBP|JPY|CAD|TRY) ', b'value="ISK '),
    "a basket that forgets to count": body(rb'data-basket="\d+"', b'data-basket="0"'),
    "a basket that lost an item": on(
        "/basket", rb'<li data-product="[^"]+" data-quantity="\d+">.*?</li>', b""
    ),
    "a basket that holds more": on("/basket", rb'data-quantity="(\d+)"', rb'data-quantity="1\1"'),
    "a line that does not multiply": on(
        "/basket", rb'(</span></div>\s*<data class="price" value="\w+ )', rb"\g<1>1"
    ),
    "shipping that costs more": body(
        rb'(data-sum="shipping"><dt>[^<]*</dt><dd><data class="price" value="\w+ )', rb"\g<1>1"
    ),
    "a total that does not add up": body(
        rb'(data-sum="total"><dt>[^<]*</dt><dd><data class="price" value="\w+ )', rb"\g<1>1"
    ),
    "an order of somebody else": on("/orders/", rb'data-order="', b'data-order="x'),
    "an order with other things": on(
        "/orders/", rb'data-quantity="(\d+)"', rb'data-quantity="1\1"'
    ),
    "a page that is not there": on("/products", rb"HTTP/1.1 200 OK", b"HTTP/1.1 404 Not Found"),
    "a page instead of a redirect": on("/basket", rb"HTTP/1.1 303 See Other", b"HTTP/1.1 200 OK"),
    "a redirect elsewhere": body(rb"location: /\S*", b"location: /elsewhere"),
    "something else altogether": on("/products", rb"\r\n\r\n.*", b"\r\n\r\nIt works!"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_each_lie_is_noticed_and_is_no_mere_failure(shop, lie):
    async with liar(shop, LIES[lie]) as url:
        tally = await shop_often(url)

    assert tally.wrong > 0
    assert tally.failed == 0
    assert tally.sentences.total() == tally.wrong


async def test_the_go_between_alone_makes_no_answer_wrong(shop):
    async with liar(shop, lambda _, answer: answer) as url:
        tally = await shop_often(url)
    assert (tally.wrong, tally.failed) == (0, 0)


async def test_a_shop_that_says_it_rests_has_failed_and_is_not_wrong(shop):
    resting = on("/", rb"HTTP/1.1 \d+ [\w ]+", b"HTTP/1.1 503 Service Unavailable")
    async with liar(shop, resting) as url:
        tally = await shop_often(url, tasks=10)

    assert (tally.wrong, tally.failed) == (0, 10)
    assert not tally.tasks


async def test_where_nobody_answers_everything_has_failed():
    tally = await shop_often("http://127.0.0.1:9", tasks=3)
    assert (tally.wrong, tally.failed, tally.requests.count) == (0, 3, 0)


async def test_after_a_lie_the_shopper_comes_again_as_somebody_new_and_is_content(shop):
    lies = iter([True])

    def once(path, answer):
        return (
            answer.replace(b'data-quantity="', b'data-quantity="1')
            if path == "/basket" and b"200 OK" in answer and next(lies, False)
            else answer
        )

    async with liar(shop, once) as url:
        tally = await shop_often(url, tasks=80)
    assert tally.wrong <= 1
    assert tally.failed == 0


async def test_several_shoppers_go_on_until_the_end_is_near(shop):
    tally = Tally()
    shoppers = [shopper(shop.url, tally, seed) for seed in range(4)]
    end = perf_counter() + 0.5
    await closed_loop(shoppers, end)
    for each in shoppers:
        each.close()

    assert perf_counter() >= end
    assert tally.requests.count > 4
    assert (tally.wrong, tally.failed) == (0, 0)


async def test_on_a_schedule_as_many_tasks_are_done_as_fell_due(shop):
    tally = Tally()
    shoppers = [shopper(shop.url, tally, seed) for seed in range(4)]
    await OpenLoop(shoppers, rate=30 * REQUESTS_A_TASK, tally=tally).run(perf_counter(), 1.0)
    for each in shoppers:
        each.close()

    assert sum(times.count for times in tally.tasks.values()) == 30
    assert (tally.wrong, tally.failed, tally.unserved) == (0, 0, 0)


async def test_what_a_slow_shop_holds_up_counts_from_when_it_was_due(shop):
    """One shopper, and a shop that once says nothing for 0.4 s: all that fell due meanwhile is late."""
    stalls, stall = iter([True]), 0.4

    async def slow(_path, answer):
        if next(stalls, False):
            await asyncio.sleep(stall)  # it is the shop that waits, not the test
        return answer

    async with liar(shop, slow) as url:
        tally = Tally()
        one = shopper(url, tally)
        await OpenLoop([one], rate=20 * REQUESTS_A_TASK, tally=tally).run(perf_counter(), 1.0)
        one.close()

    assert tally.requests.longest >= stall
    assert sum(times.count for times in tally.tasks.values()) == 20
    assert tally.requests.quantile(0.9) > stall / 4


def test_the_mix_is_the_published_one():
    assert MIX == {"home": 1, "currency": 2, "browse": 10, "add": 2, "basket": 3, "checkout": 1}
    assert pytest.approx(29 / 19) == REQUESTS_A_TASK


async def command(*arguments):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "boutique_load", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize(
    "more", [(), ("--rate", "60"), ("--processes", "2")], ids=["closed", "open", "two"]
)
async def test_the_command_reports_for_programs(shop, more):
    code, out, err = await command(shop.url, "--users", "2", "--seconds", "1", "--json", *more)

    report = json.loads(out)
    assert (code, err) == (0, "")
    assert (report["wrong"], report["failed"]) == (0, 0)
    assert report["requests"] > 0
    assert 0 < report["p50_ms"] <= report["p90_ms"] <= report["p99_ms"] <= report["max_ms"]


async def test_the_command_fails_where_the_shop_lies(shop):
    async with liar(shop, LIES["a total that does not add up"]) as url:
        code, out, _ = await command(url, "--users", "1", "--seconds", "1")
    assert code == 1
    assert "not the price of everything" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("ftp://x",), "is no address of a shop"),
        (("http://x", "--users", "0"), "0 is not 1 to 10000"),
        (("http://x", "--seconds", "x"), "invalid"),
        (("https://x", "--ca", "/nowhere"), "No such file"),
    ],
)
async def test_the_command_says_what_it_cannot_do(arguments, says):
    code, _, err = await command(*arguments)
    assert code != 0
    assert says in err
    assert "Traceback" not in err
