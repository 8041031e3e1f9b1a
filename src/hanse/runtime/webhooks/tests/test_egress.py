"""No webhook goes to what is inside, however that is spelled and whatever its name says next."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse import InvalidArgument
from hanse.runtime.webhooks.egress.egress import NOWHERE, Answer, Egress
from hanse.runtime.webhooks.egress.reach import CLOSED_4, Reach
from hanse.runtime.webhooks.egress.target import read_target
from hanse.runtime.webhooks.tests.certificates import make_certificate
from hanse.runtime.webhooks.tests.receiver import Receiver

PUBLIC = Reach()
LOCAL = Reach(["127.0.0.0/8"])
INSIDE = (
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "168.63.129.16", "172.16.0.1", "172.31.255.255", "192.0.0.192",
    "192.168.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
    "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1",
    "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2600::1%eth0",
)  # fmt: skip
OUTSIDE = ("8.8.8.8", "1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "2a00:1450::1")

addresses_4 = st.ip_addresses(v=4)


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_inside_is_closed(address: str) -> None:
    assert not PUBLIC.allows(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_is_public_is_open(address: str) -> None:
    assert PUBLIC.allows(address)


@given(st.ip_addresses())
def test_nothing_is_open_that_python_knows_to_be_of_a_special_kind(address) -> None:
    special = (
        address.is_private, address.is_loopback, address.is_link_local, address.is_multicast,
        address.is_reserved, address.is_unspecified,
    )  # fmt: skip
    if PUBLIC.allows(str(address)):
        assert not any(special)


@given(addresses_4)
def test_no_ipv6_that_stands_for_an_ipv4_is_open(address: IPv4Address) -> None:
    number = int(address)
    spelled = (
        number,  # compatible
        0xFFFF << 32 | number,  # mapped
        0xFFFF << 48 | number,  # translated
        0x64FF9B << 96 | number,  # NAT64
        0x2002 << 112 | number << 80 | 1,  # 6to4
        0x20010000 << 96 | number,  # Teredo, and its way to write one
        0x20010000 << 96 | number ^ 0xFFFFFFFF,
    )
    assert not any(PUBLIC.allows(str(IPv6Address(one))) for one in spelled)


@given(addresses_4)
def test_what_is_opened_is_that_network_and_no_other(address: IPv4Address) -> None:
    inside = any(address in one for one in CLOSED_4)
    assert LOCAL.allows(str(address)) == (not inside or str(address).startswith("127."))
    assert not LOCAL.allows(f"::ffff:{address}")


class Names:
    """A resolver that says something else each time it is asked, as one that rebinds."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> tuple[str, ...]:
        self.asked.append(host)
        return self.answers.pop(0) if self.answers else ("127.0.0.1",)


async def post(egress: Egress, url: str) -> Answer:
    try:
        return await egress.post(read_target(url, http=True), {"x-own": "1"}, b"{}", "acme")
    finally:
        egress.close()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "017700000001",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost", "localhost.", "0", "0.0.0.0",
    ],
)  # fmt: skip
async def test_no_spelling_of_this_machine_is_reached(receiver: Receiver, host: str) -> None:
    url = f"http://{host}:{receiver.port}/"
    try:
        answer = await post(Egress(PUBLIC), url)
    except InvalidArgument:
        answer = Answer(0, NOWHERE)
    assert (answer, receiver.taken) == (Answer(0, NOWHERE), [])


async def test_a_name_that_is_inside_and_one_that_is_not_there_look_the_same(
    receiver: Receiver,
) -> None:
    def nowhere(host: str, port: int) -> tuple[str, ...]:
        raise OSError("no such name")

    inside = await post(Egress(PUBLIC, Names(("10.0.0.1",))), "https://db.internal/")
    assert (
        inside == await post(Egress(PUBLIC, nowhere), "https://db.internal/") == Answer(0, NOWHERE)
    )


