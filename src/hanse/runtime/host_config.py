"""What a host is told from outside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from hanse.runtime.broker.broker_config import BrokerConfig
from hanse.runtime.call.admission import Limits
from hanse.runtime.call.context import DEFAULT_SITE
from hanse.runtime.config.secret import Secret
from hanse.runtime.credentials.api_key import StoredKey
from hanse.runtime.credentials.issuer import Issuer
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.data.files.store_config import FileStoreConfig
from hanse.runtime.http.cors import Cors
from hanse.runtime.mail.mail_config import MailConfig
from hanse.runtime.mutual.tls import Tls


class HostConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How one host listens, whom it believes and what it tells.

    Attributes:
        name: For logs, traces and the title of the docs page.
        address: Interface of the open door.
        port: Port of the open door; 0 for any free one, None for no such door.
        listener: Descriptor of a TCP socket that listens already, instead of `address` and `port`;
            its opener keeps it, so that connections wait there while one host follows another.
        socket: Path of the door for hosts on this machine.
        gate: Path of the socket where the gateway passes on what it is sent: an open door, which
            believes one thing, the header `hanse-site` for domains of sites.
        mutual_port: Port of the door for hosts on other machines, with `tls`.
        tls: This host's identity between machines, for that door and for calls to https addresses.
        directory: Addresses by contract (`crm.v1.Contacts`), for services not in this host.
        directory_file: Says the same for more contracts, as JSON: `{"revision": 12, "services":
            {"crm.v1.Contacts": ["unix:crm.sock"]}}`. `"elsewhere"` names addresses of other regions
            likewise: they are called where none of these answers. It is followed as it changes;
            whoever changes it replaces it whole.
        shares_file: Says which share of calls goes to hosts that are judged, see `SharesFile`; it
            is followed in the same way. None for no such file.
        site: Site of callers whose credentials name none.
        issuers: Whose tokens count.
        api_keys: Keys that count, as `KeyMint.mint` gave them to be stored.
        pepper: What the hashes of API keys were made with; needed as soon as there are any.
        cors: Pages of which origins may call.
        traces_per_second: Traces recorded whole; errors and slow calls are recorded anyhow.
        trace_folder: Where spans are kept for `hanse trace`; None for nowhere.
        stall_file: Says which service blocks the event loop, while it does and afterwards, see
            `StallReport`; None for no such file.
        otlp_endpoint: Collector for spans and metrics, e.g. `http://localhost:4318`.
        database: Where its services keep what they know; None for a host without data.
        broker: By which its events go; None for a host without.
        mail: By which server its letters go; a host whose services send some needs it.
        file_store: Where the bytes of files lie; a host with a database keeps files there.
        docs: Whether `/docs`, `/openapi.json` and `/asyncapi.json` are served.
        open_metrics: Whether `/metrics` is served at the open door too.
        threads: Threads for plain `def` methods.
        limits: Bounds on what it takes on.
    """

    name: str = "hanse"
    address: str = "127.0.0.1"
    port: int | None = 0
    listener: int | None = None
    socket: Path | None = None
    gate: Path | None = None
    mutual_port: int | None = None
    tls: Tls | None = None
    directory: Mapping[str, tuple[str, ...]] = {}
    directory_file: Path | None = None
    shares_file: Path | None = None
    site: str = DEFAULT_SITE
    issuers: tuple[Issuer, ...] = ()
    api_keys: tuple[StoredKey, ...] = ()
    pepper: Secret | None = None
    cors: Cors | None = None
    traces_per_second: float = 10.0
    trace_folder: Path | None = None
    stall_file: Path | None = None
    otlp_endpoint: str = ""
    database: DatabaseConfig | None = None
    broker: BrokerConfig | None = None
    mail: MailConfig | None = None
    file_store: FileStoreConfig | None = None
    docs: bool = True
    open_metrics: bool = False
    threads: int = 16
    limits: Limits = Limits()
