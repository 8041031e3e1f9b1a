"""What may stand in `hanse.toml`, table by table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from hanse.runtime.broker.broker_table import BrokerTable
from hanse.runtime.call.admission import Limits
from hanse.runtime.call.context import DEFAULT_SITE
from hanse.runtime.credentials.issuer import Issuer
from hanse.runtime.data.backup.backup_table import BackupTable
from hanse.runtime.data.files.store_table import FileStoreTable
from hanse.runtime.data.personal.keys_table import KeysTable
from hanse.runtime.http.cors import Cors
from hanse.runtime.mail.mail_table import MailTable
from hanse.runtime.mutual.tls import Tls
from hanse.runtime.placement.deploy_table import DeployTable
from hanse.runtime.project.api_keys import ApiKeyTable
from hanse.runtime.project.database_table import DatabaseTable
from hanse.runtime.project.files_table import FilesTable
from hanse.runtime.project.gateway_table import GatewayTable
from hanse.runtime.project.names import (
    CollectionName,
    FolderName,
    Name,
    Port,
    PortOrOff,
    ServiceName,
)
from hanse.runtime.project.placement_table import PlacementTable

ContractName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*\.[A-Z]\w*$",
        description='a contract is named like "crm.v1.Contacts"',
    ),
]
AddressText = Annotated[
    str,
    Meta(
        pattern=r"^(unix:/.+|https://[^/\s]+)$",
        description="an address is unix:/path or https://host:port",
    ),
]
Addresses = Annotated[
    tuple[AddressText, ...], Meta(min_length=1, description="give one address at least")
]
ApiKeyTables = Annotated[
    tuple[ApiKeyTable, ...], Meta(description="write [[api_keys]] above each key")
]
AboveZero = Annotated[float, Meta(ge=0, description="0 or more")]
Threads = Annotated[int, Meta(ge=1, le=1_000, description="1 to 1000 threads")]


class ProjectTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[project]`: what this is and what runs.

    Attributes:
        name: For logs, traces and the title of the docs page.
        services: Every service that runs, as `module:Class`.
        folders: Further folders to import them from, for several small distributions in one.
    """

    name: Name
    services: Annotated[
        tuple[ServiceName, ...],
        Meta(min_length=1, description='list one at least, like ["greeter.service:Greeter"]'),
    ]
    folders: Annotated[tuple[FolderName, ...], Meta(max_length=1000)] = ()


class HostTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[host]`: see `HostConfig`; paths are relative to the project's folder.

    Attributes:
        settings_folder: Folder of mounted settings, one file a value; see `Sources.mounted`.
    """

    address: str = "127.0.0.1"
    port: PortOrOff = 8000
    socket: str | None = None
    mutual_port: Port | None = None
    tls: Tls | None = None
    site: str = DEFAULT_SITE
    traces_per_second: AboveZero = 10.0
    otlp_endpoint: str = ""
    docs: bool = True
    open_metrics: bool = False
    threads: Threads = 16
    settings_folder: str | None = None
    limits: Limits = Limits()

    @property
    def open_port(self) -> int | None:
        """Port of the open door; None for no such door."""
        return None if self.port == "off" else self.port


class EnvironmentTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[environments.NAME]`: what differs there. Tables are merged, everything else is replaced.

    Attributes:
        samples: Files of rows for collections that are empty, to begin with something to look at.
            An environment has those alone that it lists itself, so that no other gets any.
    """

    host: HostTable = HostTable()
    directory: Mapping[ContractName, Addresses] = {}
    settings: Mapping[str, Mapping[str, Any]] = {}
    issuers: tuple[Issuer, ...] = ()
    api_keys: ApiKeyTables = ()
    cors: Cors | None = None
    placement: PlacementTable = PlacementTable()
    gateway: GatewayTable = GatewayTable()
    files: FilesTable = {}
    samples: Mapping[CollectionName, FolderName] = {}
    database: DatabaseTable = DatabaseTable()
    broker: BrokerTable = BrokerTable()
    mail: MailTable = MailTable()
    file_store: FileStoreTable = FileStoreTable()
    keys: KeysTable = KeysTable()
    backup: BackupTable | None = None
    deploy: DeployTable = DeployTable()


class ProjectFile(EnvironmentTable, frozen=True, kw_only=True):
    """The whole file."""

    project: ProjectTable
    environments: Mapping[Name, EnvironmentTable] = {}
