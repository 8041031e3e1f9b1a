"""Placing services: every one exactly once, and nothing the gateway could not tell apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.fleet.plan import PlanError, plan, split
from hanse.fleet.survey import ServiceSurvey
from hanse.runtime.project.placement_table import Group


def service(domain: str, name: str = "Service", *, internal: bool = False) -> ServiceSurvey:
    contract = f"{domain}.v1.{name}"
    segments = () if internal else (contract, domain)
    return ServiceSurvey(f"{domain}.service:{name}", contract, segments, pages=False)


CART, STOCK, ADS = service("cart"), service("stock"), service("ad")


def test_services_of_a_group_share_it() -> None:
    (group,) = plan([Group("shop", (CART.name, STOCK.name), 2)], [CART, STOCK])

    assert group.services == (CART.name, STOCK.name)
    assert group.contracts == ("cart.v1.Service", "stock.v1.Service")
    assert (group.name, group.replicas) == ("shop", 2)


def test_a_moved_service_gets_a_group_of_its_own() -> None:
    groups = plan(
        [Group("shop", (CART.name, STOCK.name))], [CART, STOCK], moved=["stock.v1.Service"]
    )

    assert [(group.name, group.services) for group in groups] == [
        ("shop", (CART.name,)),
        ("stock", (STOCK.name,)),
    ]


def test_the_only_service_of_a_group_is_alone_already() -> None:
    groups = plan([Group("shop", (CART.name,))], [CART], moved=["cart.v1.Service"])

    assert [group.name for group in groups] == ["shop"]


def test_a_group_splits_only_where_somebody_stays() -> None:
    (both,) = plan([Group("shop", (CART.name, STOCK.name), 2)], [CART, STOCK])

    rest, alone = split(both, "cart.v1.Service", ["shop", "cart"])
    assert (rest.name, rest.services, rest.replicas) == ("shop", (STOCK.name,), 2)
    assert (alone.name, alone.services, alone.replicas) == ("cart-2", (CART.name,), 2)
    assert split(alone, "cart.v1.Service", []) == (alone,)
    assert split(both, "ad.v1.Service", []) == (both,)


def test_services_below_one_segment_move_together() -> None:
    contacts = service("crm", "Contacts")
    deals = service("crm", "Deals")
    groups = plan(
        [Group("all", (contacts.name, CART.name, deals.name))],
        [contacts, CART, deals],
        moved=["crm.v1.Contacts"],
    )

    assert [group.services for group in groups] == [(CART.name,), (contacts.name, deals.name)]
    assert groups[1].units[0].segments == ("crm", "crm.v1.Contacts", "crm.v1.Deals")


def test_two_groups_below_one_segment_are_refused_by_name() -> None:
    contacts, deals = service("crm", "Contacts"), service("crm", "Deals")

    with pytest.raises(PlanError) as caught:
        plan([Group("one", (contacts.name,)), Group("two", (deals.name,))], [contacts, deals])

    (problem,) = caught.value.problems
    assert "crm.service:Contacts and crm.service:Deals both answer below /crm" in problem


domains = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=12)


@given(domains, st.data())
def test_every_service_is_placed_once_and_no_segment_is_served_by_two_units(
    domains: list[str], data: st.DataObject
) -> None:
    services = [
        service(domain, f"S{number}", internal=number % 3 == 0)
        for number, domain in enumerate(domains)
    ]
    group_of = {domain: data.draw(st.integers(0, 3)) for domain in sorted(set(domains))}
    wishes = [
        Group(
            f"g{number}",
            tuple(
                one.name
                for one, domain in zip(services, domains, strict=True)
                if group_of[domain] == number
            ),
        )
        for number in range(4)
    ]
    moved = data.draw(st.lists(st.sampled_from([one.contract for one in services])))

    groups = plan([wish for wish in wishes if wish.services], services, moved)

    placed = [name for group in groups for name in group.services]
    assert sorted(placed) == sorted(one.name for one in services)
    assert len({group.name for group in groups}) == len(groups)
    segments = [segment for group in groups for unit in group.units for segment in unit.segments]
    assert len(set(segments)) == len(segments)
