"""``RANGE_SESSIONIZE``, which the analyzer's open-source library lacks, as a query of what it is given.

Its arguments name columns, so there is one query for each way to call it. A session goes on while the next range, by
start, meets (or overlaps) one before it. A range without an end, and one that is NULL, is met by all that follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from zetasql.wasi._pb2.zetasql.proto import function_pb2
from zetasql.wasi._pb2.zetasql.public import function_pb2 as public_function_pb2

from aggregator.analyzers.googlesql.client import Refused
from aggregator.analyzers.googlesql.messages import place
from aggregator.analyzers.googlesql.reads import Node, concrete, inherited, walk
from aggregator.analyzers.googlesql.types import parsed

NAME = "RANGE_SESSIONIZE"
_MODES = {"MEETS": ">", "OVERLAPS": ">="}
_ARGUMENTS = {"range_column": "STRING", "partitioning_columns": "ARRAY<STRING>", "session_option": "STRING"}
_COLUMN = re.compile(r"\w+")
_NAMED = 3
"""How many arguments there are without the last, which may be left out."""

_BODY = """
SELECT * EXCEPT (is_first_of_session, number_of_session),
  IF({r} IS NULL, NULL, RANGE(
    IF(LOGICAL_OR({r} IS NOT NULL AND RANGE_START({r}) IS NULL) OVER session, NULL, MIN(RANGE_START({r})) OVER session),
    IF(LOGICAL_OR({r} IS NOT NULL AND RANGE_END({r}) IS NULL) OVER session, NULL, MAX(RANGE_END({r})) OVER session)
  )) AS session_range
FROM (
  SELECT *, COUNTIF(is_first_of_session) OVER ({partition} ORDER BY RANGE_START({r})) AS number_of_session
  FROM (
    SELECT *, COALESCE(
      NOT LOGICAL_OR(RANGE_END({r}) IS NULL) OVER earlier AND RANGE_START({r}) {after} MAX(RANGE_END({r})) OVER earlier,
      FALSE
    ) AS is_first_of_session
    FROM input
    WINDOW earlier AS ({partition} ORDER BY RANGE_START({r}) ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
  )
)
WINDOW session AS (PARTITION BY {columns}number_of_session)
"""


def sessionize(sql: str, tree: Node) -> function_pb2.TableValuedFunctionProto | None:
    """The function as a statement calls it; None where it does not, in several ways, or with what is no literal.

    Raises :class:`Refused`, in the words of BigQuery.
    """
    calls = {_body(sql, call): len(call.argument_entries) for call in _calls(tree)}
    if len(calls) != 1 or None in calls:
        return None
    [(body, count)] = calls.items()
    found = function_pb2.TableValuedFunctionProto(
        name_path=[NAME], type=public_function_pb2.FunctionEnums.TEMPLATED_SQL_TVF, argument_name=["input"]
    )
    found.parse_resume_location.input = body
    found.parse_resume_location.byte_position = 0
    for argument in (found.signature.return_type, found.signature.argument.add()):
        argument.kind, argument.num_occurrences = public_function_pb2.ARG_TYPE_RELATION, 1
    for name, type_ in list(_ARGUMENTS.items())[: count - 1]:
        added = found.signature.argument.add(kind=public_function_pb2.ARG_TYPE_FIXED, num_occurrences=1)
        added.type.CopyFrom(parsed(type_))
        found.argument_name.append(name)
    return found


def _calls(tree: Node) -> Iterator[Node]:
    for node in walk(tree):
        if node.DESCRIPTOR.name == "ASTTVFProto" and node.name.names[-1].id_string.upper() == NAME:
            yield node


def _body(sql: str, call: Node) -> str | None:
    arguments = [concrete(each.expr) for each in call.argument_entries]
    if len(arguments) not in (_NAMED, _NAMED + 1):
        return None
    column = _literal(arguments[1])
    columns = [_literal(concrete(each)) for each in getattr(arguments[2], "elements", ())]
    mode = _literal(arguments[3]) if len(arguments) > _NAMED else "MEETS"
    if mode is None or any(each is None or not _COLUMN.fullmatch(each) for each in (column, *columns)):
        return None
    if mode.upper() not in _MODES:
        line, number = place(sql, inherited(arguments[3], "parse_location_range").start)
        said = f'Could not cast literal "{mode}" to type RANGE_SESSIONIZE_MODE'
        raise Refused(f"Code: 3, Message: {said} [at {line}:{number}]")
    named = "".join(f"`{each}`, " for each in columns)
    partition = f"PARTITION BY {named.removesuffix(', ')}" if columns else ""
    return _BODY.format(r=f"`{column}`", partition=partition, columns=named, after=_MODES[mode.upper()])


def _literal(node: Node) -> str | None:
    value: str | None = node.string_value if node.DESCRIPTOR.name == "ASTStringLiteralProto" else None
    return value
