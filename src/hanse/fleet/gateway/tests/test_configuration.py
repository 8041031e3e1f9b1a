"""Whatever the picture: Envoy finds nothing to refuse and nothing to warn of in what it is told."""

import copy
import json
import subprocess
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hanse.fleet.gateway import xds
from hanse.fleet.gateway.bootstrap import bootstrap, command
from hanse.fleet.gateway.clusters import cluster
from hanse.fleet.gateway.listeners import certificates, listeners
from hanse.fleet.gateway.picture import (
    Certificate,
    Domain,
    Endpoint,
    Picture,
    RegionalIdentity,
    Upstream,
)
from hanse.fleet.gateway.regions import secrets
from hanse.fleet.gateway.routes import route_tables, service_route
from hanse.fleet.gateway.settings import GatewaySettings, Limit
from hanse.fleet.gateway.tests.world import make_certificate


def whole(picture: Picture, told: GatewaySettings) -> dict:
    """All that is otherwise told over ADS as one file, because only a file can be validated."""
    found = bootstrap(told)
    static = found["static_resources"]
    static["clusters"] += [placed(one, picture, told) for one in picture.upstreams]
    shown = certificates(picture, told) | secrets(picture.identity)
    static["secrets"] = list(shown.values())
    static["listeners"] = [inlined(one, picture, told) for one in listeners(picture, told).values()]
    del found["dynamic_resources"]["cds_config"], found["dynamic_resources"]["lds_config"]
    return found


def placed(upstream: Upstream, picture: Picture, told: GatewaySettings) -> dict:
    found = cluster(upstream.service, told, picture.trust_domain)
    del found["eds_cluster_config"]
    for match in found.get("transport_socket_matches", ()):
        context = match["transport_socket"]["typed_config"]["common_tls_context"]
        del context["tls_certificate_sds_secret_configs"][0]["sds_config"]
        del context["combined_validation_context"]["validation_context_sds_secret_config"][
            "sds_config"
        ]
    levels = upstream.endpoints, upstream.elsewhere
    assigned = read(xds._Assignment, xds.assignment(upstream.service, *levels))
    return found | {"type": "STATIC", "load_assignment": assigned}


def read(message: type, resource: xds.Resource) -> dict:
    return MessageToDict(message.FromString(resource.body), preserving_proto_field_name=True)


def inlined(listener: dict, picture: Picture, told: GatewaySettings) -> dict:
    found = copy.deepcopy(listener)
    pattern = service_route("any")
    tables = {
        table["name"]: read(xds._RouteTable, xds.route_table(table, pattern))
        for table in route_tables(picture, told)
    }
    for chain in found["filter_chains"]:
        manager = chain["filters"][0]["typed_config"]
        manager["route_config"] = tables[manager.pop("rds")["route_config_name"]]
        if "transport_socket" in chain:
            context = chain["transport_socket"]["typed_config"]["common_tls_context"]
            for secret in context["tls_certificate_sds_secret_configs"]:
                del secret["sds_config"]
    return found


