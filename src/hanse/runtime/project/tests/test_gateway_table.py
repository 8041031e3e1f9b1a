"""What `[gateway]` says is read strictly, and what does not fit together is named."""

import pytest

from hanse.runtime.project.gateway_table import AcmeTable, GatewayTable, Limit
from hanse.runtime.project.project import ProjectError, read_project

HEAD = '[project]\nname = "shop"\nservices = ["ad.service:Ads"]\n'


@pytest.fixture
def read(tmp_path):
    def reading(text: str, environment: str = "") -> GatewayTable:
        (tmp_path / "hanse.toml").write_text(HEAD + text)
        return read_project(tmp_path, environment).gateway

    return reading


@pytest.fixture
def problems(read):
    def of(text: str, environment: str = "") -> list[str]:
        with pytest.raises(ProjectError) as raised:
            read(text, environment)
        return list(raised.value.problems)

    return of


def test_who_says_nothing_listens_on_loopback_with_limits(read):
    gateway = read("")

    assert (gateway.address, gateway.port, gateway.tls_port) == ("127.0.0.1", 8080, None)
    assert gateway.has_tls
    assert (gateway.certificate, gateway.key, gateway.acme, dict(gateway.domains)) == (
        None,
        None,
        None,
        {},
    )
    limits = gateway.limits
    assert (limits.per_address.requests_per_second, limits.per_address.at_once) == (100, 200)
    assert (limits.per_key.requests_per_second, limits.per_key.at_once) == (200, 400)


def test_all_of_it_can_be_said(read, tmp_path):
    gateway = read(
        '[gateway]\naddress = "0.0.0.0"\nport = 80\ntls_port = 443\n'
        'certificate = "tls/shop.pem"\nkey = "/secret/shop.key"\n'
        'domains = { "shop.example" = "acme", "xn--bcher-kva.example" = "books" }\n'
        "[gateway.limits]\nper_address = { requests_per_second = 0 }\n"
        "per_key = { requests_per_second = 5, burst = 6 }\n"
        '[gateway.acme]\nemail = "ops@shop.example"\nterms_agreed = true\n'
    )

    assert gateway.certificate == str(tmp_path / "tls/shop.pem")
    assert gateway.key == "/secret/shop.key"
    assert gateway.domains == {"shop.example": "acme", "xn--bcher-kva.example": "books"}
    assert gateway.limits.per_address == Limit(requests_per_second=0)
    assert gateway.limits.per_key.at_once == 6
    assert gateway.acme == AcmeTable(email="ops@shop.example", terms_agreed=True)
    assert gateway.acme.directory == "https://acme-v02.api.letsencrypt.org/directory"


def test_an_environment_may_complete_it(read):
    text = '[gateway]\nport = 80\n[environments.production.gateway]\ntls_port = "off"\nlimits.per_key.requests_per_second = 9\n'

    there = read(text, "production")

    assert (there.port, there.has_tls, there.limits.per_key.at_once) == (80, False, 18)
    assert read(text).has_tls


