"""What an Envoy is sent follows from what it has: nothing twice, in an order that breaks nothing."""

import subprocess
import sys

import msgspec
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st

from hanse.fleet.gateway import xds
from hanse.fleet.gateway.ads.stream import CHUNK, ORDER, Stream
from hanse.fleet.gateway.picture import (
    Certificate,
    Endpoint,
    Part,
    Picture,
    RegionalIdentity,
    Upstream,
)
from hanse.fleet.gateway.resources import Resources, Snapshot
from hanse.fleet.gateway.settings import GatewaySettings
from hanse.fleet.gateway.shares import WHOLE, part_name
from hanse.fleet.gateway.xds import Answer, Ask

TOLD = GatewaySettings(tls_port=None)


def ask(
    kind: str, nonce: str = "", error: str = "", subscribe=(), unsubscribe=(), held=None
) -> Ask:
    return Ask(kind, nonce, error, tuple(subscribe), tuple(unsubscribe), held or {})


class Client:
    """Does with answers what Envoy does: takes them, and asks for what they make it need."""

    def __init__(self, stream: Stream, held: dict[str, dict[str, str]] | None = None) -> None:
        self.stream = stream
        self.has: dict[str, dict[str, str]] = held or {kind: {} for kind in ORDER}
        self._warming: list[Answer] = []
        self.stream.hear(ask(xds.RUNTIME, subscribe=["shares"], held=self.has[xds.RUNTIME]))
        for kind in (xds.CLUSTERS, xds.LISTENERS):
            self.stream.hear(ask(kind, held=self.has[kind]))
        if held:
            for kind in (xds.ASSIGNMENTS, xds.ROUTES):
                self.stream.hear(ask(kind, subscribe=self.has[kind], held=self.has[kind]))

    def settle(self, target: Snapshot) -> list[Answer]:
        """Takes answers until there are none; returns them."""
        taken: list[Answer] = []
        for _ in range(100):
            answers = self.stream.answers(target)
            if not answers:
                assert self.stream.settled(target)
                return taken
            for answer in answers:
                taken.append(answer)
                self._take(answer)
        raise AssertionError("it never ends")

    def _take(self, answer: Answer) -> None:
        has = self.has[answer.type]
        has |= {name: one.version for name, one in answer.resources.items()}
        if answer.type == xds.CLUSTERS:
            new = [name for name in answer.resources if name not in self.has[xds.ASSIGNMENTS]]
            if new:
                self.stream.hear(ask(xds.ASSIGNMENTS, subscribe=new))
            if answer.removed:
                self.stream.hear(ask(xds.ASSIGNMENTS, unsubscribe=answer.removed))
        if answer.type == xds.LISTENERS and not self.has[xds.ROUTES]:
            self.stream.hear(ask(xds.ROUTES, subscribe=["hanse"]))
        for name in answer.removed:
            has.pop(name, None)
        self._warming.append(answer)
        for one in [one for one in self._warming if self._is_warm(one)]:
            self._warming.remove(one)
            self.stream.hear(ask(one.type, nonce=one.nonce))

    def _is_warm(self, answer: Answer) -> bool:
        return (
            answer.type != xds.CLUSTERS
            or answer.resources.keys() <= self.has[xds.ASSIGNMENTS].keys()
        )


def picture(*services: str, weight: int = 1) -> Picture:
    return Picture(
        tuple(Upstream(name, (name,), (Endpoint(f"{name}.gate", weight),)) for name in services)
    )


def versions(target: Snapshot) -> dict[str, dict[str, str]]:
    return {
        kind: {name: one.version for name, one in target.get(kind, {}).items()} for kind in ORDER
    }


def test_new_envoy_gets_all_in_order() -> None:
    # given
    target = Resources(TOLD).of(picture("a", "b"))
    # when
    sent = Client(Stream()).settle(target)
    # then
    assert [answer.type for answer in sent] == [
        xds.CLUSTERS,
        xds.ASSIGNMENTS,
        xds.LISTENERS,
        xds.ROUTES,
        xds.RUNTIME,
    ]


