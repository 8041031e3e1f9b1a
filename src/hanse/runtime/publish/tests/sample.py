"""A contract with everything a contract can have, written by hand."""

from hanse.runtime.contract.description import (
    AnyOf,
    Choice,
    ContractDescription,
    ErrorDescription,
    FieldDescription,
    Many,
    MethodDescription,
    Ref,
    Row,
    Scalar,
    Table,
    TypeDescription,
)

F = FieldDescription
TEXT, INT, NULL = Scalar("string"), Scalar("integer"), Scalar("null")
HOSTILE = (
    'Ends */ the comment, `ticks` ${1} "quotes" \\ and <img src=x onerror="window.hacked=1">\n'
    "<script>window.hacked=1</script>\r\u2028 and \0 more\n\nSecond paragraph."
)


def maybe(shape):
    return AnyOf((shape, NULL))


SCALARS = TypeDescription(
    "Scalars",
    (
        F(
            "text",
            Scalar("string", min_length=1, max_length=100, pattern=r"\A[a-z]+\Z"),
            doc="Small letters.",
        ),
        F("whole", INT),
        F("count", Scalar("integer", minimum=0, maximum=1000), required=False, default=1),
        F("share", Scalar("number", exclusive_minimum=0, maximum=1)),
        F("flag", Scalar("boolean")),
        F("blob", Scalar("bytes", max_length=300)),
        F("at", Scalar("datetime")),
        F("day", Scalar("date")),
        F("hour", Scalar("time")),
        F("took", Scalar("duration")),
        F("id", Scalar("uuid")),
        F("price", Scalar("decimal")),
        F("extra", Scalar("any")),
    ),
    doc=HOSTILE,
)
COLOUR = Choice("Colour", ("red", "deep blue", 'qu"ote'))
NODE = TypeDescription(
    "Node",
    (
        F("name", TEXT),
        F("children", Many(Ref("Node")), required=False, default=[]),
        F("parent", maybe(Ref("Node")), required=False),
        F("by_name", Table(Ref("Node")), required=False, default={}),
        F("labels", Many(TEXT, unique=True, max_length=5), required=False, default=[]),
        F("place", Row((Scalar("number"), Scalar("number"))), required=False, default=[0, 0]),
        F("grid", Many(Many(INT)), required=False, default=[]),
        F("gaps", Many(maybe(TEXT)), required=False, default=[]),
        F("colour", COLOUR, required=False, default="red"),
        F("size", Choice("", (1, 2, 3)), required=False, default=1),
        F("mode", Choice("", ("a", 7)), required=False, default="a"),
        F("odd", AnyOf((TEXT, INT)), required=False, default=""),
    ),
)
CARD = TypeDescription(
    "Card", (F("number", TEXT), F("holder", TEXT)), doc="By card.", tag_field="kind", tag="card"
)
TRANSFER = TypeDescription(
    "Transfer", (F("iban", TEXT), F("holder", TEXT)), tag_field="kind", tag="transfer"
)
PAYMENT = TypeDescription(
    "Payment[Money]",
    (
        F("way", AnyOf((Ref("Card"), Ref("Transfer")))),
        F("spare", AnyOf((Ref("Card"), Ref("Transfer"), NULL)), required=False),
        F("class", TEXT, doc="A reserved word."),
        F("odd-name", maybe(TEXT), required=False),
    ),
)
SECRET = TypeDescription("InternalSecret", (F("hidden_field", TEXT),))

CART_FULL = ErrorDescription(
    "cart_full",
    "failed_precondition",
    400,
    "Cart full",
    HOSTILE,
    (F("limit", INT), F("node", maybe(Ref("Node")))),
)
GONE = ErrorDescription("contact_gone", "not_found", 404, "No such contact")
TAKEN = ErrorDescription(
    "name_taken", "already_exists", 409, "Name taken", fields=(F("name", TEXT),)
)
OVERHEARD = ErrorDescription("internal_overheard", "internal", 500, "Overheard")

