"""For every rule what was, what breaks it, and what is close to that and breaks nobody."""

from __future__ import annotations

from typing import NamedTuple


class Pair(NamedTuple):
    """A rule, where it is broken, and three releases."""

    rule: str
    place: str
    before: str
    breaking: str
    compatible: str

    @property
    def id(self) -> str:
        return f"{self.rule}: {self.place}"


MAKE = "shop.v1.Things/make"


def takes(arguments: str, types: str = "") -> str:
    """A release whose method takes something."""
    return answers("None", types, arguments)


def answers(result: str, types: str = "", arguments: str = "") -> str:
    """A release whose method answers something."""
    return f"""
{types}
class Things(Service):
    @rpc("POST /shop/v1/things", allow=PUBLIC)
    async def make(self, {arguments}) -> {result}: ...
"""


def declared(
    options: str, before: str = "", kind: str = "async def make(self, thing: str) -> None"
) -> str:
    """A release whose method is declared in some way."""
    return f"""
{before}
class Things(Service, package="shop.v1"):
    @rpc({options})
    {kind}: ...

    @rpc("GET /shop/v1/else", allow=PUBLIC)
    async def something_else(self) -> None: ...
"""


def methods(*names: str) -> str:
    """A release with some methods."""
    lines = (
        f'    @rpc("POST /shop/v1/{name}", allow=PUBLIC)\n    async def {name}(self) -> None: ...\n'
        for name in names
    )
    return "class Things(Service):\n" + "".join(lines)


def struct(fields: str, options: str = "", name: str = "Box") -> str:
    """A struct, `frozen` as all of a contract are."""
    return f"class {name}(Struct, frozen=True{options}):\n    " + fields.replace("; ", "\n    ")


def error(body: str, kind: str = "FailedPrecondition") -> str:
    return f"""
class Full({kind}):
    code = "full"
    {body}

class Things(Service):
    @rpc("POST /shop/v1/things", allow=PUBLIC, errors=(Full,))
    async def make(self) -> None: ...
"""


def stored(fields: str, head: str = '"shop.boxes"', more: str = "", name: str = "Box") -> str:
    """A release that keeps boxes."""
    body = fields.replace("; ", "\n    ")
    return f"""
class State(enum.Enum):
    NEW = "new"
    OLD = "old"

class Wide(enum.Enum):
    NEW = "new"
    OLD = "old"
    GONE = "gone"

@entity({head})
class {name}(Entity):
    {body}

{more}
class Things(Service, package="shop.v1"):
    def __init__(self, boxes: Collection[{name}]) -> None:
        self._boxes = boxes

    @rpc(allow=PUBLIC)
    async def make(self) -> None: ...
"""


def told(
    fields: str, key: str = "box", name: str = "Packed", more: str = "", subscribe: str = ""
) -> str:
    """A release that tells an event, and takes it."""
    body = fields.replace("; ", "\n    ")
    return f"""
@event("shop.v1", key="{key}"{more})
class {name}(Event):
    {body}

class Things(Service, package="shop.v1"):
    def __init__(self, events: Events) -> None: ...

    @rpc(allow=PUBLIC)
    async def make(self) -> None: ...

class Notices(Service, package="notices.v1"):
    @subscribe({name}{subscribe})
    async def notify(self, event: {name}) -> None: ...
"""


def runs(arguments: str, result: str = "str", version: int = 1, person: str = "") -> str:
    """A release with a workflow."""
    return f"""
class Things(Service, package="shop.v1"):
    @workflow(version={version}{person})
    async def pack(self, run: Run, {arguments}) -> {result}: ...
"""


def told_by(fields: str, name: str = "ThingsSettings") -> str:
    """A release with settings."""
    body = fields.replace("; ", "\n    ")
    return f"""
class {name}(Settings):
    {body}

class Things(Service, package="shop.v1"):
    def __init__(self, settings: {name}) -> None: ...

    @rpc(allow=PUBLIC)
    async def make(self) -> None: ...
"""


