"""Every service is in exactly one group, and what cannot be placed is named with its line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.placement.host_limits import HostLimits
from hanse.runtime.project.placement_table import Group, GroupTable, PlacementTable, place
from hanse.runtime.project.project import ProjectError, read_project

HEAD = """[project]
name = "shop"
services = ["ad.service:Ads", "cart.service:CartLines", "mail.service:Ads", "pay.service:Payments"]
"""
ADS, CART, MAIL, PAY = (
    "ad.service:Ads", "cart.service:CartLines", "mail.service:Ads", "pay.service:Payments",
)  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def reading(text: str, environment: str = ""):
        (tmp_path / "hanse.toml").write_text(HEAD + text)
        return read_project(tmp_path, environment)

    return reading


@pytest.fixture
def problems(read):
    def of(text: str, environment: str = "") -> list[str]:
        with pytest.raises(ProjectError) as raised:
            read(text, environment)
        return list(raised.value.problems)

    return of


def test_who_says_nothing_has_one_group_with_one_host(read):
    assert read("").groups() == (Group("shop", (ADS, CART, MAIL, PAY), 1),)


def test_apart_gives_each_a_group_named_as_its_class(read):
    text = '[placement]\ndefault = "apart"\nreplicas = 3\n'

    assert read(text).groups() == (
        Group("ads", (ADS,), 3),
        Group("cart-lines", (CART,), 3),
        Group("ads-2", (MAIL,), 3),
        Group("payments", (PAY,), 3),
    )


def test_a_host_may_have_what_its_group_says_or_else_what_all_may(read):
    groups = (
        f'[placement]\nmemory_bytes = 512_000_000\n[placement.groups.pay]\nservices = ["{PAY}"]\n'
    )

    assert [one.limits for one in read(f"{groups}cpu = 1.5\n").groups()] == [
        HostLimits(512_000_000), HostLimits(512_000_000, 1.5),
    ]  # fmt: skip
    assert [one.limits.memory_bytes for one in read(f"{groups}memory_bytes = 64_000_000").groups()] == [
        512_000_000, 64_000_000,
    ]  # fmt: skip
    assert read("").groups()[0].limits == HostLimits()


@pytest.mark.parametrize(
    "text", ["memory_bytes = 512", 'memory_bytes = "512 MB"', "cpu = 0", "cpu = -1"]
)
def test_a_limit_that_nothing_can_run_in_is_refused(problems, text):
    [said] = problems(f"[placement]\n{text}\n")

    assert "64000000 bytes or more" in said or "0.05 to 1000 cores" in said


def test_a_group_stays_one_whatever_the_default(read):
    group = f'[placement.groups.checkout]\nservices = ["{PAY}", "{CART}"]\nreplicas = 2\n'

    together, apart = (
        read(f'[placement]\ndefault = "{word}"\n{group}').groups() for word in ("together", "apart")
    )

    assert together == (Group("shop", (ADS, MAIL), 1), Group("checkout", (CART, PAY), 2))
    assert apart == (
        Group("ads", (ADS,), 1), Group("checkout", (CART, PAY), 2), Group("ads-2", (MAIL,), 1),
    )  # fmt: skip


def test_one_line_or_one_environment_switches(read):
    text = '[placement]\ndefault = "together"\n[environments.wide.placement]\ndefault = "apart"\n'

    assert [len(read(text, environment).groups()) for environment in ("", "wide")] == [1, 4]


def test_a_name_that_a_group_has_is_not_given_again(read):
    text = f'[placement]\ndefault = "apart"\n[placement.groups.ads]\nservices = ["{PAY}"]\n'

    names = [(group.name, group.services) for group in read(text).groups()]

    assert names == [
        ("ads-2", (ADS,)),
        ("cart-lines", (CART,)),
        ("ads-3", (MAIL,)),
        ("ads", (PAY,)),
    ]


def test_what_cannot_be_placed_is_named_at_once_with_line_rule_and_remedy(problems):
    found = problems(
        "[placement]\n"
        'default = "alone"\n'
        "replicas = 65\n"
        '[placement.groups."Check Out"]\n'
        f'services = ["{PAY}"]\n'
        "[placement.groups.none]\n"
        "services = []\n"
        "replicas = 0\n"
        "[placement.groups.lost]\n"
        "replica = 1\n"
    )

    assert found == [
        (
            'hanse.toml:5: placement.default: "together" is one group for all services, "apart" a '
            "group for each of them."
        ),
        "hanse.toml:6: placement.replicas: 1 to 64 hosts, without quotes.",
        (
            'hanse.toml:7: placement.groups."Check Out": a name is lower-case words joined with - '
            "or _, like web-shop."
        ),
        'hanse.toml:10: placement.groups.none.services: list one at least, like ["greeter.service:Greeter"].',
        "hanse.toml:11: placement.groups.none.replicas: 1 to 64 hosts, without quotes.",
        (
            "hanse.toml:12: placement.groups.lost.services is missing: list one at least, like "
            '["greeter.service:Greeter"].'
        ),
        "hanse.toml:13: placement.groups.lost.replica is unknown; did you mean replicas?",
    ]


def test_services_that_are_not_there_or_in_two_groups_are_named(problems):
    found = problems(
        "[placement.groups.a]\n"
        f'services = ["{ADS}", "cart.service:CartLine"]\n'
        "[placement.groups.b]\n"
        f'services = ["{PAY}",\n  "{ADS}", "{PAY}"]\n'
    )

    assert found == [
        (
            "hanse.toml:5: placement.groups.a.services[1]: cart.service:CartLine is not in "
            f"project.services; did you mean {CART}?"
        ),
        f"hanse.toml:8: placement.groups.b.services[1]: {ADS} is in the group a too; take one away.",
        f"hanse.toml:8: placement.groups.b.services[2]: {PAY} is twice; take one away.",
    ]


def test_an_environment_is_placed_as_a_whole_and_found_wrong_at_its_own_line(problems, read):
    text = (
        f'[placement.groups.a]\nservices = ["{ADS}"]\n'
        f'[environments.wide.placement.groups.b]\nservices = ["{ADS}"]\n'
    )

    assert len(read(text).groups()) == 2
    assert problems(text, "wide") == [
        f"hanse.toml:7: placement.groups.b.services[0]: {ADS} is in the group a too; take one away."
    ]


def test_the_group_of_the_rest_has_the_projects_name_for_itself(problems, read):
    group = f'[placement.groups.shop]\nservices = ["{ADS}"]\n'

    assert problems(group) == [
        (
            "hanse.toml:4: placement.groups.shop: the services that no group names make up the "
            "group of this name; take another."
        )
    ]
    assert read(f'[placement]\ndefault = "apart"\n{group}').groups()[0] == Group("shop", (ADS,), 1)
    every = ", ".join(f'"{one}"' for one in (ADS, CART, MAIL, PAY))
    whole = read(f"[placement.groups.shop]\nservices = [{every}]\nreplicas = 2\n").groups()
    assert whole == (Group("shop", (ADS, CART, MAIL, PAY), 2),)


@pytest.mark.parametrize("services", ["1", '["a.b:C", 1]', '{ a = "b" }'])
def test_a_list_of_services_that_is_none_is_one_mistake(tmp_path, services):
    (tmp_path / "hanse.toml").write_text(
        f'[project]\nname = "shop"\nservices = {services}\n'
        '[placement.groups.a]\nservices = ["a.b:C"]\n'
    )
    with pytest.raises(ProjectError) as raised:
        read_project(tmp_path)
    assert len(raised.value.problems) == 1


words = st.from_regex(r"[A-Za-z_][A-Za-z_0-9é]{0,70}", fullmatch=True)
services_ = st.lists(
    st.builds("{}.{}:{}".format, words, words, words), min_size=1, max_size=12, unique=True
)
names = st.from_regex(r"[a-z][a-z0-9]{0,3}(-[a-z0-9]{1,2})?", fullmatch=True)


@st.composite
def placements(draw):
    services = draw(services_)
    groups = {}
    left = list(services)
    for name in draw(st.lists(names, max_size=4, unique=True)):
        inside = draw(st.lists(st.sampled_from(left), unique=True)) if left else []
        if inside:
            groups[name] = GroupTable(
                services=tuple(inside), replicas=draw(st.none() | st.integers(1, 64))
            )
            left = [one for one in left if one not in inside]
    default = draw(st.sampled_from(["together", "apart"]))
    return services, PlacementTable(
        default=default, replicas=draw(st.integers(1, 64)), groups=groups
    )


@given(placements())
def test_every_service_is_in_exactly_one_group_whose_name_no_other_has(made):
    services, table = made

    groups = place("the-project", services, table)

    placed = [service for group in groups for service in group.services]
    assert sorted(placed) == sorted(services)
    group_names = [group.name for group in groups]
    assert len(set(group_names)) == len(group_names)
    for group in groups:
        assert list(group.services) == [one for one in services if one in group.services]
        assert re.fullmatch(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*", group.name), group.name
        assert len(group.name) <= 60
        wished = table.groups.get(group.name)
        assert group.replicas == ((wished and wished.replicas) or table.replicas)
        if wished:
            assert set(group.services) == set(wished.services)
    assert place("the-project", services, table) == groups
