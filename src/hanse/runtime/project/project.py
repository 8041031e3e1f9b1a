"""Reads `hanse.toml`, the composition root of a project: what runs, and as what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec

from hanse.runtime.config.settings import Sources
from hanse.runtime.data.files.store_table import file_store
from hanse.runtime.host_config import HostConfig
from hanse.runtime.project.api_keys import check_keys, read_pepper
from hanse.runtime.project.database_table import read_url
from hanse.runtime.project.document import FILE, ProjectError, at_line, read_document
from hanse.runtime.project.files_table import ServedFolder, served_folders
from hanse.runtime.project.gateway_table import GatewayTable, check_gateway
from hanse.runtime.project.lines import Place, nearest_line
from hanse.runtime.project.placement_table import Group, check_placement, place
from hanse.runtime.project.schema import ProjectFile
from hanse.runtime.project.services import Broken, ServiceImports, Unlisted
from hanse.runtime.project.strict import Finding, Strict, like

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hanse.runtime.config.secret import Secret
    from hanse.runtime.contract.service import Service
    from hanse.runtime.data.files.store_config import FileStoreConfig
    from hanse.runtime.mutual.tls import Tls


class Project:
    """One project as one environment has it.

    Attributes:
        folder: Where `hanse.toml` lies.
        file: What it says, the environment's differences applied.
    """

    def __init__(self, folder: Path, file: ProjectFile, lines: Mapping[Place, int]) -> None:
        self.folder = folder
        self.file = file
        self._lines = lines
        self._code: Path | None = None
        self._served: Mapping[str, Path] = {}

    @property
    def name(self) -> str:
        return self.file.project.name

    def built(self, code: Path, served: Mapping[str, Path]) -> Project:
        """This project with its code and its files from where a release has them.

        Args:
            code: The only folder that services are imported from.
            served: Folders of files, by the prefixes they are served below.
        """
        project = Project(self.folder, self.file, self._lines)
        project._code, project._served = code, served
        return project

    def services(self, only: Collection[str] | None = None) -> tuple[type[Service], ...]:
        """Imports the classes that run; the folders are put on Python's path for it.

        Args:
            only: Which of them, as `module:Class`; None for all.

        Raises:
            ProjectError: Folders, modules or classes are missing, broken or no services; with all
                of them.
        """
        problems = [] if self._code else self._missing_folders()
        imports = self._imports()
        loaded: list[type[Service]] = []
        listed = self.file.project.services
        for position, name in enumerate(listed):
            if only is not None and name not in only:
                continue
            line = self._lines.get(("project", "services", position), 1)
            if name in listed[:position]:
                problems.append(at_line(line, f"{name} is listed twice; take one away."))
                continue
            try:
                loaded.append(imports.load(name))
            except Unlisted as error:
                problems.append(at_line(line, _ended(str(error))))
            except Broken as error:
                problems += error.sentences
        if problems:
            raise ProjectError(*problems)
        return tuple(loaded)

    def groups(self) -> tuple[Group, ...]:
        """Which services share a process: every one is in exactly one group."""
        return place(self.name, self.file.project.services, self.file.placement)

    @property
    def gateway(self) -> GatewayTable:
        """Where the outside comes in; its files as absolute paths."""
        table = self.file.gateway
        files = {name: self._path(getattr(table, name)) for name in ("certificate", "key")}
        paths = {name: path and str(path) for name, path in files.items()}
        acme = table.acme
        if acme is not None and acme.root is not None:
            acme = msgspec.structs.replace(acme, root=str(self.folder / acme.root))
        return msgspec.structs.replace(table, **paths, acme=acme)

    def host_config(self, **changes: Any) -> HostConfig:
        """How the project's host listens and whom it believes.

        Args:
            **changes: Fields of `HostConfig` that a command decides.
        """
        table = self.file.host
        given: dict[str, Any] = {
            field: getattr(table, field)
            for field in table.__struct_fields__
            if field in HostConfig.__struct_fields__
        }
        given["port"] = table.open_port
        given["socket"] = self._path(table.socket)
        given["tls"] = table.tls and self._tls(table.tls)
        given |= {"name": self.name, "directory": self.file.directory}
        given |= {"issuers": self.file.issuers, "cors": self.file.cors}
        given["api_keys"] = tuple(key.stored() for key in self.file.api_keys)
        return HostConfig(**(given | changes))

    def files(self) -> tuple[ServedFolder, ...]:
        """The folders whose files every host of the project serves.

        Raises:
            ProjectError: They are not there, or not to be shown; with all of them.
        """
        served, wrong = served_folders(self.folder, self.file.files, self._served)
        if wrong:
            lines = dict(self._lines)
            raise ProjectError(*(at_line(nearest_line(lines, at), wrong[at]) for at in wrong))
        return served

    def sources(self, variables: Mapping[str, str]) -> Sources:
        """Where the services' settings come from."""
        mounted = self._path(self.file.host.settings_folder)
        listed = frozenset(name.rpartition(":")[2].lower() for name in self.file.project.services)
        return Sources(
            tables=self.file.settings, variables=variables, mounted=mounted, listed=listed
        )

    def file_store(self, variables: Mapping[str, str]) -> FileStoreConfig:
        """Where files are kept.

        Raises:
            SettingsError: A key of the bucket is there and cannot be used.
        """
        return file_store(self.folder, self.file.file_store, self.sources(variables))

    def pepper(self, variables: Mapping[str, str]) -> Secret | None:
        """What the hashes of API keys are made with, if there are any and somebody gave it.

        Raises:
            SettingsError: It is there and cannot be used.
        """
        return read_pepper(self.sources(variables)) if self.file.api_keys else None

    def database_url(self, variables: Mapping[str, str]) -> Secret | None:
        """Where the project keeps its data; None if nobody says.

        Raises:
            SettingsError: It is there and cannot be used.
        """
        return read_url(self.file.database, self.sources(variables))

    def _imports(self) -> ServiceImports:
        if self._code is not None:
            return ServiceImports(self._code)
        return ServiceImports(self.folder, [self.folder / one for one in self.file.project.folders])

    def _missing_folders(self) -> list[str]:
        return [
            at_line(
                self._lines.get(("project", "folders", position), 1), f"there is no folder {name}."
            )
            for position, name in enumerate(self.file.project.folders)
            if not (self.folder / name).is_dir()
        ]

    def _path(self, text: str | None) -> Path | None:
        return self.folder / text if text else None

    def _tls(self, tls: Tls) -> Tls:
        files = ("certificate", "key", "authority")
        paths = {name: str(self.folder / getattr(tls, name)) for name in files}
        return msgspec.structs.replace(tls, **paths)