TWO = (
    runs("box: str")
    + """
    @workflow(version=2, of="pack")
    async def pack_2(self, run: Run, box: str) -> str: ...
"""
)
FILE = "file: Annotated[File, Accepts({}, max_bytes={})]"
LOST = 'class Lost(NotFound):\n    code = "lost"\n'
BOX = struct("name: str")
CARD = struct("number: str", ', tag="card"', "Card")
CASH = struct("coins: int", ', tag="cash"', "Cash")
BOTH = f"{CARD}\n{CASH}"
ENUM = "class State(enum.Enum):\n    NEW = 'new'\n    OLD = 'old'\n"
WIDE = ENUM + "    GONE = 'gone'\n"
PERSON = '"shop.boxes", person="buyer"'
BUYER = "buyer: Annotated[str, Length(0, 40), Indexed()]; "
LIFT = "@upcast(Box, 1)\ndef lift(document: dict[str, Any]) -> dict[str, Any]:\n    return {'size': 1} | document\n"

PAIRS = (
    # methods
    Pair("contract_removed", "shop.v1.Things", methods("make"), methods("make").replace("Things", "Stuff"),
         methods("make") + methods("take").replace("Things", "Stuff")),
    Pair("method_removed", MAKE, methods("make", "take"), methods("take"), methods("make", "take", "more")),
    Pair("route_changed", MAKE, declared('"POST /shop/v1/{thing}/a", allow=PUBLIC'),
         declared('"POST /shop/v1/{thing}/b", allow=PUBLIC'),
         declared('"POST /shop/v1/{thing}/a", allow=PUBLIC, timeout=5')),
    Pair("route_changed", MAKE, declared('"POST /shop/v1/a", allow=PUBLIC'), declared("allow=PUBLIC"),
         declared('"POST /shop/v1/a", allow=PUBLIC, errors=(Lost,)', LOST)),
    Pair("route_changed", MAKE, declared('"POST /shop/v1/a", allow=PUBLIC'),
         declared('"PUT /shop/v1/a", allow=PUBLIC'), declared('"POST /shop/v1/a", allow=PUBLIC, concurrency=5')),
    Pair("streaming_changed", MAKE, declared('"GET /shop/v1/a", allow=PUBLIC', kind="async def make(self) -> str"),
         declared('"GET /shop/v1/a", allow=PUBLIC', kind="def make(self) -> AsyncIterator[str]"),
         declared('"GET /shop/v1/a", allow=PUBLIC', kind="def make(self) -> str")),
    Pair("body_changed", MAKE, declared('"POST /shop/v1/a", allow=PUBLIC', BOX, kind="async def make(self, box: Box) -> None"),
         declared('"POST /shop/v1/a", allow=PUBLIC, body="box"', BOX, kind="async def make(self, box: Box) -> None"),
         declared('"POST /shop/v1/a", allow=PUBLIC', BOX, kind="async def make(self, box: Box, more: int = 1) -> None")),
    # permissions
    Pair("permission_tightened", MAKE, declared('"POST /shop/v1/a", allow=PUBLIC'),
         declared('"POST /shop/v1/a", allow=SIGNED_IN'), declared('"POST /shop/v1/a", allow=PUBLIC, idempotent=True')),
    Pair("permission_tightened", MAKE, declared('"POST /shop/v1/a", allow=permission("shop.read")'),
         declared('"POST /shop/v1/a", allow=permission("shop.write")'),
         declared('"POST /shop/v1/a", allow=permission("shop.read") | permission("shop.write")')),
    Pair("permission_tightened", MAKE, declared('"POST /shop/v1/a", allow=kind("staff") | permission("shop.read")'),
         declared('"POST /shop/v1/a", allow=permission("shop.read")'),
         declared('"POST /shop/v1/a", allow=SIGNED_IN')),
    # idempotency
    Pair("idempotency_lost", MAKE, declared('"POST /shop/v1/a", allow=PUBLIC, idempotent=True'),
         declared('"POST /shop/v1/a", allow=PUBLIC'), declared('"POST /shop/v1/a", allow=PUBLIC, idempotent=True, timeout=3')),
    # errors
    Pair("error_removed", f"{MAKE} error full", error("left: int = 0"), answers("None"),
         LOST + error("left: int = 0").replace("errors=(Full,)", "errors=(Full, Lost)")),
    Pair("error_changed", f"{MAKE} error full", error("left: int = 0"), error("left: int = 0", "AlreadyExists"),
         error("left: int = 0; right: int = 0".replace("; ", "\n    "))),
    Pair("field_removed", f"{MAKE} error full left", error("left: int"), error("pass"), error("left: int\n    more: int")),
    Pair("type_changed", f"{MAKE} error full left", error("left: int"), error("left: str"), error("left: Annotated[int, Range(0)]")),
    # fields
    Pair("field_required", f"{MAKE} request box", takes(""), takes("box: int"), takes("box: int = 1")),
    Pair("field_required", f"{MAKE} request box", takes("box: int = 1"), takes("box: int"), takes("box: int | None = 1")),
    Pair("field_required", f"{MAKE} request box.size", takes("box: Box", struct("name: str")),
         takes("box: Box", struct("name: str; size: int")), takes("box: Box", struct("name: str; size: int = 1"))),
    Pair("field_untaken", f"{MAKE} request box", takes("box: int, name: str = ''"), takes("name: str = ''"),
         takes("name: str = '', box: int = 1")),
    Pair("field_untaken", f"{MAKE} request box.size", takes("box: Box", struct("name: str; size: int = 1")),
         takes("box: Box", struct("name: str")), takes("box: Box", struct("size: int = 1; name: str = ''"))),
    Pair("field_removed", f"{MAKE} answer size", answers("Box", struct("name: str; size: int")), answers("Box", struct("name: str")),
         answers("Box", struct("name: str; size: int; more: str"))),
    Pair("field_removed", f"{MAKE} answer []{{}}.size", answers("tuple[Mapping[str, Box], ...]", struct("name: str; size: int = 1")),
         answers("tuple[Mapping[str, Box], ...]", struct("name: str; extent: int = 1")),
         answers("tuple[Mapping[str, Box], ...]", struct("name: str; size: int = 2; extent: int = 1"))),
    Pair("field_left_out", f"{MAKE} answer size", answers("Box", struct("name: str; size: int")),
         answers("Box", struct("name: str; size: int = 1", ", omit_defaults=True")), answers("Box", struct("name: str; size: int = 1"))),
    Pair("default_changed", f"{MAKE} request box", takes("box: int = 1"), takes("box: int = 2"), takes("box: int = 1, more: int = 2")),
    Pair("default_changed", f"{MAKE} answer size", answers("Box", struct("name: str; size: int = 1", ", omit_defaults=True")),
         answers("Box", struct("name: str; size: int = 2", ", omit_defaults=True")), answers("Box", struct("name: str; size: int = 2"))),
    # types
    Pair("type_changed", f"{MAKE} request box", takes("box: int"), takes("box: str"), takes("box: float")),
    Pair("type_changed", f"{MAKE} answer", answers("float"), answers("int | str").replace("int | str", "bool"), answers("int")),
    Pair("type_changed", f"{MAKE} request box", takes("box: UUID"), takes("box: date"), takes("box: str")),
    Pair("type_changed", f"{MAKE} answer", answers("str"), answers("int"), answers("datetime")),
    Pair("type_changed", f"{MAKE} request box", takes("box: tuple[int, int]"), takes("box: tuple[int, int, int]"), takes("box: tuple[int, float]")),
    Pair("type_changed", f"{MAKE} answer []", answers("tuple[int, ...]"), answers("tuple[str, ...]"),
         answers("tuple[Annotated[int, Range(0)], ...]")),
    Pair("null_refused", f"{MAKE} request box", takes("box: int | None"), takes("box: int"), takes("box: int | None = None")),
    Pair("null_new", f"{MAKE} answer", answers("int"), answers("int | None"), answers("Annotated[int, Range(0)]")),
    Pair("option_refused", f"{MAKE} request pay", takes("pay: Card | Cash", BOTH), takes("pay: Card", BOTH),
         takes("pay: Card | Cash | None", BOTH)),
    Pair("option_new", f"{MAKE} answer", answers("Card", BOTH), answers("Card | Cash", BOTH), answers("Card", CARD)),
    Pair("option_refused", f"{MAKE} request pay", takes("pay: int | str"), takes("pay: int"), takes("pay: float | str")),
    Pair("tag_changed", f"{MAKE} request pay", takes("pay: Card", CARD), takes("pay: Card", CARD.replace('"card"', '"plastic"')),
         takes("pay: Plastic", CARD.replace("Card(", "Plastic("))),
    Pair("order_lost", f"{MAKE} request box", takes("box: tuple[int, ...]"), takes("box: frozenset[int]"), takes("box: tuple[float, ...]")),
    Pair("order_lost", f"{MAKE} answer", answers("frozenset[int]"), answers("tuple[int, ...]"), answers("frozenset[Annotated[int, Range(0)]]")),
    # enums
    Pair("enum_narrowed", f"{MAKE} request box", takes("box: State", WIDE), takes("box: State", ENUM), takes("box: State", WIDE + "    MORE = 'm'\n")),
    Pair("enum_widened", f"{MAKE} answer", answers("State", ENUM), answers("State", WIDE), answers("State", "class State(enum.Enum):\n    NEW = 'new'\n")),
    Pair("enum_narrowed", f"{MAKE} request box", takes("box: str"), takes("box: Literal['a', 'b']"), takes("box: str | int")),
    Pair("enum_widened", f"{MAKE} answer", answers("Literal['a', 'b']"), answers("str"), answers("Literal['a']")),
    # validation
    Pair("bounds_tightened", f"{MAKE} request box", takes("box: Annotated[str, Length(0, 9)]"), takes("box: Annotated[str, Length(0, 8)]"),
         takes("box: Annotated[str, Length(0, 10)]")),
    Pair("bounds_tightened", f"{MAKE} request box", takes("box: int"), takes("box: Annotated[int, Range(1)]"), takes("box: int | None")),
    Pair("bounds_tightened", f"{MAKE} request box", takes("box: Annotated[int, Meta(gt=0, lt=9)]"), takes("box: Annotated[int, Range(1, 7)]"),
         takes("box: Annotated[int, Range(1, 8)]")),
    Pair("bounds_tightened", f"{MAKE} request box", takes("box: Annotated[float, Meta(ge=0)]"), takes("box: Annotated[float, Meta(gt=0)]"),
         takes("box: Annotated[float, Meta(gt=-1)]")),
    Pair("bounds_tightened", f"{MAKE} request box", takes("box: Annotated[int, Meta(multiple_of=6)]"), takes("box: Annotated[int, Meta(multiple_of=4)]"),
         takes("box: Annotated[int, Meta(multiple_of=3)]")),
    Pair("bounds_tightened", f"{MAKE} request box", takes("box: Annotated[tuple[int, ...], Length(0, 9)]"),
         takes("box: Annotated[tuple[int, ...], Length(1, 9)]"), takes("box: Annotated[tuple[int, ...], Length(0, 99)]")),
    Pair("bounds_tightened", f"{MAKE} request box", takes("box: Literal['a', 'bcd']"), takes("box: Annotated[str, Length(0, 2)]"),
         takes("box: Annotated[str, Length(1, 3)]")),
    Pair("bounds_loosened", f"{MAKE} answer", answers("Annotated[int, Range(1, 9)]"), answers("Annotated[int, Range(1, 10)]"),
         answers("Annotated[int, Range(2, 9)]")),
    Pair("bounds_loosened", f"{MAKE} answer", answers("Annotated[str, Length(1, 9)]"), answers("str"), answers("Annotated[str, Length(2, 9)]")),
    Pair("pattern_tightened", f"{MAKE} request box", takes("box: str"), takes("box: Annotated[str, Pattern('^a')]"), takes("box: str = 'a'")),
    Pair("pattern_loosened", f"{MAKE} answer", answers("Annotated[str, Pattern('^a')]"), answers("str"),
         answers("Annotated[str, Pattern('^a'), Length(1, 9)]")),
    # events
    Pair("event_removed", "shop.v1.Packed", told("box: str"), told("box: str", name="Wrapped"),
         told("box: str") + told("box: str", name="Wrapped").replace("Things", "More").replace("Notices", "Letters").replace("notices", "letters")),
    Pair("event_key_changed", "shop.v1.Packed", told("box: str; by: str"), told("box: str; by: str", key="by"), told("box: str; by: str; at: str = ''")),
    Pair("event_seal_changed", "shop.v1.Packed name", told("box: str; name: str = ''", more=', person="box"'),
         told("box: str; name: Annotated[str, Personal(erase='field')] = ''", more=', person="box"'),
         told("box: str; name: str = ''; mail: Annotated[str, Personal(erase='field')] = ''", more=', person="box"')),
    Pair("field_removed", "shop.v1.Packed size", told("box: str; size: int = 1"), told("box: str"), told("box: str; size: int = 1; more: int = 1")),
    Pair("field_required", "shop.v1.Packed size", told("box: str"), told("box: str; size: int"), told("box: str; size: int = 1")),
    Pair("bounds_loosened", "shop.v1.Packed size", told("box: str; size: Annotated[int, Range(1, 9)]"), told("box: str; size: Annotated[int, Range(0, 9)]"),
         told("box: str; size: Annotated[int, Range(1, 9)]; at: int = 0")),
    Pair("bounds_tightened", "shop.v1.Packed size", told("box: str; size: Annotated[int, Range(1, 9)]"), told("box: str; size: Annotated[int, Range(2, 9)]"),
         told("box: str; size: Annotated[int, Meta(gt=0, lt=10)]")),
    Pair("default_changed", "shop.v1.Packed size", told("box: str; size: int = 1"), told("box: str; size: int = 2"),
         told("box: str; size: int = 1; at: int = 2")),
    Pair("subscription_renamed", "notices.v1.Notices/notify", told("box: str"), told("box: str").replace("def notify", "def tell"),
         told("box: str", subscribe=', name="notices.v1.Notices/notify"').replace("def notify", "def tell")),
    # documents
    Pair("document_moved", "shop.boxes", stored("size: int = 1"), stored("size: int = 1", '"shop.crates"'),
         stored("size: int = 1", '"shop.boxes", prefix="box"')),
    Pair("prefix_changed", "shop.boxes", stored("size: int = 1"), stored("size: int = 1", '"shop.boxes", prefix="crate"'),
         stored("size: int = 1", '"shop.boxes", prefix="box"', name="Crate")),
    Pair("upcaster_dropped", "shop.boxes", stored("size: int = 1", more=LIFT), stored("size: int = 1"), stored("size: int = 1; more: int = 1", more=LIFT)),
    Pair("deletion_changed", "shop.boxes", stored("size: int = 1", '"shop.boxes", deletes="soft"'), stored("size: int = 1"),
         stored("size: int = 1; delete_time: Instant | None = None", '"shop.boxes", deletes="soft"')),
    Pair("document_seal_changed", "shop.boxes name", stored(BUYER + "name: str = ''", PERSON),
         stored(BUYER + "name: Annotated[str, Personal(erase='field')] = ''", PERSON),
         stored(BUYER + "name: Annotated[str, Personal(erase='field', sealed=False)] = ''", PERSON)),
    Pair("unique_added", "shop.boxes name", stored("name: Annotated[str, Length(0, 9), Indexed()]"), stored("name: Annotated[str, Length(0, 9), Unique()]"),
         stored("name: Annotated[str, Length(0, 9), Indexed()]", '"shop.boxes", Index("name", "-create_time")')),
    Pair("index_removed", "shop.boxes name", stored("name: Annotated[str, Length(0, 9), Indexed()]"), stored("name: Annotated[str, Length(0, 9)]"),
         stored("name: Annotated[str, Length(0, 9)]", '"shop.boxes", Index("name", "-create_time")')),
    Pair("immutable_added", "shop.boxes name", stored("name: str = ''"), stored("name: Annotated[str, Immutable()] = ''"),
         stored("name: str = ''; more: Annotated[str, Immutable()] = ''")),
    Pair("field_required", "shop.boxes size", stored("name: str"), stored("name: str; size: int"), stored("name: str; size: int", more=LIFT)),
    Pair("field_removed", "shop.boxes size", stored("name: str; size: int"), stored("name: str", more=LIFT), stored("name: str; size: int = 1")),
    Pair("enum_widened", "shop.boxes state", stored("state: State"), stored("state: Wide"), stored("state: State; other: Wide = Wide.GONE")),
    Pair("enum_narrowed", "shop.boxes state", stored("state: Wide"), stored("state: State"), stored("state: Wide; other: State = State.NEW")),
    Pair("bounds_loosened", "shop.boxes name", stored("name: Annotated[str, Length(0, 9)]"), stored("name: Annotated[str, Length(0, 10)]"),
         stored("name: Annotated[str, Length(0, 9)]; more: Annotated[str, Length(0, 10)] = ''")),
    Pair("default_changed", "shop.boxes size", stored("size: int = 1"), stored("size: int = 2"), stored("size: int = 1; more: int = 2")),
    Pair("null_new", "shop.boxes size", stored("size: int"), stored("size: int | None"), stored("size: int; more: int | None = None")),
    Pair("type_changed", "shop.boxes size", stored("size: int"), stored("size: float"), stored("size: int; exact: float = 0.0")),
    # workflows
    Pair("workflow_version_dropped", "shop.v1.Things/Pack 1", runs("box: str"), runs("box: str", version=2), TWO),
    Pair("workflow_seal_changed", "shop.v1.Things/Pack 1 arguments", runs("buyer: str, name: str", person=', person="buyer"'),
         runs('buyer: str, name: Annotated[str, Personal(erase="row")]', person=', person="buyer"'),
         runs("buyer: str, name: str, more: int = 1", person=', person="buyer"')),
    Pair("field_required", "shop.v1.Things/Pack 1 arguments size", runs("box: str"), runs("box: str, size: int"), runs("box: str, size: int = 1")),
    Pair("type_changed", "shop.v1.Things/Pack 1 result", runs("box: str", "int"), runs("box: str", "str"), runs("box: str, more: int = 1", "int")),
    # settings
    Pair("setting_removed", "[settings.things] size", told_by("size: int = 1; name: str = ''"), told_by("name: str = ''"),
         told_by("size: int = 2; name: str = ''; more: int = 1")),
    Pair("field_required", "[settings.things] size", told_by("name: str = ''"), told_by("name: str = ''; size: int"), told_by("name: str = ''; size: int = 1")),
    Pair("field_required", "[settings.things] size", told_by("size: int = 1"), told_by("size: int"), told_by("size: int = 3")),
    Pair("bounds_tightened", "[settings.things] size", told_by("size: int = 1"), told_by("size: Annotated[int, Range(1, 5)] = 1"),
         told_by("size: int | None = 1")),
)  # fmt: skip


def uploads(kinds: str, most: int) -> str:
    return f"""
class Things(Service):
    def __init__(self, files: Files) -> None: ...

    @rpc("POST /shop/v1/things", allow=PUBLIC, body="file")
    async def make(self, {FILE.format(kinds, most)}) -> None: ...
"""


HIDDEN = """
@entity("shop.boxes")
class Box(Entity):
    name: str = ""
    key: {} = None

class Boxes(Resource[Box], allow=PUBLIC):
    \"\"\"Boxes.\"\"\"
"""

PAIRS = (
    *PAIRS,
    Pair("upload_narrowed", MAKE, uploads('"image/png", "image/jpeg"', 9000), uploads('"image/png"', 9000),
         uploads('"image/png", "image/jpeg", "image/gif"', 9000)),
    Pair("upload_narrowed", MAKE, uploads('"image/png"', 9000), uploads('"image/png"', 8000), uploads('"image/png"', 9999)),
    Pair("field_removed", "shop.v1.Boxes/get answer key", HIDDEN.format("str | None"), HIDDEN.format("Secret | None"),
         HIDDEN.format("str | None").replace("None\n", "None\n    more: Secret | None = None\n", 1)),
)  # fmt: skip
