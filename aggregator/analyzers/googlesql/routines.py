"""Functions that a project defines: ``CREATE FUNCTION`` and ``CREATE TABLE FUNCTION`` into the analyzer's catalog.

A function with a body in SQL is registered with that body, so that it is typed anew at each call, as BigQuery does it
for ``ANY TYPE``. One in JavaScript is its signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from zetasql.wasi._pb2.zetasql.proto import function_pb2
from zetasql.wasi._pb2.zetasql.public import function_pb2 as public_function_pb2

from aggregator.analyzers.googlesql.catalog import Folder, folder, spellings
from aggregator.analyzers.googlesql.client import Refused
from aggregator.analyzers.googlesql.messages import refusal
from aggregator.analyzers.googlesql.reads import Node, concrete, inherited
from aggregator.analyzers.googlesql.types import text_of
from aggregator.analyzers.protocol import Statement

_ENUM = public_function_pb2.FunctionEnums
_TEMPLATED = "Templated_SQL_Function"
"""The group that tells the analyzer to look into the body."""


class Undefined(Refused):
    """The analyzer says no to a function, not to what calls it; ``unchecked`` says why that one is not judged."""

    def __init__(self, message: str, unchecked: str) -> None:
        super().__init__(message)
        self.unchecked = unchecked


class Analysed(Protocol):
    """Resolves a statement over a catalog."""

    def __call__(self, statement: Statement, root: Folder) -> Node:
        """The resolved statement."""
        ...


def add_routines(root: Folder, routines: Iterable[str], analysed: Analysed) -> None:
    """Put functions into a catalog, each of them known to those after it. Raises :class:`Undefined`."""
    for text in routines:
        try:
            add_routine(root, analysed(Statement("", text, ()), root))
        except Refused as error:
            unknown = refusal(text, str(error)).unchecked
            unchecked = f"of a function that it calls: {unknown}" if unknown else "a function that it calls is refused"
            raise Undefined(str(error), unchecked) from None


def add_routine(root: Folder, resolved: Node) -> None:
    """Put a function into a catalog, from its resolved ``CREATE`` statement, however its backticks are put."""
    for *folders, last in spellings(".".join(resolved.parent.name_path)):
        if resolved.DESCRIPTOR.name == "ResolvedCreateTableFunctionStmtProto":
            folder(root, folders).custom_tvf.append(_table_function(resolved, last))
        else:
            folder(root, folders).custom_function.append(_function(resolved, last))


def body(call: Node, columns: Iterable[str], routines: Iterable[Node]) -> tuple[str, Mapping[str, Any]] | None:
    """What a call of a table function reads, as a query, and the types of the arguments that the query names.

    ``routines`` are resolved ``CREATE`` statements. None where the function is not among them, or takes tables.
    """
    for each in routines:
        if each.DESCRIPTOR.name != "ResolvedCreateTableFunctionStmtProto":
            continue
        if each.parent.name_path[-1].split(".")[-1].casefold() != call.tvf.name.split(".")[-1].casefold():
            continue
        expressions = [argument.expr for argument in call.argument_list if argument.HasField("expr")]
        if not each.code or len(expressions) != len(each.argument_name_list):
            return None
        types = (inherited(concrete(expression), "type") for expression in expressions)
        named = ", ".join(f"`{column}`" for column in sorted(columns)) or "COUNT(*)"
        return f"SELECT {named} FROM ({each.code})", dict(zip(each.argument_name_list, types, strict=True))
    return None


def _function(resolved: Node, name: str) -> function_pb2.FunctionProto:
    mode = _ENUM.AGGREGATE if resolved.is_aggregate else _ENUM.SCALAR
    found = function_pb2.FunctionProto(name_path=[name], mode=mode, group="udf")
    signature = found.signature.add()
    signature.CopyFrom(resolved.signature)
    if resolved.language.upper() != "SQL" or resolved.is_aggregate:
        signature.return_type.type.CopyFrom(resolved.return_type)
        return found
    code = resolved.code
    if resolved.has_explicit_return_type:
        code = f"CAST(({code}) AS {text_of(resolved.return_type)})"
    found.group = _TEMPLATED
    found.parse_resume_location.input = code
    found.parse_resume_location.byte_position = 0
    found.templated_sql_function_argument_name.extend(resolved.argument_name_list)
    return found


def _table_function(resolved: Node, name: str) -> function_pb2.TableValuedFunctionProto:
    found = function_pb2.TableValuedFunctionProto(name_path=[name], type=_ENUM.TEMPLATED_SQL_TVF)
    found.signature.CopyFrom(resolved.signature)
    result = found.signature.return_type
    result.kind, result.num_occurrences = public_function_pb2.ARG_TYPE_RELATION, 1
    if resolved.has_explicit_return_schema:
        found.type = _ENUM.FIXED_OUTPUT_SCHEMA_TVF
        schema = result.options.relation_input_schema
        del schema.column[:]
        for column in resolved.output_column_list:
            schema.column.add(name=column.name).type.CopyFrom(column.column.type)
    else:
        found.argument_name.extend(resolved.argument_name_list)
        found.parse_resume_location.input = resolved.code
        found.parse_resume_location.byte_position = 0
    return found