def read_project(folder: Path, environment: str = "", file: Path | None = None) -> Project:
    """The project in a folder.

    Args:
        folder: Absolute; `hanse.toml` lies in it.
        environment: Which `[environments.NAME]` applies; empty for none.
        file: What to read instead of the `hanse.toml` that lies there now.

    Raises:
        ProjectError: Anything in the file is wrong; with all of it, whichever environment it is in.
    """
    document, lines = read_document(file or folder / FILE)
    merged = _merged(document, environment)
    written, whole = Strict(), Strict()
    written.check(document, ProjectFile, ())
    whole.check(merged, ProjectFile, ())
    found = [*whole.missing, *_no_door(merged), *check_placement(merged), *check_gateway(merged)]
    missing = [(_place(lines, environment, place), said) for place, said in found]
    findings = [*written.findings, *missing, *_no_environment(document, environment)]
    findings += _keys(document)
    if findings:
        placed = sorted({(nearest_line(lines, place), said) for place, said in findings})
        raise ProjectError(*(at_line(line, said) for line, said in placed))
    return Project(folder, msgspec.convert(merged, ProjectFile), lines)


def _merged(document: dict[str, Any], environment: str) -> dict[str, Any]:
    own = {"environments", "samples"} if environment else {"environments"}
    rest = {key: value for key, value in document.items() if key not in own}
    chosen = _table(document.get("environments")).get(environment)
    return _over(rest, _table(chosen))


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """One table laid over another: tables in it are merged, all else is replaced."""
    both = dict(below)
    for key, value in above.items():
        inner = both.get(key)
        both[key] = _over(_table(inner), _table(value)) if _tables(inner, value) else value
    return both


def _tables(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)


def _table(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _place(lines: Mapping[Place, int], environment: str, place: Place) -> Place:
    """Where something of the merged tables stands in the file."""
    inner: Place = ("environments", environment, *place)
    return inner if inner in lines else place


def _no_door(merged: dict[str, Any]) -> list[Finding]:
    host = _table(merged.get("host"))
    if host.get("port") != "off" or "socket" in host or "mutual_port" in host:
        return []
    remedy = "give host.socket or host.mutual_port, or a port"
    return [(("host", "port"), f'host.port is "off", so nobody could call: {remedy}.')]


def _keys(document: dict[str, Any]) -> list[Finding]:
    findings = check_keys(document, ())
    for name, tables in _table(document.get("environments")).items():
        findings += check_keys(_table(tables), ("environments", name))
    return findings


def _no_environment(document: dict[str, Any], environment: str) -> list[Finding]:
    known = _table(document.get("environments"))
    if not environment or environment in known:
        return []
    there_are = like(environment, known) or "; none is described"
    return [(("environments",), f"there is no [environments.{environment}]{_ended(there_are)}")]


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith("?") else f"{sentence}."