def test_only_what_changed_travels() -> None:
    # given
    resources = Resources(TOLD)
    client = Client(Stream())
    client.settle(resources.of(picture("a", "b")))
    # when
    sent = client.settle(resources.of(picture("a", "b", weight=2)))
    again = client.settle(resources.of(picture("a", "b", weight=2)))
    # then
    assert [(answer.type, sorted(answer.resources)) for answer in sent] == [
        (xds.ASSIGNMENTS, ["a", "b"])
    ]
    assert again == []


def test_weight_shift_is_small() -> None:
    # given
    resources = Resources(TOLD)
    many = [f"service{number}.v1.Service" for number in range(100)]
    client = Client(Stream())
    client.settle(resources.of(picture(*many)))
    shifted = picture(*many)
    first = Upstream(
        many[0],
        (many[0],),
        tuple(Endpoint(f".hanse/up/hosts/{many[0]}-{n}.gate", n + 1) for n in range(38)),
    )
    # when
    sent = client.settle(resources.of(Picture((first, *shifted.upstreams[1:]))))
    # then
    assert len(sent) == 1
    assert len(xds.write_answer(sent[0])) < 10_000


def test_what_is_gone_is_removed_last_and_what_points_to_it_first() -> None:
    # given
    resources = Resources(TOLD)
    client = Client(Stream())
    client.settle(resources.of(picture("a", "b")))
    # when
    sent = client.settle(resources.of(picture("b", "c")))
    # then
    kinds = [(answer.type, tuple(answer.resources), answer.removed) for answer in sent]
    assert kinds == [
        (xds.CLUSTERS, ("c",), ()), (xds.ASSIGNMENTS, ("c",), ()), (xds.ROUTES, ("hanse",), ()),
        (xds.ASSIGNMENTS, (), ("a",)), (xds.CLUSTERS, (), ("a",)),
    ]  # fmt: skip


def test_envoy_that_comes_back_gets_only_what_it_has_not() -> None:
    # given
    before = Resources(TOLD).of(picture("a", "b"))
    # when: another process, which knows nothing but the same picture
    same = Client(Stream(), held=versions(before)).settle(Resources(TOLD).of(picture("a", "b")))
    moved = Client(Stream(), held=versions(before)).settle(
        Resources(TOLD).of(picture("a", "b", weight=3))
    )
    fewer = Client(Stream(), held=versions(before)).settle(Resources(TOLD).of(picture("b")))
    # then
    assert same == []
    assert {answer.type for answer in moved} == {xds.ASSIGNMENTS}
    assert [answer.removed for answer in fewer if answer.removed] == [("a",), ("a",)]


def test_changed_cluster_is_followed_by_its_assignment() -> None:
    # given
    before = Resources(TOLD).of(picture("a", "b"))
    other = GatewaySettings(tls_port=None, requests=5)
    # when
    sent = Client(Stream(), held=versions(before)).settle(Resources(other).of(picture("a", "b")))
    # then
    assert [(answer.type, sorted(answer.resources)) for answer in sent[:2]] == [
        (xds.CLUSTERS, ["a", "b"]), (xds.ASSIGNMENTS, ["a", "b"]),
    ]  # fmt: skip


def test_changed_cluster_is_followed_by_its_assignment_though_that_is_asked_for_later() -> None:
    # given
    before = Resources(TOLD).of(picture("a"))
    target = Resources(GatewaySettings(tls_port=None, requests=5)).of(picture("a"))
    held = versions(before)
    stream = Stream()
    # when
    stream.hear(ask(xds.CLUSTERS, held=held[xds.CLUSTERS]))
    first = stream.answers(target)
    stream.hear(ask(xds.ASSIGNMENTS, subscribe=["a"], held=held[xds.ASSIGNMENTS]))
    second = stream.answers(target)
    # then
    assert [answer.type for answer in (*first, *second)] == [xds.CLUSTERS, xds.ASSIGNMENTS]


