"""Contracts as one TypeScript file without dependencies: types, errors, a class a service."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources

from hanse.runtime.contract.description import (
    ContractDescription,
    ErrorDescription,
    FieldDescription,
    MethodDescription,
    Scalar,
)
from hanse.runtime.publish.naming import (
    Entry,
    TypeKey,
    camel,
    contract_names,
    distinct,
    error_entries,
    error_key,
    service_names,
    type_entries,
)
from hanse.runtime.publish.openapi import places
from hanse.runtime.publish.outside import outside
from hanse.runtime.publish.typescript_types import (
    TypeWriter,
    choice_key,
    choices,
    comment,
    fields_block,
    string,
)

_NO_BODY = ("GET", "DELETE", "HEAD")
# `then` would make a client something that `await` calls.
_NO_METHOD_NAMES = ("constructor", "then")


def typescript(contracts: Sequence[ContractDescription]) -> str:
    """The text of `client.ts`, without methods that have no route: nobody outside reaches them."""
    contracts = [outside(contract) for contract in contracts]
    contracts = [contract for contract in contracts if contract.methods]
    runtime = (resources.files("hanse.runtime.publish") / "static" / "client.ts").read_text("utf-8")
    names = _names(contracts, runtime)
    blocks: dict[str, None] = {}
    for contract in contracts:
        own = contract_names(names, contract.full_name)
        writer = TypeWriter(contract, own)
        # Equal texts are one type that several contracts share.
        blocks |= dict.fromkeys(writer.declarations())
        blocks |= dict.fromkeys(_error(error, own, writer) for error in contract.errors)
        blocks[_service(contract, own, writer)] = None
    head = "// Written by `hanse contracts typescript`; changes are lost when it is written again."
    return "\n\n".join([head, runtime.strip(), *blocks]) + "\n"


def _names(contracts: Sequence[ContractDescription], runtime: str) -> dict[TypeKey, str]:
    """Names for services, structs, enums and errors, none of them one the file itself needs."""
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", runtime, flags=re.DOTALL)
    words = set(re.findall(r"\w+", code + _RESERVED))
    services = service_names(contracts, taken=words)
    entries = [
        each
        for c in contracts
        for each in (*type_entries(c), *_choice_entries(c), *error_entries(c, "Error"))
    ]
    names = distinct(entries, taken=words | set(services.values()))
    return names | {(owner, ""): name for owner, name in services.items()}


def _choice_entries(contract: ContractDescription) -> list[Entry]:
    return [
        Entry(contract.full_name, choice_key(each), each.name, choice_key(each).encode())
        for each in choices(contract)
    ]


_RESERVED = """
any as async await bigint boolean break case catch class const continue debugger default delete do
else enum export extends false finally for from function get if implements import in infer
instanceof interface is keyof let module namespace never new null number object of out package
private protected public readonly require return satisfies set static string super switch symbol
this throw true try type typeof undefined unique unknown using var void while with yield eval
arguments AsyncIterable Promise Readonly Record Array encodeURIComponent String HanseError
"""
"""Words of the language and names the generated part uses."""


def _error(error: ErrorDescription, names: dict[str, str], writer: TypeWriter) -> str:
    """The type of a declared error, and the function that recognises it."""
    name = names[error_key(error)]
    fields = fields_block(error.fields, writer) if error.fields else "Json"
    code = string(error.code)
    return "\n".join(
        [
            *comment([error.title, "", *error.doc.splitlines()]),
            f"export type {name} = HanseError<{code}, {fields}>;",
            "",
            *comment([f"Whether a call failed with `{error.code}`."]),
            f"export function is{name}(error: unknown): error is {name} {{",
            f"  return error instanceof HanseError && error.code === {code};",
            "}",
        ]
    )


def _service(contract: ContractDescription, names: dict[str, str], writer: TypeWriter) -> str:
    service = names[""]
    lines = [
        *comment(contract.doc.splitlines()),
        f"export class {service} {{",
        "  readonly #transport: Transport;",
        "",
        "  constructor(options: ClientOptions) {",
        "    this.#transport = new Transport(options);",
        "  }",
    ]
    used: set[str] = set(_NO_METHOD_NAMES)
    for method in contract.methods:
        if method.as_it_came:  # whoever sends that has a form of their own
            continue
        name = camel(method.name)
        while name in used:
            name += "_"
        used.add(name)
        lines += ["", *_method(method, name, writer)]
    return "\n".join([*lines, "}"])


def _method(method: MethodDescription, name: str, writer: TypeWriter) -> list[str]:
    nothing = method.result == Scalar("null")
    result = "void" if nothing else writer.type(method.result)
    returns = f"AsyncIterable<{result}>" if method.streams else f"Promise<{result}>"
    # An async method turns a mistake in building the address into a rejection, like all failures.
    head = f"  {name}(" if method.streams else f"  async {name}("
    kind = "stream" if method.streams else "value"
    return [
        *comment([*method.doc.splitlines(), "", *_tags(method)], "  "),
        f"{head}{_parameters(method, writer)}): {returns} {{",
        f"    return this.#transport.{kind}<{result}>({_call(method)}, options);",
        "  }",
    ]


def _tags(method: MethodDescription) -> list[str]:
    access = (
        "Everybody may call it."
        if method.permission == "public"
        else f"Needs `{method.permission}`."
    )
    return [
        f"`{method.verb} {method.path}`. {access}",
        *(f"@throws `{code}`" for code in method.errors),
    ]


def _parameters(method: MethodDescription, writer: TypeWriter) -> str:
    options = "options: CallOptions = {}"
    if not method.arguments:
        return options
    block = fields_block(method.arguments, writer, indent="  ", file=_file(method))
    optional = not any(argument.required for argument in method.arguments)
    return f"args: {block}{' = {}' if optional else ''}, {options}"


def _file(method: MethodDescription) -> str:
    """The argument that is a file in the caller's hands, and not what stands for one."""
    return method.body if method.upload else ""


def _call(method: MethodDescription) -> str:
    """The object that says what is sent where."""
    _, in_query, in_body = places(method)
    members = [f"verb: {string(str(method.verb))}", f"path: {_path(str(method.path))}"]
    if in_query:
        members.append(f"query: {_object(in_query)}")
    if method.upload:
        members.append(f"file: args[{string(method.body)}]")
    elif method.body:
        members.append(f"body: args[{string(method.body)}]")
    elif method.verb not in _NO_BODY:
        members.append(f"body: {_object(in_body)}")
    return f"{{ {', '.join(members)} }}"


def _object(arguments: list[FieldDescription]) -> str:
    members = [f"{string(a.name)}: args[{string(a.name)}]" for a in arguments]
    return f"{{ {', '.join(members)} }}" if members else "{}"


def _path(path: str) -> str:
    """A template literal with every argument encoded."""
    text = re.sub(r"[\\`$]", r"\\\g<0>", path)
    return "`" + re.sub(r"\{(\w+)\}", r'${encodeURIComponent(String(args["\1"]))}', text) + "`"