def complaints(folder: Path, config: dict, told: GatewaySettings) -> str:
    """What Envoy says of a configuration; empty if it likes all of it."""
    (folder / ".hanse/up/logs").mkdir(parents=True, exist_ok=True)
    file = folder / "whole.json"
    file.write_text(json.dumps(config))
    ran = subprocess.run(
        [*command(told, file.name), "--mode", "validate"],
        cwd=folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    said = (ran.stdout + ran.stderr).replace(f"configuration '{file.name}' OK", "").strip()
    return said if ran.returncode == 0 else said or f"status {ran.returncode}"


NAMES = st.from_regex(r"\A[a-z][a-z0-9_]{0,20}\.v[1-9]\.[A-Z][A-Za-z0-9]{0,20}\Z")
SEGMENTS = st.one_of(st.just(""), st.from_regex(r"\A[A-Za-z0-9._~-]{1,30}\Z"))
ENDPOINTS = st.builds(
    Endpoint,
    socket=st.from_regex(r"\A\.hanse/up/hosts/[a-z][a-z0-9-]{0,30}\.gate\Z"),
    weight=st.integers(1, 128),
    draining=st.booleans(),
)
ELSEWHERE = st.builds(
    Endpoint,
    socket=st.just(""),
    weight=st.integers(1, 128),
    draining=st.booleans(),
    address=st.builds(
        "{}:{}".format, st.sampled_from(["127.0.0.1", "10.0.0.7", "[::1]"]), st.integers(1, 65_535)
    ),
)
LABEL = r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?"
DOMAINS = st.from_regex(rf"\A{LABEL}(\.{LABEL}){{1,3}}\Z")
LIMITS = st.builds(Limit, st.integers(0, 10_000), st.integers(1, 100_000))
TOLD = st.builds(
    GatewaySettings,
    address=st.sampled_from(["127.0.0.1", "0.0.0.0", "::1"]),
    tls_port=st.sampled_from([8443, None]),
    redirect=st.sampled_from([None, 443, 8443]),
    strict_transport=st.sampled_from([0, 31_536_000]),
    own_files=st.booleans(),
    per_address=LIMITS,
    per_key=LIMITS,
    workers=st.integers(1, 4),
    connections=st.integers(1, 100_000),
    header_bytes=st.integers(1024, 96 * 1024),
    header_timeout=st.floats(0.1, 100),
    silence=st.floats(1, 3600),
)


@st.composite
def pictures(draw: st.DrawFn, certificate: Certificate) -> Picture:
    services = draw(st.lists(NAMES, max_size=6, unique=True))
    segments = draw(st.lists(SEGMENTS, max_size=12, unique=True))
    owned = {name: tuple(segments[at :: len(services)]) for at, name in enumerate(services)}
    shown = st.sampled_from([None, certificate])
    regions = draw(st.booleans())
    identity = RegionalIdentity(certificate, certificate.chain, "web-shop")
    far = st.lists(ELSEWHERE, max_size=4 if regions else 0, unique_by=lambda one: one.address)
    return Picture(
        tuple(
            Upstream(
                name, owned[name], tuple(draw(st.lists(ENDPOINTS, max_size=4, unique_by=lambda one: one.socket))),
                elsewhere=tuple(draw(far)),
            )
            for name in services
        ),
        identity=identity if regions else None,
        domains=tuple(
            Domain(name, draw(st.from_regex(r"\A[a-z][a-z0-9-]{0,20}\Z")), draw(shown), draw(st.booleans()))
            for name in draw(st.lists(DOMAINS, max_size=4, unique=True))
        ),
        certificate=draw(shown),
        challenges=tuple(draw(st.dictionaries(st.from_regex(r"\A[A-Za-z0-9_-]{1,40}\Z"), st.from_regex(r"\A[A-Za-z0-9_.-]{1,80}\Z"), max_size=3)).items()),
    )  # fmt: skip


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"), "localhost")


def check_any_picture(folder: Path, certificate: Certificate, examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(picture=pictures(certificate), told=TOLD)
    def validates(picture: Picture, told: GatewaySettings) -> None:
        assert complaints(folder, whole(picture, told), told) == ""

    validates()


def test_any_picture_is_taken_without_a_warning(tmp_path: Path, shown: Certificate) -> None:
    check_any_picture(tmp_path, shown, 40)


@pytest.mark.long
def test_any_of_many_pictures_is_taken_without_a_warning(
    tmp_path: Path, shown: Certificate
) -> None:
    check_any_picture(tmp_path, shown, 1000)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("reset", "resett"), "resett"),  # which Envoy only warns of, and then never repeats a GET
        (("num_retries", "num_retry"), "num_retry"),
    ],
)
def test_the_check_sees_what_is_wrong(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    # given
    told = GatewaySettings()
    text = json.dumps(whole(Picture((Upstream("cart.v1.Cart", ("cart",)),)), told))
    before, after = change
    wrong = json.loads(text.replace(f",{before}", f",{after}").replace(f'"{before}"', f'"{after}"'))
    # when, then
    assert complaint in complaints(tmp_path, wrong, told)


def test_bootstrap_itself_is_taken_without_a_warning(tmp_path: Path) -> None:
    assert complaints(tmp_path, bootstrap(GatewaySettings()), GatewaySettings()) == ""
