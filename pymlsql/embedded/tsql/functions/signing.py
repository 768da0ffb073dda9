"""Functions about certificates and signatures, and the random bytes that passwords are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.functions.rows import Function, whole
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.typed import Typed, fold, quote_name
from pymlsql.embedded.tsql.types import INT, MAX, SQL_VARIANT, SYSNAME, SqlType, varbinary

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_PROPERTIES = {"issuer_name": "issuer_name", "cert_serial_number": "cert_serial_number", "subject": "subject",
               "string_sid": "string_sid"}  # fmt: skip


def _find(compiler: Compiler, view: str, result: str, type_: SqlType, keys: dict[str, Typed]) -> Typed:
    """A column of a system view's one row whose other columns are ``keys``; NULL where there is none."""
    relation = compiler.names.relation(Name(("sys", view)))
    alias = compiler.alias()
    types = {column.name: column.type for column in relation.columns}
    conditions = []
    for name, key in keys.items():
        column = Typed(f"{alias}.{quote_name(name)}", types[name])
        conditions.append(f"{fold(column)} = {fold(convert(key, types[name], line=compiler.line))}")
    return Typed(f"(SELECT first({alias}.{quote_name(result)}) FROM {relation.sql} AS {alias} "
                 f"WHERE {' AND '.join(conditions)})", type_)  # fmt: skip


def _word(compiler: Compiler, value: Typed, function: str, *allowed: str) -> str:
    """A constant argument that is one of a few words, in lower case."""
    word = value.constant.lower() if isinstance(value.constant, str) else ""
    if word not in allowed:
        raise unsupported(f"{function} with this argument", line=compiler.line)
    return word


def _is_objectsigned(compiler: Compiler, args: list[Typed]) -> Typed:
    """1 signed, 0 signed and not valid, NULL not signed."""
    _word(compiler, args[0], "IS_OBJECTSIGNED", "object")
    _word(compiler, args[2], "IS_OBJECTSIGNED", "certificate")
    keys = {"major_id": whole(args[1], compiler.line), "thumbprint": args[3]}
    return _find(compiler, "$signature_states", "is_valid", INT, keys)


def _cert_id(compiler: Compiler, args: list[Typed]) -> Typed:
    return _find(compiler, "certificates", "certificate_id", INT, {"name": convert(args[0], SYSNAME, implicit=True)})


def _certencoded(compiler: Compiler, args: list[Typed]) -> Typed:
    key = {"certificate_id": whole(args[0], compiler.line)}
    return _find(compiler, "$encoded_certificates", "encoded", varbinary(8000), key)


def _certproperty(compiler: Compiler, args: list[Typed]) -> Typed:
    column = _PROPERTIES[_word(compiler, args[1], "CERTPROPERTY", *_PROPERTIES)]
    return _find(compiler, "certificates", column, SQL_VARIANT, {"certificate_id": whole(args[0], compiler.line)})


def _given(compiler: Compiler, value: Typed, function: str) -> str:
    """A constant as it is, or a variable's name behind NUL: what the session reads when the statement runs."""
    if value.constant is not None:
        return str(value.constant)
    parameter = value.sql.removeprefix("CAST($").split(" ", 1)[0]
    if not value.sql.startswith("CAST($") or parameter not in compiler.used:
        raise unsupported(f"{function} with an expression", line=compiler.line)
    return "\0" + compiler.used[parameter]


def _certprivatekey(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    """The session decrypts the key. The certificate is named by its id, or as ``CERT_ID('name')``."""
    passwords = [compiler.value(node) for node in nodes[1:]]
    for number, password in enumerate(passwords, 2):
        if not password.type.is_string:
            raise sql_error(8116, password.type.name, number, "CertPrivateKey", line=compiler.line)
    given = [_given(compiler, password, "CERTPRIVATEKEY") for password in passwords]
    certificate = _named(nodes[0]) or _given(compiler, compiler.value(nodes[0]), "CERTPRIVATEKEY")
    return compiler.runtime_value(varbinary(8000), "CERTPRIVATEKEY", certificate, *given)


def _named(node: exp.Expr) -> str:
    """``name:`` and the name of CERT_ID('name'); "" for anything else."""
    inner = node.expressions if isinstance(node, exp.Anonymous) and node.name.upper() == "CERT_ID" else []
    literal = len(inner) == 1 and isinstance(inner[0], exp.Literal | exp.National)
    return f"name:{inner[0].name}" if literal else ""


def _crypt_gen_random(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    """Random bytes of the operating system; each call in a statement gives others. Over rows it is refused: there every
    row would have to have its own."""
    if len(nodes) > 1:
        raise unsupported("CRYPT_GEN_RANDOM with a seed", line=compiler.line)
    if any(scope.sources for scope in compiler.scopes):
        raise unsupported("CRYPT_GEN_RANDOM in a query with FROM", line=compiler.line)
    length = _given(compiler, compiler.value(nodes[0]), "CRYPT_GEN_RANDOM")
    return compiler.runtime_value(varbinary(8000), "CRYPT_GEN_RANDOM", length, f"call {len(compiler.runtime)}")


SIGNING: dict[str, Function] = {
    "IS_OBJECTSIGNED": Function(4, 4, _is_objectsigned),
    "CERT_ID": Function(1, 1, _cert_id),
    "CERTENCODED": Function(1, 1, _certencoded),
    "CERTPROPERTY": Function(2, 2, _certproperty),
    "CERTPRIVATEKEY": Function(2, 3, compile_nodes=_certprivatekey),
    "CRYPT_GEN_RANDOM": Function(1, 2, compile_nodes=_crypt_gen_random),
}


def check_object_signatures(compiler: Compiler, nodes: list[exp.Expr]) -> tuple[str, list[Typed]]:
    """sys.fn_check_object_signatures: every procedure, whether a certificate signs it and whether that is valid."""
    if len(nodes) != 2:
        raise sql_error(313 if len(nodes) < 2 else 8144, "fn_check_object_signatures", line=compiler.line)
    _word(compiler, compiler.value(nodes[0]), "fn_check_object_signatures", "certificate")
    thumbprint = convert(compiler.value(nodes[1]), varbinary(MAX), line=compiler.line)
    relation = compiler.names.relation(Name(("sys", "$signable")))
    shown = [column for column in relation.columns if column.name != "thumbprint"]
    selected = ", ".join(f"{quote_name(column.name)} AS c{i}" for i, column in enumerate(shown))
    columns = [Typed(f"c{i}", column.type, name=column.name) for i, column in enumerate(shown)]
    return f"SELECT {selected} FROM {relation.sql} WHERE thumbprint = {thumbprint.sql}", columns
