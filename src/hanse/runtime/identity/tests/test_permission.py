"""Rules: who may call."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.runtime.errors import PermissionDenied, Unauthenticated
from hanse.runtime.identity.permission import PUBLIC, SIGNED_IN, Rule, kind, permission
from hanse.runtime.identity.principal import VISITOR, Principal

READER = Principal("member", "u-1", frozenset({"crm.contacts.read"}))
STAFF = Principal("staff", "s-1")
SERVICE = Principal("service", "billing")
APP = Principal("app", "a-1")
MEMBER = Principal("member", "u-2")
EVERYBODY = (VISITOR, READER, STAFF, SERVICE, APP, MEMBER)

NAMES = st.sampled_from(["crm.contacts.read", "crm.contacts.write", "billing.admin"])
KINDS = st.sampled_from(["member", "staff", "app", "service"])
ATOMS = st.one_of(
    st.just(PUBLIC), st.just(SIGNED_IN), st.just(Rule()), KINDS.map(kind), NAMES.map(permission)
)
PRINCIPALS = st.builds(
    Principal,
    kind=st.sampled_from(["visitor", "member", "staff", "app", "service"]),
    id=st.just("x"),
    permissions=st.frozensets(NAMES),
)


@pytest.mark.parametrize(
    ("rule", "text", "allowed"),
    [
        (Rule(), "nobody", ()),
        (PUBLIC, "public", EVERYBODY),
        (SIGNED_IN, "signed_in", EVERYBODY[1:]),
        (kind("staff"), "kind:staff", (STAFF,)),
        (kind("staff", "service"), "kind:service | kind:staff", (STAFF, SERVICE)),
        (permission("crm.contacts.read"), "crm.contacts.read", (READER,)),
        (
            permission("crm.contacts.read") | kind("service"),
            "kind:service | crm.contacts.read",
            (READER, SERVICE),
        ),
        (PUBLIC | permission("crm.contacts.read"), "public", EVERYBODY),
        (SIGNED_IN | permission("crm.contacts.read"), "signed_in", EVERYBODY[1:]),
    ],
)
def test_a_rule_allows_whom_it_says(rule, text, allowed):
    assert str(rule) == text
    assert tuple(p for p in EVERYBODY if rule.allows(p)) == allowed


def test_a_visitors_permissions_do_not_count():
    forged = Principal("visitor", "", frozenset({"crm.contacts.read"}))
    assert not permission("crm.contacts.read").allows(forged)


def test_a_longer_permission_is_not_a_shorter_one():
    almost = Principal("member", "u-1", frozenset({"crm.contacts", "crm.contacts.read.all", "*"}))
    assert not permission("crm.contacts.read").allows(almost)


def test_a_visitor_is_asked_to_sign_in():
    with pytest.raises(Unauthenticated, match=r"crm\.contacts\.read"):
        permission("crm.contacts.read").check(VISITOR)


def test_a_known_caller_is_told_the_permission():
    with pytest.raises(PermissionDenied, match=r"kind:service \| crm\.contacts\.read"):
        (permission("crm.contacts.read") | kind("service")).check(STAFF)


def test_a_rule_of_kinds_says_which():
    with pytest.raises(Unauthenticated, match="kind:staff"):
        kind("staff").check(VISITOR)
    with pytest.raises(PermissionDenied, match="kind:staff"):
        kind("staff").check(MEMBER)


@pytest.mark.parametrize("rule", [PUBLIC, SIGNED_IN])
def test_a_permission_adds_nothing_where_everybody_may_call(rule):
    assert rule | permission("crm.contacts.read") == rule
    assert permission("crm.contacts.read") | rule == rule


def test_a_name_of_a_hundred_characters_is_the_longest():
    permission("a." + "b" * 98)


@pytest.mark.parametrize("principal", EVERYBODY)
def test_without_a_rule_nobody_may_call_and_signing_in_is_not_suggested(principal):
    with pytest.raises(PermissionDenied, match="Nobody"):
        Rule().check(principal)


def test_who_is_allowed_passes_the_check():
    permission("crm.contacts.read").check(READER)
    PUBLIC.check(VISITOR)


@pytest.mark.parametrize(
    "name",
    ["", "crm", "Crm.contacts", "crm..read", ".crm.read", "crm.read.", "crm.read\n", "crm read.x",
     "crm.1read", "crm.contacts.*", "crm.contäcts", "a." + "b" * 99],
)  # fmt: skip
def test_a_name_that_breaks_the_rule_is_refused_at_declaration(name):
    with pytest.raises(ValueError, match=r"like crm\.contacts\.read"):
        permission(name)


@pytest.mark.parametrize("kinds", [(), ("visitor",), ("staff", "root")])
def test_kinds_that_make_no_rule_are_refused_at_declaration(kinds):
    with pytest.raises(ValueError, match="kind"):
        kind(*kinds)


@given(a=ATOMS, b=ATOMS, principal=PRINCIPALS)
def test_or_allows_whom_either_allows(a, b, principal):
    assert (a | b).allows(principal) == (a.allows(principal) or b.allows(principal))


@given(a=ATOMS, b=ATOMS, c=ATOMS)
def test_rules_that_are_combined_alike_are_equal_and_read_alike(a, b, c):
    left, right = (a | b) | c, c | (b | a) | a
    assert left == right
    assert hash(left) == hash(right)
    assert str(left) == str(right)
