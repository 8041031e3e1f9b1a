"""`[[api_keys]]` of `hanse.toml`, read and refused; their pepper comes as secrets do, not by it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.config.secret import Secret
from hanse.runtime.config.settings import Settings, Sources, load
from hanse.runtime.credentials.api_key import StoredKey
from hanse.runtime.identity.principal import Principal
from hanse.runtime.project.strict import Finding, Strict, dotted

if TYPE_CHECKING:
    from hanse.runtime.project.lines import Place

SECTION = "api_keys"
VARIABLE = "HANSE_API_KEYS__PEPPER"

_VISIBLE = "printable ASCII without spaces, 200 characters at most"

KeyId = Annotated[
    str,
    Meta(
        pattern=r"^[0-9A-Za-z]{12}$",
        description="the public part of a key, 12 letters and digits",
    ),
]
KeyHash = Annotated[
    str,
    Meta(
        pattern=r"^[0-9A-Fa-f]{64}$",
        description="64 hexadecimal digits, as `hanse key` says them; never the key itself",
    ),
]
PrincipalId = Annotated[
    str, Meta(pattern=r"^[!-~]{1,200}$", description=f"{_VISIBLE}, and not empty")
]
Site = Annotated[str, Meta(pattern=r"^[!-~]{0,200}$", description=_VISIBLE)]
PermissionName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$",
        max_length=100,
        description="a permission is lower-case words joined with dots, like crm.contacts.read",
    ),
]
Moment = Annotated[
    datetime, Meta(tz=True, description="a time is like 2027-01-31T00:00:00Z, without quotes")
]


class KeyPrincipal(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a key stands for: a `Principal` that is somebody."""

    kind: Literal["member", "staff", "app", "service"]
    id: PrincipalId
    permissions: frozenset[PermissionName] = frozenset()


class ApiKeyTable(msgspec.Struct, frozen=True, kw_only=True):
    """One `[[api_keys]]`: see `StoredKey`; when it ends is a time that people can read."""

    id: KeyId
    hash: KeyHash
    principal: KeyPrincipal
    site: Site = ""
    expires_at: Moment | None = None
    revoked: bool = False

    def stored(self) -> StoredKey:
        """The key as a host takes it."""
        whom = self.principal
        return StoredKey(
            id=self.id,
            hash=self.hash,
            principal=Principal(whom.kind, whom.id, whom.permissions),
            site=self.site,
            expires_at=self.expires_at and self.expires_at.timestamp(),
            revoked=self.revoked,
        )


def write_key(key: StoredKey) -> dict[str, Any]:
    """The table of a key as plain data.

    Raises:
        ConfigurationError: `hanse.toml` would not take it; with all reasons.
    """
    whom = key.principal
    principal = {"kind": whom.kind, "id": whom.id, "permissions": sorted(whom.permissions)}
    table: dict[str, Any] = {"id": key.id, "hash": key.hash, "principal": principal}
    if key.site:
        table["site"] = key.site
    if key.expires_at is not None:
        table["expires_at"] = datetime.fromtimestamp(key.expires_at, UTC)
    if key.revoked:
        table["revoked"] = True
    strict = Strict()
    strict.check(table, ApiKeyTable, ())
    if strict.findings:
        raise ConfigurationError(*(said for _, said in strict.findings))
    return table


def to_toml(key: StoredKey) -> str:
    """The table of a key as text, to be pasted into `hanse.toml`.

    Raises:
        ConfigurationError: `hanse.toml` would not take it; with all reasons.
    """
    lines = (f"{name} = {_toml(value)}\n" for name, value in write_key(key).items())
    return "".join(("[[api_keys]]\n", *lines))


def _toml(value: Any) -> str:
    match value:
        case dict():
            items = cast("dict[str, Any]", value).items()
            return "{ " + ", ".join(f"{name} = {_toml(inner)}" for name, inner in items) + " }"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case _:
            return json.dumps(value)  # of visible ASCII, truth and lists of them, JSON is TOML


def check_keys(tables: dict[str, Any], place: Place) -> list[Finding]:
    """What is wrong with keys beside their form: two of one id, and a pepper in the file.

    Args:
        tables: The file or one of its environments.
        place: Where that stands.
    """
    findings: list[Finding] = []
    known: set[str] = set()
    for position, key in enumerate(_items(tables.get(SECTION), list)):
        id_ = str(_items(key, dict).get("id", position))
        if id_ in known:
            where = (*place, SECTION, position, "id")
            said = f"{dotted(where)} is that of another key; mint one of its own."
            findings.append((where, said))
        known.add(id_)
    settings = _items(_items(tables.get("settings"), dict).get(SECTION), dict)
    if "pepper" in settings:
        where = (*place, "settings", SECTION, "pepper")
        said = f"the pepper never stands in hanse.toml; set the variable {VARIABLE}."
        findings.append((where, f"{dotted(where)}: {said}"))
    return findings


def _items(value: Any, kind: type) -> Any:
    """The value, or nothing of that kind where it is of another one, which is said elsewhere."""
    return value if isinstance(value, kind) else kind()


class ApiKeySettings(Settings):
    """What API keys need from the deployment.

    Attributes:
        pepper: What their hashes are made with; None if nobody gave it.
    """

    pepper: Secret | None = None


def read_pepper(sources: Sources, section: str = SECTION) -> Secret | None:
    """The pepper from a mounted file or else the environment; None if neither has it.

    Args:
        sources: Where to look; their tables are left out.
        section: What its variable and file are named by.

    Raises:
        SettingsError: It is there and cannot be used.
    """
    outside = msgspec.structs.replace(sources, tables={})
    return cast("ApiKeySettings", load({section: ApiKeySettings}, outside)[section]).pepper
