"""Who may do what at the brokers of regions: what is not listed here is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.fleet.engine.brokers.plan import BrokerPlan, Member

DOMAIN = "hanse"
"""Of the JetStream that holds the streams. Each further region's broker has one of its own."""

BUCKET = "directory"
STREAM = f"KV_{BUCKET}"
KEYS = f"$KV.{BUCKET}."
"""Stream and subjects of a bucket, as NATS' own tools name them (ADR-8)."""

EVENTS_ACCOUNT = "EVENTS"
DIRECTORY_ACCOUNT = "DIRECTORY"
"""Accounts share nothing: no subject of one exists in the other."""

HEAD = "head"
ROUTE = "route"

_API = f"$JS.{DOMAIN}.API."
_CREATING = ("STREAM.CREATE", "STREAM.UPDATE", "STREAM.PURGE")
_NOBODY = "hanse.nobody"


def control_of(region: str) -> str:
    """The login of a region's control process."""
    return f"{region}-control"


def hosts_of(region: str) -> str:
    """The login of a region's hosts."""
    return f"{region}-hosts"


def inbox_of(login: str) -> str:
    """Where a login has its answers sent; no other hears them."""
    return f"_INBOX.{login}"


def accounts(plan: BrokerPlan, members: Iterable[Member]) -> dict[str, Any]:
    """The accounts of a broker at which these regions log in, and the head."""
    events: list[dict[str, Any]] = []
    directory = [_login(HEAD, plan.head, _head())]
    for one in members:
        events.append(_login(hosts_of(one.region), one.hosts, _hosts()))
        control = _control(one.region)
        directory.append(_login(control_of(one.region), one.control, control))
    return {
        EVENTS_ACCOUNT: {"jetstream": True, "users": events},
        DIRECTORY_ACCOUNT: {"jetstream": True, "users": directory},
    }


def _login(name: str, password: str, subjects: list[str]) -> dict[str, Any]:
    told = [*subjects, _NOBODY]
    return {
        "user": name,
        "password": password,
        "permissions": {"publish": told, "subscribe": [f"{inbox_of(name)}.>"]},
    }


def _hosts() -> list[str]:
    """Events, and their streams: all regions have the same ones."""
    streams = ("INFO", "CREATE", "UPDATE", "DELETE", "PURGE", "MSG.GET", "MSG.DELETE")
    consumers = ("CREATE.*.*", "DELETE.*.*", "INFO.*.*", "MSG.NEXT.*.*")
    asked = [*(f"STREAM.{one}.*" for one in streams), *(f"CONSUMER.{one}" for one in consumers)]
    return ["hanse.>", *_asking(*asked, "CONSUMER.CREATE.*.*.>")]


def _control(region: str) -> list[str]:
    """Its own keys, and reading all of them."""
    return [*_keys(f"region.{region}"), *_asking(*_reading())]


def _head() -> list[str]:
    """What is desired, that it lives, and the bucket itself."""
    making = (f"{one}.{STREAM}" for one in _CREATING)
    return [*_keys("desired"), *_keys(HEAD), *_asking(*_reading(), *making)]


def _reading() -> list[str]:
    named = f"{STREAM}.*"
    consumers = (f"CONSUMER.{verb}.{named}" for verb in ("CREATE", "DELETE", "INFO", "MSG.NEXT"))
    values = (f"STREAM.MSG.GET.{STREAM}", f"DIRECT.GET.{STREAM}", f"DIRECT.GET.{STREAM}.>")
    return [f"STREAM.INFO.{STREAM}", f"CONSUMER.CREATE.{named}.>", *values, *consumers]


def _asking(*questions: str) -> list[str]:
    """As they are asked, and as the server that answers them rewrites them."""
    return [prefix + one for one in questions for prefix in (_API, "$JS.API.")]


def _keys(below: str) -> list[str]:
    """As keys are written through a broker that only passes them on, and as they are stored."""
    return [f"{prefix}{KEYS}{below}.>" for prefix in (_API, "")]
