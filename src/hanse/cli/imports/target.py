"""Where rows go: the resource a name means, the field its entities are known by, its server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

import msgspec

from hanse.cli.refusal import Refused
from hanse.runtime.contract.mistakes import Mistakes
from hanse.runtime.data.entity.entity import Entity
from hanse.runtime.data.resource.methods import entity_in
from hanse.runtime.data.resource.resource import Resource
from hanse.runtime.project.strict import like

if TYPE_CHECKING:
    from hanse.runtime.credentials.development import DevelopmentIssuer
    from hanse.runtime.project.project import Project

EXTERNAL = "external_id"
"""What a key is usually called; it counts where several fields are unique."""

TOKEN_SECONDS = 300.0
NAMES = ("query", "count", "bulk_create", "bulk_update")
"""The methods that an import calls."""


class Target(msgspec.Struct, frozen=True):
    """A resource that rows can go to.

    Attributes:
        resource: Its class.
        entity: The class of what it keeps.
        key: Its field that rows are known by.
    """

    resource: type[Resource[Any]]
    entity: type[Entity]
    key: str

    @property
    def table(self) -> str:
        """Like `hiring.jobs`."""
        return self.entity.__entity__.full_table

    @property
    def permissions(self) -> frozenset[str]:
        """All that its methods may ask of whoever imports."""
        methods: Any = self.resource.__contract__.methods
        return frozenset(name for one in NAMES for name in methods[one].rule.permissions)


def find_target(project: Project, name: str, key: str = "") -> Target:
    """The resource that a name means: `jobs`, or in full `hiring.jobs`.

    Args:
        project: Whose services to look through.
        name: With dots or slashes; a version in it, as in addresses, is passed over.
        key: The field that rows are known by; empty for the one that is unique.

    Raises:
        Refused: There is none, there are several, or nothing in it is unique.
    """
    asked = ".".join(part for part in name.strip("/").replace("/", ".").split(".") if part != "v1")
    known = {kept.__entity__.full_table: (resource, kept) for resource, kept in _kept(project)}
    found = [table for table in known if asked in {table, table.partition(".")[2]}]
    if not found:
        near = like(asked, [*known, *(table.partition(".")[2] for table in known)]) if known else ""
        said = f"There is no collection {name} in this project{near or '; it has none at all'}"
        raise Refused(said if said.endswith("?") else f"{said}.")
    if len(found) > 1:
        raise Refused(f"{name} may be {' or '.join(sorted(found))}; say which.")
    resource, kept = known[found[0]]
    return Target(resource, kept, key_of(kept, key))


def key_of(cls: type[Entity], asked: str = "") -> str:
    """The field that others know an entity by.

    Raises:
        Refused: No field is unique, several are, or the one asked for is not.
    """
    model = cls.__entity__
    unique = [one.fields[0] for one in model.indexes if one.shape.unique and len(one.fields) == 1]
    if asked:
        if asked not in unique:
            raise Refused(f"{asked} of {cls.__name__} is not unique{like(asked, unique)}.")
        return asked
    if EXTERNAL in unique:
        return EXTERNAL
    if len(unique) == 1:
        return unique[0]
    remedy = f"say which: --key {unique[0]}" if unique else "mark a field with Unique()"
    what = f"may be known by {', '.join(unique)}" if unique else "has no field that is unique"
    raise Refused(f"{cls.__name__} {what}; {remedy}.")


def minted(issuer: DevelopmentIssuer, target: Target, site: str) -> Callable[[], str]:
    """Tokens of a member of staff who may do what an import does, each good for minutes."""

    def token() -> str:
        return issuer.mint(
            "staff", "import", permissions=target.permissions, site=site, lifetime=TOKEN_SECONDS
        )

    return token


def _kept(project: Project) -> Iterator[tuple[type[Resource[Any]], type[Entity]]]:
    """The resources of a project, each with the class of what it keeps."""
    for service in project.services():
        if issubclass(service, Resource):
            resource = cast("type[Resource[Any]]", service)
            kept = entity_in(resource, Resource, Mistakes(resource.__name__))
            assert kept is not None
            yield resource, kept
