"""Seals what is personal in documents of one kind, and opens it for its readers."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Protocol

from hanse.runtime.data.personal.keys_used import (
    KeyProof,
    Keys,
    Owner,
    forget_doubted,
    key_of,
    keys_that_open,
    keys_to_seal,
    remember_new,
)
from hanse.runtime.data.personal.members import (
    Members,
    Row,
    Whose,
    clear,
    encode_members,
    foreign_in,
    foreign_leaf,
    owners_of,
    read_members,
    tree_of,
    turned,
    value_at,
    values_in,
)
from hanse.runtime.data.personal.sealed_text import (
    Place,
    read_sealed,
    says_nothing,
    text_in,
    with_files,
    write_sealed,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from hanse.runtime.data.entity.personal import PersonalLeaf
    from hanse.runtime.data.personal.keys_opened import KeysOpened
    from hanse.runtime.data.personal.subject_keys import SubjectKeys
    from hanse.runtime.data.query.fields import Path

ANYWAY = (("id",), ())
"""Paths of persons that are known without a look: of the row itself, and of nobody."""

PURPOSES = ("", "kept")

REMEMBERED = 10_000
"""Rows of which is known whose they are."""


class Sealable(Protocol):
    """What was read of a class whose documents are sealed: an entity, or an event."""

    sealed: tuple[PersonalLeaf, ...]
    """Values that are kept sealed."""
    personal: tuple[PersonalLeaf, ...]
    """Values that say something of a person."""
    shape: int
    """The number of the form that documents are written in."""

    @property
    def full_table(self) -> str:
        """What its documents are bound to, beside their ids."""
        ...

    def text_of(self, number: int) -> str:
        """The id that a UUID, as its number, has outside."""
        ...


class Sealing:
    """Seals and opens the documents of one kind.

    Args:
        model: What was read of its class.
        keys: Of all persons.
        remembered: Documents of which is known whose they are, as they will be changed.
    """

    def __init__(self, model: Sealable, keys: SubjectKeys, *, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._model = model
        self._keys = keys
        self._tree = tree_of(model.sealed)
        self._by_path = {one.path: one for one in model.personal}
        self.persons = tuple(dict.fromkeys(one.person for one in model.sealed))
        """Where ids of persons stand, each once."""
        self._whose: OrderedDict[Place, Whose] = OrderedDict()

    # Opening.

    async def opened(
        self, site: str, rows: Sequence[Any], *, anew: bool = False, by: KeysOpened | None = None
    ) -> list[dict[str, Any]]:
        """Rows with their documents in clear; those that are as good as deleted are left out.

        Args:
            site: Of all of them.
            rows: As they are stored.
            anew: Whether the database is asked for keys that are at hand, too, which another host
                may have destroyed since: where what is sealed is no row, and stays for long.
            by: Remembers by which keys; left out, the running call does.

        Raises:
            BrokenSeal: A value was moved or changed.
            HanseError: The database is away.
        """
        read = [self._row(site, row) for row in rows]
        for at, one in enumerate(read):
            if one.row["shape"] < self._model.shape:
                read[at], _ = await self._with_foreign(one)
        wanted = [owner for one in read for owner in owners_of(one)]
        for (subject, _), _ in wanted if anew else ():
            self._keys.forget(site, subject)
        keys = await keys_that_open(self._keys, site, wanted, by)
        return [{**one.row, "doc": body} for one in read if (body := clear(one, keys)) is not None]

    async def loaded(
        self, site: str, row: Any
    ) -> tuple[dict[str, Any], tuple[PersonalLeaf, ...]] | None:
        """A row to be merged and written back: its document in clear, and what to seal again.

        What another release sealed and this one does not know is opened as well, for whose row it
        is may change. None for a row that is as good as deleted.

        Raises:
            HanseError: As `opened`.
        """
        one, foreign = await self._with_foreign(self._row(site, row))
        body = clear(one, await keys_that_open(self._keys, site, owners_of(one)))
        return None if body is None else ({**row, "doc": body}, foreign)

    def _row(self, site: str, row: Any) -> Row:
        place, members = self.place(site, row["id"]), read_members(row["doc"])
        return Row(row, place, members, self._told(place, members), self._tree)

    async def _with_foreign(self, one: Row) -> tuple[Row, tuple[PersonalLeaf, ...]]:
        """Adds what another release sealed, as far as there are keys for it.

        Of an older shape all of it is needed to bring it up; without a key the row is gone.
        """
        found = list(foreign_in(one.members, self._tree))
        if not found:
            return one, ()
        keys = await self._keys.fetch(one.place.site, set(one.whose.values()))
        owners = {
            key.mark: (person, purpose)
            for person, subject in one.whose.items()
            for purpose in PURPOSES
            if (key := keys.get((subject, purpose))) is not None
        }
        if one.row["shape"] < self._model.shape:
            owners = {text.mark: (self.persons[0], "") for _, text, _ in found} | owners
        foreign = tuple(
            foreign_leaf(path, *owners[text.mark], token=bool(text.token), files=files)
            for path, text, files in found
            if text.mark in owners
        )
        return one._replace(tree=tree_of([*self._model.sealed, *foreign])), foreign

    # Sealing.

    async def whole(
        self,
        site: str,
        documents: Mapping[Place, bytes],
        *,
        new: bool = False,
        foreign: Sequence[PersonalLeaf] = (),
        given: Keys | None = None,
    ) -> tuple[list[bytes], KeyProof]:
        """Whole documents with what is personal sealed, and what proves it when they are written.

        Args:
            site: Whose they are.
            documents: By the rows they are for.
            new: Whether these rows are not there yet, so that nobody has a key of theirs.
            foreign: What else is to be sealed, as `loaded` said.
            given: Keys that are proven anyway, new ones among them.

        Raises:
            HanseError: The database is away.
        """
        tree = tree_of([*self._model.sealed, *foreign]) if foreign else self._tree
        read = [(place, read_members(body)) for place, body in documents.items()]
        whose = [self._told(place, members) for place, members in read]
        wanted = _with_own(
            (persons[leaf.person], leaf.purpose)
            for (_, members), persons in zip(read, whose, strict=True)
            for leaf, _ in values_in(members, tree)
        )
        fresh = {self._model.text_of(place.uuid.int) for place in documents} if new else set[str]()
        known = {owner: key for owner, key in (given or {}).items() if owner in wanted}
        others = [owner for owner in wanted if owner not in known]
        keys = {**known, **await keys_to_seal(self._keys, site, others, fresh)}
        sealed = [
            self._sealed(Row(None, place, members, persons, tree), keys)
            for (place, members), persons in zip(read, whose, strict=True)
        ]
        return sealed, KeyProof(keys)

    async def part(
        self, place: Place, body: bytes
    ) -> tuple[bytes, KeyProof, list[str | None]] | None:
        """A part of a document with what is personal sealed; None if nobody knows whose row it is.

        Besides what proves it it gives whose row it has to be, in the order of `persons`, and None
        where that does not matter.

        Raises:
            HanseError: The database is away.
        """
        members = read_members(body)
        touched = [leaf for leaf, _ in values_in(members, self._tree)]
        own = {("id",): self._model.text_of(place.uuid.int), (): ""}
        known = {**own, **self._whose.get(place, {})}
        if any(leaf.person not in known for leaf in touched):
            return None
        wanted = _with_own((known[leaf.person], leaf.purpose) for leaf in touched)
        keys = await keys_to_seal(self._keys, place.site, wanted)
        needed = {leaf.person for leaf in touched}
        expected = [known[one] if one in needed else None for one in self.persons]
        row = Row(None, place, members, known, self._tree)
        return self._sealed(row, keys), KeyProof(keys), expected

    def touches(self, body: bytes) -> bool:
        """Whether something in a part of a document is to be sealed."""
        return any(True for _ in values_in(read_members(body), self._tree))

    def proven(self, site: str, proof: KeyProof) -> None:
        """Says that a write was done, so that its new keys are kept."""
        remember_new(self._keys, site, proof)

    async def doubted(self, places: Collection[Place], proof: KeyProof) -> None:
        """Says that a write did nothing, so that what was known for it is asked anew.

        Its person may be erased or another, or be written to by two hosts for the first time.

        Raises:
            HanseError: The database is away.
        """
        for place in places:
            self._whose.pop(place, None)
        await forget_doubted(self._keys, next(iter(places)).site, proof)

    def token(self, site: str, text: str) -> str:
        """What stands for a text where a query compares it; the empty one stands for itself."""
        return self._keys.ring.token(site, text) if text else ""

    # Whose.

    def place(self, site: str, uuid: Any) -> Place:
        """The row of one."""
        return Place(site, self._model.full_table, uuid)

    def _told(self, place: Place, members: Members) -> Whose:
        """Whose a document is; it is remembered, for changes that do not say it."""
        found = {person: self._subject(place, person, members) for person in self.persons}
        if any(one not in ANYWAY for one in self.persons):
            self._whose[place] = found
            if len(self._whose) > self._remembered:
                self._whose.popitem(last=False)
        return found

    def _subject(self, place: Place, person: Path, members: Members) -> str:
        if person in ANYWAY:
            return self._model.text_of(place.uuid.int) if person else ""
        value = value_at(members, person)
        leaf = self._by_path.get(person)
        if leaf is None or not leaf.sealed:
            return text_in(value)
        sealed = read_sealed(value)
        return sealed.token if sealed else self.token(place.site, text_in(value))

    def _sealed(self, one: Row, keys: Keys) -> bytes:
        """A document with what is personal sealed."""

        def turn(leaf: PersonalLeaf, value: bytes) -> bytes:
            if says_nothing(value):
                return value
            key = key_of(keys[one.whose[leaf.person], leaf.purpose])
            token = self.token(one.place.site, text_in(value)) if leaf.searchable else ""
            text = write_sealed(key, value, one.place.bound(leaf.path), token)
            return with_files(text, value) if leaf.files else text

        return encode_members(turned(one.members, one.tree, turn))


def _with_own(owners: Iterable[Owner]) -> dict[Owner, None]:
    """Whoever has something kept has a key that is not, by which an erasure knows who came back."""
    return dict.fromkeys(one for owner in owners for one in ((owner[0], ""), owner))
