"""`hanse up` with an authority of one's own: its root is named, or nothing starts; then a domain has its certificate."""

import http.client
import socket
import ssl
from pathlib import Path

import pytest

from hanse.fleet.certificates.tests.pebble import Pebble, free_ports
from tests.end_to_end.fleet import Fleet, fleet, until
from tests.end_to_end.terminal import hanse

GATEWAY = """
[gateway]
port = {port}
tls_port = {tls_port}
redirect = true

[gateway.domains]
"shop.example" = "shop"

[gateway.acme]
email = "ops@shop.example"
directory = "{directory}"
root = "authority/root.pem"
terms_agreed = true
"""


def configure(made: Fleet, directory: str, ports: list[int]) -> None:
    text = (made.folder / "hanse.toml").read_text().partition("[gateway]")[0]
    port, tls_port = ports
    told = GATEWAY.format(port=port, tls_port=tls_port, directory=directory)
    made.write("hanse.toml", text + told)


def test_a_domain_has_its_certificate_and_plain_requests_are_led_to_it(tmp_path: Path) -> None:
    port, tls_port = free_ports(2)
    (tmp_path / "pebble").mkdir()
    pebble = Pebble(tmp_path / "pebble", port)
    with fleet(tmp_path / "shop") as made, pebble.running():
        configure(made, pebble.directory, [port, tls_port])
        made.write("authority/root.pem", pebble.roots.read_text())
        made.up()
        known = ssl.create_default_context(cadata=pebble.root().decode())

        def is_shown() -> bool:
            try:
                with socket.create_connection(("127.0.0.1", tls_port)) as plain:
                    known.wrap_socket(plain, server_hostname="shop.example").close()
            except ssl.SSLError:
                return False
            return True

        until(is_shown, f"a certificate of the domain: {made.status()['notes']}")

        def led_to() -> str | None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/echo/v1/numbers/7", headers={"host": "shop.example"})
            answer = connection.getresponse()
            connection.close()
            assert answer.status in {200, 308}
            return answer.headers["location"]

        # The gateway takes one door after the other: the plain one leads on a moment later.
        https = f"https://shop.example:{tls_port}/echo/v1/numbers/7"
        until(lambda: led_to() == https, "plain requests to be led on")
        assert not [note for note in made.status()["notes"] if "No certificate" in note]


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (None, "cannot be read: No such file or directory. Name the file"),
        ("-----BEGIN NOTHING-----", "holds no certificate. It is the root certificate"),
    ],
)
def test_a_root_that_is_none_is_refused_before_anything_serves(
    tmp_path: Path, held: str | None, said: str
) -> None:
    with fleet(tmp_path) as made:
        configure(made, "https://localhost:1/dir", free_ports(2))
        if held is not None:
            made.write("authority/root.pem", held)
        done = hanse("up", folder=made.folder)

        assert done.returncode == 1
        assert f"gateway.acme.root: {tmp_path}/authority/root.pem {said}" in done.stderr
        until(lambda: made.running() == [], "nothing runs after a failed up")
