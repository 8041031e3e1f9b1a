"""Site, principal, locale, trace and caller are the same on both sides of a call."""

import pytest
from msgspec.structs import replace

from hanse import Principal, current
from hanse.runtime.call.context import running
from hanse.testing import acting

ADA = Principal("member", "ada", frozenset({"a.b", "c.d"}))


async def test_the_whole_context_arrives(placed):
    with acting(ADA, site="äcme\n", locale="de-CH") as context:
        seen = await placed.stock.whose()

    assert seen == (
        "äcme\n", "member", "ada", "a.b,c.d", "de-CH", context.trace_id, "host", "",
    )  # fmt: skip


async def test_a_nested_call_is_for_the_same_people_and_names_its_caller(placed):
    with acting(ADA, site="acme") as context:
        outer, inner = await placed.shop.whose()

    assert outer[:6] == inner[:6] == ("acme", "member", "ada", "a.b,c.d", "en", context.trace_id)
    assert (outer[6], inner[6]) == ("host", "shop.v1.Shop")


async def test_what_a_call_is_made_for_is_known_over_all_hops(placed):
    with acting(ADA):
        running.get().origin = replace(running.get().origin, cause="an event")
        outer, inner = await placed.shop.whose()

    assert (outer[7], inner[7]) == ("an event", "an event")


async def test_without_anybody_a_service_acts_on_its_own_account(placed):
    site, kind, identity, *_, caller, _ = await placed.stock.whose()

    assert (site, kind, identity, caller) == ("default", "service", "host", "host")


async def test_the_context_is_seen_inside_a_generator_at_every_step(placed):
    with acting(ADA, site="acme"):
        items = [item async for item in placed.stock.whose_items()]

    assert [item[:3] for item in items] == [("acme", "member", "ada")] * 2


async def test_between_the_steps_of_a_stream_the_consumer_has_its_own_context(placed):
    with acting(ADA, site="acme"):
        async for _ in placed.stock.whose_items():
            assert current().caller == ""


async def test_after_a_call_that_was_refused_the_callers_context_is_its_own(placed):
    with acting(ADA) as context:
        for call in (placed.stock.write, placed.stock.put):
            with pytest.raises(Exception, match=r"\w"):
                await call(None)
            assert current() == context


async def test_a_trace_links_parent_and_child(placed):
    with acting(ADA, site="acme") as context:
        await placed.shop.order("apple")

    spans = placed.spans()
    assert {span.trace_id for span in spans} == {context.trace_id}
    assert {span.code for span in spans} == {""}
    by_id = {span.span_id: span for span in spans}
    [put] = [one for one in spans if one.name == "stock.v1.Stock/Put" and one.kind == "server"]
    path = [put]
    while path[-1].parent_id in by_id:
        path.append(by_id[path[-1].parent_id])
    assert path[-1].name == "shop.v1.Shop/Order"
    assert path[-1].parent_id == context.span_id
    assert (put.service, put.site, put.principal_kind) == ("stock.v1.Stock", "acme", "member")
    # Apart there is a client span in between, and nothing else is different.
    assert [one.kind for one in path] in (["server"] * 2, ["server", "client", "server"])


async def test_a_failed_call_is_a_span_although_its_trace_is_not_sampled(placed):
    with pytest.raises(Exception, match="Later"):
        await placed.stock.fail("kind")

    codes = {(span.name, span.code) for span in placed.spans()}
    assert codes == {("stock.v1.Stock/Fail", "unavailable")}


async def test_a_call_that_went_well_is_counted_and_timed(placed):
    await placed.stock.put("apple")
    await placed.stock.put("apple")

    assert placed.counted("Put") == {"": 2}
    assert placed.callee.metrics.of("stock.v1.Stock", "Put").latency.count == 2
    # Calls a host makes to another have names of their own: no server waits for them here.
    made = 'rpc_client_requests_total{rpc_service="stock.v1.Stock",rpc_method="Put",code="ok"} 2'
    apart = placed.caller is not placed.callee
    assert (made in placed.caller.metrics.prometheus()) == apart
    assert (
        'rpc_server_requests_total{rpc_service="stock' in placed.caller.metrics.prometheus()
    ) != apart