def test_nothing_is_sent_before_what_it_needs_is_taken() -> None:
    # given
    resources = Resources(TOLD)
    client = Client(Stream())
    client.settle(resources.of(picture("a")))
    target = resources.of(picture("a", "b"))
    # when
    (clusters,) = client.stream.answers(target)
    # then
    assert clusters.type == xds.CLUSTERS
    assert client.stream.answers(target) == []
    client.stream.hear(ask(xds.ASSIGNMENTS, subscribe=["b"]))
    (assignment,) = client.stream.answers(target)
    client.stream.hear(ask(xds.ASSIGNMENTS, nonce=assignment.nonce))
    assert client.stream.answers(target) == []  # the routes wait for the cluster
    client.stream.hear(ask(xds.CLUSTERS, nonce=clusters.nonce))
    assert [answer.type for answer in client.stream.answers(target)] == [xds.ROUTES]


def test_what_clusters_wait_for_is_told_while_they_are_unanswered() -> None:
    # given
    shown = RegionalIdentity(Certificate("chain", "key"), "roots", "shop")
    target = Resources(TOLD).of(msgspec.structs.replace(picture("a"), identity=shown))
    stream = Stream()
    stream.hear(ask(xds.CLUSTERS))
    assert [answer.type for answer in stream.answers(target)] == [xds.CLUSTERS]
    # when
    stream.hear(ask(xds.ASSIGNMENTS, subscribe=["a"]))
    stream.hear(ask(xds.SECRETS, subscribe=["hanse.identity", "hanse.trusted"]))
    # then
    told = {answer.type: set(answer.resources) for answer in stream.answers(target)}
    assert told == {xds.ASSIGNMENTS: {"a"}, xds.SECRETS: {"hanse.identity", "hanse.trusted"}}


def test_another_process_tells_the_same_by_the_same_versions() -> None:
    """Else an Envoy would be told of other listeners after each restart, and drain what is open."""
    told = Resources(GatewaySettings()).of(picture("a"))
    code = (
        "from hanse.fleet.gateway.tests.test_stream import *; "
        "told = Resources(GatewaySettings()).of(picture('a')); print(versions(told))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert other.stdout.strip() == str(versions(told))


def test_messages_are_bounded() -> None:
    target = Resources(TOLD).of(picture(*(f"s{number}" for number in range(CHUNK * 2 + 1))))
    sent = Client(Stream()).settle(target)
    clusters = [len(answer.resources) for answer in sent if answer.type == xds.CLUSTERS]
    assert clusters == [CHUNK, CHUNK, 1]
    assert max(len(answer.resources) for answer in sent) == CHUNK


def test_next_clusters_wait_for_the_assignments_of_the_last() -> None:
    # given
    target = Resources(TOLD).of(picture(*(f"s{number}" for number in range(CHUNK * 3))))
    # when
    sent = Client(Stream()).settle(target)
    # then
    assert [answer.type for answer in sent[:6]] == [xds.CLUSTERS, xds.ASSIGNMENTS] * 3


def test_what_is_refused_is_not_sent_again_until_it_changes_or_is_tried_anew() -> None:
    # given
    resources = Resources(TOLD)
    client = Client(Stream())
    client.settle(resources.of(picture("a")))
    bad = resources.of(picture("a", weight=7))
    # when
    (answer,) = client.stream.answers(bad)
    refusal = client.stream.hear(ask(xds.ASSIGNMENTS, nonce=answer.nonce, error="no"))
    # then
    assert refusal is not None
    assert (str(refusal), refusal.kind, refusal.names) == ("no", xds.ASSIGNMENTS, ("a",))
    assert client.stream.answers(bad) == []
    client.stream.refuses_nothing()
    assert len(client.stream.answers(bad)) == 1


def test_after_a_refusal_what_stood_before_is_sent_again() -> None:
    # given
    resources = Resources(TOLD)
    client = Client(Stream())
    good = resources.of(picture("a"))
    client.settle(good)
    (answer,) = client.stream.answers(resources.of(picture("a", weight=7)))
    client.stream.hear(ask(xds.ASSIGNMENTS, nonce=answer.nonce, error="no"))
    # when
    sent = client.settle(good)
    # then: the Envoy may have taken part of what it refused
    assert [(one.type, tuple(one.resources)) for one in sent] == [(xds.ASSIGNMENTS, ("a",))]


def test_asking_again_is_answered_again() -> None:
    client = Client(Stream())
    target = Resources(TOLD).of(picture("a"))
    client.settle(target)
    client.stream.hear(ask(xds.ASSIGNMENTS, subscribe=["a"]))
    assert [answer.type for answer in client.settle(target)] == [xds.ASSIGNMENTS]


def test_asking_for_what_is_not_there_is_answered_once() -> None:
    client = Client(Stream())
    target = Resources(TOLD).of(picture("a"))
    client.settle(target)
    client.stream.hear(ask(xds.ASSIGNMENTS, subscribe=["none"]))
    assert [answer.removed for answer in client.settle(target)] == [("none",)]
    assert client.settle(target) == []


def test_unknown_types_are_passed_over() -> None:
    stream = Stream()
    assert stream.hear(ask("type.googleapis.com/envoy.config.route.v3.VirtualHost")) is None
    assert stream.answers(Resources(TOLD).of(picture("a"))) == []


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 3), max_size=6),
        min_size=1,
        max_size=8,
    )
)
def test_any_sequence_of_pictures_ends_with_what_the_last_one_says(
    steps: list[dict[str, int]],
) -> None:
    # given
    resources, client = Resources(TOLD), Client(Stream())
    for step in steps:
        # when
        target = resources.of(
            Picture(tuple(Upstream(n, (n,), (Endpoint(n, w),)) for n, w in step.items()))
        )
        client.settle(target)
        # then
        assert client.has == versions(target)