ID = F("contact_id", Scalar("uuid"), doc="Which contact.")
METHODS = (
    MethodDescription(
        "merge_contacts",
        "MergeContacts",
        (
            ID,
            F("others", Many(Scalar("uuid"), min_length=1, max_length=10)),
            F("note", maybe(TEXT), required=False),
        ),
        Ref("Node"),
        "crm.contacts.write",
        "POST",
        "/crm/v1/contacts/{contact_id}:merge",
        doc="Makes one contact of several.\n\n" + HOSTILE,
        errors=("cart_full", "contact_gone", "name_taken"),
        timeout=5.0,
    ),
    MethodDescription(
        "find",
        "Find",
        (
            F("word", Scalar("string", min_length=1), doc="What to look for."),
            F("tags", Many(TEXT), required=False, default=[]),
            F("limit", Scalar("integer", minimum=1, maximum=100), required=False, default=10),
            F("near", maybe(Scalar("number")), required=False),
            F("deep", Scalar("boolean"), required=False, default=False),
            F("colour", COLOUR, required=False, default="red"),
        ),
        Many(Ref("Node")),
        "public",
        "GET",
        "/crm/v1/contacts",
        doc="Finds contacts by a word.",
        idempotent=True,
    ),
    MethodDescription(
        "delete",
        "Delete",
        (ID,),
        NULL,
        "crm.contacts.write",
        "DELETE",
        "/crm/v1/contacts/{contact_id}",
        errors=("contact_gone",),
        idempotent=True,
    ),
    MethodDescription(
        "replace",
        "Replace",
        (
            ID,
            F("payment", Ref("Payment[Money]")),
            F("marks", Many(TEXT), required=False, default=[]),
        ),
        Ref("Node"),
        "crm.contacts.write",
        "PUT",
        "/crm/v1/contacts/{contact_id}",
        idempotent=True,
        body="payment",
    ),
    MethodDescription(
        "watch",
        "Watch",
        (F("word", TEXT, required=False, default=""),),
        Ref("Node"),
        "public",
        "GET",
        "/crm/v1/contacts:watch",
        doc="Tells every change as it happens.",
        streams=True,
    ),
    MethodDescription(
        "pay",
        "Pay",
        (F("payment", Ref("Payment[Money]")),),
        AnyOf((Ref("Card"), Ref("Transfer"))),
        "public",
        "POST",
        "/crm/v1/payments",
    ),
    MethodDescription(
        "echo",
        "Echo",
        (F("scalars", Ref("Scalars")),),
        Ref("Scalars"),
        "public",
        "POST",
        "/crm/v1/echo",
    ),
    MethodDescription("count", "Count", (), INT, "public", "GET", "/crm/v1/contacts:count"),
    MethodDescription("tally", "Tally", (), Table(INT), "public", "POST", "/crm/v1/contacts:tally"),
    MethodDescription(
        "constructor",
        "Constructor",
        (F("then", TEXT, required=False),),
        maybe(TEXT),
        "public",
        "PATCH",
        "/crm/v1/odd",
    ),
    MethodDescription(
        "rebuild",
        "Rebuild",
        (F("secret", Ref("InternalSecret")),),
        NULL,
        "service",
        errors=("internal_overheard",),
    ),
)
CONTACTS = ContractDescription(
    "Contacts",
    "crm.v1",
    "Keeps contacts.\n" + HOSTILE,
    METHODS,
    (CARD, SECRET, NODE, PAYMENT, SCALARS, TRANSFER),
    (CART_FULL, GONE, TAKEN, OVERHEARD),
)
ASK = MethodDescription(
    "ask",
    "Ask",
    (F("default", Ref("Response"), required=False),),
    Ref("Response"),
    "public",
    "POST",
    "/crm/v1/orders:ask",
)
ORDERS_PAY = MethodDescription(
    "pay", "Pay", (F("card", Ref("Card")),), Ref("Node"), "public", "POST", "/crm/v1/orders:pay"
)
OTHER_NODE = TypeDescription("Node", (F("other", TEXT),))
RESPONSE = TypeDescription("Response", (F("ok", TEXT),))
ORDERS = ContractDescription(
    "Orders",
    "crm.v1",
    "Another contract of the same package.",
    (ORDERS_PAY, ASK),
    (CARD, OTHER_NODE, RESPONSE),
)