async def test_one_address_inside_closes_the_name(receiver: Receiver) -> None:
    names = Names(("127.0.0.1", "10.0.0.1"))
    answer = await post(Egress(LOCAL, names), f"http://mixed.test:{receiver.port}/")
    assert (answer, receiver.taken) == (Answer(0, NOWHERE), [])


async def test_a_name_that_changes_between_look_and_connection_changes_nothing(
    receiver: Receiver,
) -> None:
    """It is looked up once, and what was looked at is what is connected to."""
    names = Names(("127.0.0.1",), ("127.0.0.2",))
    answer = await post(Egress(LOCAL, names), f"http://rebound.test:{receiver.port}/hooks?a=b")
    assert (answer.status, names.asked) == (204, ["rebound.test"])
    [one] = receiver.taken
    assert one.headers["host"] == f"rebound.test:{receiver.port}"
    assert (one.path, one.headers["x-own"]) == ("/hooks?a=b", "1")


async def test_a_name_is_reached_by_its_next_address_if_one_does_not_answer(
    receiver: Receiver,
) -> None:
    names = Names(("127.0.0.9", "127.0.0.1"))
    assert (await post(Egress(LOCAL, names), f"http://two.test:{receiver.port}/")).status == 204


async def test_a_redirect_is_an_answer_and_nobody_is_followed(receiver: Receiver) -> None:
    receiver.answers, receiver.head = (
        [307],
        f"location: http://127.0.0.1:{receiver.port}/secret\r\n",
    )
    answer = await post(Egress(LOCAL), f"http://127.0.0.1:{receiver.port}/")
    assert (answer.status, len(receiver.taken)) == (307, 1)


async def test_an_answer_that_is_too_long_is_broken_off(receiver: Receiver) -> None:
    receiver.head = "x: " + "y" * 100_000 + "\r\n"
    answer = await post(Egress(LOCAL), f"http://127.0.0.1:{receiver.port}/")
    assert (answer.status, "broke" in answer.failure) == (0, True)


async def test_it_hears_how_long_it_is_to_wait(receiver: Receiver) -> None:
    receiver.answers, receiver.head = [429], "retry-after: 120\r\n"
    answer = await post(Egress(LOCAL), f"http://127.0.0.1:{receiver.port}/")
    assert answer == Answer(429, retry_after=120)


async def test_a_certificate_is_checked_for_the_name_and_not_for_the_address(
    tmp_path, monkeypatch
) -> None:
    context, authority = make_certificate(tmp_path, "receiver.test")
    async with Receiver(context) as receiver:
        url, other = (
            f"https://{name}:{receiver.port}/" for name in ("receiver.test", "other.test")
        )
        unknown = await post(Egress(LOCAL, Names()), url)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        trusted = await post(Egress(LOCAL, Names()), url)
        wrong = await post(Egress(LOCAL, Names()), other)
    assert (unknown.status, "certificate does not hold" in unknown.failure) == (0, True)
    assert trusted.status == 204
    assert (wrong.status, "certificate does not hold" in wrong.failure) == (0, True)
    assert len(receiver.taken) == 1


async def test_nobody_there_is_a_failure_that_names_no_address(receiver: Receiver) -> None:
    port = receiver.port
    await receiver.__aexit__()
    answer = await post(Egress(LOCAL, Names()), f"http://empty.test:{port}/")
    assert answer == Answer(0, "It takes no connection there.")


def test_an_address_is_read_as_it_is_sent() -> None:
    read = read_target("https://Example.com/a%20b?c=d")
    assert (read.origin, read.host, read.port, read.path) == (
        "https://Example.com", "example.com", 443, "/a%20b?c=d",
    )  # fmt: skip
    assert read_target("https://[2606:4700::1]:8443").authority == "[2606:4700::1]:8443"
    assert str(ip_address(read_target("https://[2606:4700::1]").host)) == "2606:4700::1"
