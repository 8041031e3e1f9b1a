"""What is promised of Connect and of protobuf's JSON, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

SERVER = "server/tests/"
JSON = SERVER + "test_json_body.py::"
PROTO_JSON = SERVER + "test_proto_json.py::"
REFUSED_JSON = PROTO_JSON + "test_what_is_wrong_is_refused_by_field_and_rule_as_a_number_would_be"
UNARY = SERVER + "test_connect_unary.py::"
NOT_GOT = UNARY + "test_what_has_side_effects_or_streams_is_never_called_by_get"
WRONG_QUERY = UNARY + "test_a_wrong_parameter_is_refused_by_name_and_rule"

CONNECT = below("src/hanse/runtime",
    Sabotage("protobuf's JSON is read at Connect's address alone", "server/arguments.py",
             "from hanse.runtime.server.strict import StrictReader, holds, is_sendable",
             "from hanse.runtime.server.proto_json import ProtoJsonReader as StrictReader\n"
             "from hanse.runtime.server.strict import holds, is_sendable",
             PROTO_JSON + "test_at_the_resource_it_is_refused_as_ever[integer]"),
    Sabotage("between hosts it is not read", "server/connect.py",
             "if request.trusted:", "if False:",
             PROTO_JSON + "test_between_hosts_nothing_of_this_is_read"),
    Sabotage("an integer in text is digits", "server/proto_json.py",
             " or not _INTEGER.fullmatch(text)", "", f"{REFUSED_JSON}[underscore]"),
    Sabotage("an integer with an exponent is of 64 bits", "server/proto_json.py",
             "if self._counts:", "if False:", f"{REFUSED_JSON}[over 64 bits by exponent]"),
    Sabotage("a float in text is digits", "server/proto_json.py",
             " and _FLOAT.fullmatch(value)", "", f"{REFUSED_JSON}[NaN]"),
    Sabotage("null is null where a type has it", "server/proto_json.py",
             "if one is not None or name not in unset", "if one is not None",
             PROTO_JSON + "test_what_protobuf_writes_is_read[null where it may be]"),
    Sabotage("keys come once where others were left out", "server/proto_json.py",
             'if body.count(b":") <= self._required:', "if False:",
             PROTO_JSON + "test_a_key_comes_once_where_another_was_left_out"),
    Sabotage("what is compressed is refused", "server/connect.py",
             'if coding.strip().lower() not in {b"", b"identity"}:', "if False:",
             UNARY + "test_what_is_compressed_is_refused_with_what_is_supported[gzip]"),
    Sabotage("an empty message has a format too", "server/connect.py",
             'empty=b"content-type" not in headers', "empty=True",
             UNARY + "test_another_format_is_unsupported_even_when_empty"),
    Sabotage("GET is for what has no side effects", "server/connect_get.py",
             'return method.route.verb == "GET" and method.idempotent', "return True", f"{NOT_GOT}[Echo]"),
    Sabotage("GET is not for what was declared to do something", "server/connect_get.py",
             'return method.route.verb == "GET" and method.idempotent',
             'return method.route.verb == "GET"',
             UNARY + "test_what_is_declared_to_do_something_is_not_got"),
    Sabotage("GET is not for streams", "server/connect_get.py",
             "if method.route is None or method.signature.streams:", "if method.route is None:",
             f"{NOT_GOT}[Hum]"),
    Sabotage("a message by GET has the method's limit", "server/connect_get.py",
             "if len(message) > bytes_max:", "if False:",
             UNARY + "test_a_message_has_the_methods_limit"),
    Sabotage("by GET too there is one version of Connect", "server/connect_get.py",
             'if given.get("connect", "v1") != "v1":', "if False:", f"{WRONG_QUERY}[other version]"),
    Sabotage("base64 is of one alphabet", "server/connect_get.py",
             "if not _BASE64_URL.fullmatch(text) or len(unpadded) % 4 == 1:",
             "if len(unpadded) % 4 == 1:", f"{WRONG_QUERY}[other base64]"),
    Sabotage("a parameter of Connect's comes once", "server/connect_get.py",
             "if name in given and name in _OURS:", "if False:",
             UNARY + "test_a_parameter_of_connects_comes_once"),
    Sabotage("foreign clients hear what they may get", "publish/proto.py",
             'return "NO_SIDE_EFFECTS" if method.verb == "GET" else "IDEMPOTENT"',
             'return "NO_SIDE_EFFECTS"',
             "publish/tests/test_proto.py::test_what_a_repeat_does_is_said_as_protobuf_says_it"),
)  # fmt: skip
