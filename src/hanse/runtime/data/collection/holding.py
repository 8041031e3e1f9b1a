"""What a statement holds while it writes: those it refers to, and the keys it sealed by."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hanse.runtime.data.entity.expression import inside, token
from hanse.runtime.data.entity.references import model_of
from hanse.runtime.data.personal.keys_used import ARGUMENTS, proof_parts, proven

if TYPE_CHECKING:
    from hanse.runtime.data.entity.model import EntityModel
    from hanse.runtime.data.query.fields import Path


class Told(NamedTuple):
    """What a statement says besides: a column of its answer."""

    name: str
    type: str
    expression: str


class Holding:
    """Parts of the statements of one entity.

    Their arguments come last: for each in `checked` a list of ids, then those of a `KeyProof` where
    something is sealed.

    Args:
        model: What was read of the entity.
        keyed: Whether keys are held although nothing of it is sealed.

    Attributes:
        checked: What this one refers to: entities of the same schema, and files.
        needed: Whether anything is held.
    """

    def __init__(self, model: EntityModel, *, keyed: bool = False) -> None:
        targets = (model_of(target, model) for target in model.referred)
        self.checked = tuple(dict.fromkeys(targets))
        self._sealed = keyed or bool(model.sealed)
        self._persons = tuple(dict.fromkeys(one.person for one in model.sealed))
        self._blind = {one.path for one in model.sealed if one.searchable}
        self.needed = self._sealed or bool(self.checked)

    def after(self, first: int) -> int:
        """The number of the argument after those of all that is held, which begin with one."""
        return first + len(self.checked) + ARGUMENTS * self._sealed

    def parts(self, first: int, *, many: bool = False) -> str:
        """Parts of a `with`, by the number of the first argument; empty if nothing is held.

        New keys are kept only if all is found, but where many are written, each by itself.
        """
        found = [self.found(first)] if self.checked else []
        only_if = self._all_found(first) if self.checked and not many else "true"
        keys = [proof_parts(first + len(self.checked), only_if)] if self._sealed else []
        return ", ".join([*found, *keys])

    def conditions(self, first: int) -> list[str]:
        """What must hold of it."""
        found = [self._all_found(first)] if self.checked else []
        return [*found, *self.keys_hold(first)]

    def keys_hold(self, first: int) -> list[str]:
        """What must hold of the keys, of all that is held from a number on."""
        return [proven(first + len(self.checked))] if self._sealed else []

    def told(self, first: int) -> list[Told]:
        """What is said of it."""
        sealed = [Told("sealed", "boolean", one) for one in self.keys_hold(first)]
        return [*self.found_ids(), *sealed]

    def whose(self, argument: int) -> list[Told]:
        """Whether a row is of whom an argument says, as far as it does."""
        same = " and ".join(
            f"coalesce((${argument}::text[])[{at}] = {self._subject(person)}, true)"
            for at, person in enumerate(self._persons, 1)
        )
        return [Told("whose", "boolean", f"({same or True})")] if self._sealed else []

    def found(self, first: int) -> str:
        """What there is of the ids in the arguments from the first on, held as it is."""
        return ", ".join(
            f"found_{at} as materialized (select id from {one.full_table} "
            f"where site_id = $1 and id = any(${first + at}::uuid[])"
            f"{' and delete_time is null' if one.soft else ''} order by id for key share)"
            for at, one in enumerate(self.checked)
        )

    def found_of(self, number: str, first: int) -> str:
        """Whether all is found that one of many refers to, by pairs in two arguments."""
        anywhere = " union all ".join(f"select id from found_{at}" for at in self._places())
        return (
            f"not exists (select from unnest(${first}::int[], ${first + 1}::uuid[]) as r (n, id) "
            f"where r.n = {number} and r.id not in ({anywhere}))"
        )

    def found_ids(self) -> list[Told]:
        """The ids that are there, of each it refers to."""
        return [
            Told(f"found_{at}", "uuid[]", f"(select array_agg(id) from found_{at})")
            for at in self._places()
        ]

    def _all_found(self, first: int) -> str:
        return " and ".join(
            f"(select count(*) from found_{at}) = cardinality(${first + at}::uuid[])"
            for at in self._places()
        )

    def _subject(self, person: Path) -> str:
        """Whose a row is, as SQL; an id is known, and nobody has none."""
        if person in {(), ("id",)}:
            return "null"
        text = inside("doc", person, "->>")
        return f"coalesce({token(text) if person in self._blind else text}, '')"

    def _places(self) -> range:
        return range(len(self.checked))