class Careful(Client):
    """Sees after each answer that nothing it was told of is missing.

    Attributes:
        given: Shares it was told of last, by cluster.
    """

    given: dict[str, float] = {}

    def _take(self, answer: Answer) -> None:
        super()._take(answer)
        if answer.type == xds.RUNTIME:
            self.given = {
                key.removeprefix("shares."): value
                for one in answer.resources.values()
                for key, value in MessageToDict(xds._Runtime.FromString(one.body))
                .get("layer", {})
                .items()
            }
        asked = {name for name, value in self.given.items() if value}
        for kind in (xds.CLUSTERS, xds.ASSIGNMENTS):
            missing = asked - self.has[kind].keys()
            assert not missing, f"requests are given to {missing}, of which Envoy has no {kind}"


PARTED = st.fixed_dictionaries(
    {
        "weight": st.integers(1, 3),
        "canary": st.sampled_from([None, 0.0, 0.01, 0.5]),
        "twin": st.sampled_from([None, 0.0, 0.3, 0.5]),
    }
)


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), PARTED, max_size=3), min_size=1, max_size=8)
)
def test_no_share_is_ever_of_hosts_that_the_gateway_does_not_know(steps: list[dict]) -> None:
    """Parts come with shares, go with shares, and change places with them: make before break."""
    # given
    resources, client = Resources(TOLD), Careful(Stream())
    for renewal, step in enumerate(steps):
        shown = [_judged(name, **given_) for name, given_ in step.items()]
        # when
        target = resources.of(Picture(tuple(shown), renewal=renewal))
        client.settle(target)
        # then
        assert client.has == versions(target)
        wanted = {
            part_name(one.service, part.name): part.share for one in shown for part in one.parts
        }
        assert {
            name: value / WHOLE for name, value in client.given.items() if "~" in name
        } == wanted


def _judged(name: str, weight: int, **shares: float | None) -> Upstream:
    parts = tuple(
        Part(part, (Endpoint(f"{name}.{part}"),), share)
        for part, share in shares.items()
        if share is not None
    )
    return Upstream(name, (name,), (Endpoint(name, weight),), parts)