WRONG = [
    ('address = "localhost"', 'gateway.address: an IP address, like "127.0.0.1", or "0.0.0.0" for every interface.'),
    (
        'port = "off"',
        "gateway.port: expected `int`, got `str`; a port is 0 to 65535, 0 for any free one; write it without quotes.",
    ),
    ("port = 70000", "gateway.port: a port is 0 to 65535, 0 for any free one."),
    (
        "tls_port = false",
        'gateway.tls_port: expected `int | str`, got `bool`; a port is 0 to 65535 without quotes, 0 for any free one; "off" for no HTTPS.',
    ),
    ("port = 8443\ntls_port = 8443", "gateway.tls_port: HTTP has this port; give HTTPS another."),
    (
        'tls_port = "off"\nredirect = true',
        'gateway.redirect: there is no HTTPS to lead to while gateway.tls_port is "off".',
    ),
    (
        "redirect = 0",
        "gateway.redirect: true, or the port at which the outside sees HTTPS, like 443.",
    ),
    (
        'redirect = "https"',
        "gateway.redirect: expected `bool | int`, got `str`; true, or the port at which the outside sees HTTPS, like 443; write true or false, without quotes.",
    ),
    (
        "strict_transport = true",
        "gateway.strict_transport: expected `int`, got `bool`; 0 to 63072000 seconds, which is two years.",
    ),
    (
        "strict_transport = 60",
        "gateway.strict_transport: browsers would be bound to a name of this machine; give gateway.certificate and its key, or gateway.acme.",
    ),
    ('certificate = "a.pem"', "gateway.certificate: give gateway.key too, or neither."),
    ('key = "a.pem"', "gateway.key: give gateway.certificate too, or neither."),
    (
        'certificate = "a"\nkey = "b"\ntls_port = "off"',
        'gateway.certificate: nobody sees it while gateway.tls_port is "off".',
    ),
    (
        'domains."Shop.Example" = "a"',
        'gateway.domains."Shop.Example": a domain is lower-case and without a port, like "shop.example".',
    ),
    (
        'domains."shop.example:80" = "a"',
        'gateway.domains."shop.example:80": a domain is lower-case and without a port, like "shop.example".',
    ),
    (
        'domains."*.example" = "a"',
        'gateway.domains."*.example": a domain is lower-case and without a port, like "shop.example".',
    ),
    (
        'domains."shop.example" = ""',
        'gateway.domains."shop.example": a site is printable ASCII without spaces, 200 characters at most.',
    ),
    (
        'domains."shop.example" = "a b"',
        'gateway.domains."shop.example": a site is printable ASCII without spaces, 200 characters at most.',
    ),
    (
        "limits.per_key = { burst = 3 }",
        "gateway.limits.per_key.requests_per_second is missing: 0 to 1000000 requests a second, 0 for no limit.",
    ),
    (
        "limits.per_key.requests_per_second = -1",
        "gateway.limits.per_key.requests_per_second: 0 to 1000000 requests a second, 0 for no limit.",
    ),
    (
        "limits.per_key = { requests_per_second = 1, burst = 0 }",
        "gateway.limits.per_key.burst: 1 to 10000000 requests.",
    ),
    ("limits.per_site = 1", "gateway.limits.per_site is unknown; did you mean per_key?"),
    ("acme = {}", "gateway.acme.email is missing: an address of yours, like ops@shop.example."),
    (
        'acme = { email = "ops" }',
        "gateway.acme.email: an address of yours, like ops@shop.example.",
    ),
    (
        'domains."shop.example" = "a"\nacme = { email = "a@b", terms_agreed = true, directory = "http://ca.example/x" }',
        "gateway.acme.directory: the authority's directory is an https URL.",
    ),
    (
        'domains."shop.example" = "a"\nacme = { email = "a@b" }',
        "gateway.acme: say terms_agreed = true once you have read the terms of the authority.",
    ),
    (
        'acme = { email = "a@b", terms_agreed = true }',
        "gateway.acme: list in [gateway.domains] what should be certified.",
    ),
    (
        'domains."shop.example" = "a"\ntls_port = "off"\nacme = { email = "a@b", terms_agreed = true }',
        'gateway.acme: certificates are of no use while gateway.tls_port is "off".',
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"), WRONG, ids=[text.partition("\n")[0] for text, _ in WRONG]
)
def test_what_is_wrong_is_named_with_the_way_out(problems, text, said):
    [problem] = problems(f"[gateway]\n{text}\n")

    assert sentence(problem) == said


def sentence(problem: str) -> str:
    file, line, said = problem.split(":", 2)
    assert file == "hanse.toml"
    assert int(line) >= 4
    return said.strip()


def test_halves_of_an_environment_and_the_rest_are_looked_at_together(read, problems):
    text = '[gateway]\nport = 1\n[environments.p.gateway]\ncertificate = "a"\nkey = "b"\n'
    half = '[gateway]\ncertificate = "a"\nkey = "b"\n[environments.p.gateway]\ntls_port = "off"\n'

    assert read(text, "p").certificate is not None
    assert read(half).certificate is not None
    assert problems(half, "p") == [
        'hanse.toml:5: gateway.certificate: nobody sees it while gateway.tls_port is "off".'
    ]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:14000/dir", "http://localhost/dir", "https://ca.example/d"]
)
def test_an_authority_on_this_machine_may_be_asked_plainly(read, url):
    text = f'acme = {{ email = "a@b", terms_agreed = true, directory = "{url}" }}'

    acme = read(f'[gateway]\ndomains."shop.example" = "a"\n{text}\n').acme

    assert acme is not None
    assert acme.directory == url
