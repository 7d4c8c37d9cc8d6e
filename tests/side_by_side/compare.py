"""One query on random rows, by the reference engine and by the embedded one."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import duckdb
from recorded.embedded import Content, Embedded
from recorded.rows import same_values
from side_by_side import random_rows
from sqlglot.errors import SqlglotError

from aggregator.analyzers.googlesql.tables import Answer, Question, Rows, Table, Unchecked
from aggregator.analyzers.googlesql.types import parsed, text_of
from aggregator.analyzers.protocol import Field, Mistake, Relation
from aggregator.engines.protocol import QueryError
from aggregator.unit_tests.compare import is_same

COLUMNS = tuple(Field(name, type_) for name, type_ in random_rows.COLUMNS.items())
_QUERIES = ("SELECT", "WITH", "FROM ", "(SELECT k")

_NULL_ELEMENT = "Array cannot have a null element"

AGREES, LOUD, SILENT, UNKNOWN, NEAR = "agrees", "loud", "silent", "unknown", "near"
"""Both the same; the embedded engine refuses or fails where BigQuery does not; it gives other rows; can't be told; it
gives the same but for the last digits of floats."""

_NEAR = 1e-12


@dataclasses.dataclass(frozen=True)
class Compared:
    """What came of a query; ``values`` is how many of both were laid side by side."""

    outcome: str
    why: str = ""
    values: int = 0


def is_expression(case: str) -> bool:
    """Whether a case is computed for each row by itself."""
    return query_of(case).startswith("SELECT k, ") and query_of(case).endswith(" AS v FROM t ORDER BY k")


def query_of(case: str) -> str:
    """The SELECT of a case."""
    if case.startswith(_QUERIES) and not case.startswith("(SELECT k FROM t ORDER BY k LIMIT 1)["):
        return case
    if " FROM t GROUP BY" in case:
        return f"SELECT {case.replace(' FROM t', ' AS v FROM t', 1)}"
    return f"SELECT k, {case} AS v FROM t ORDER BY k"


def asked(evaluator: Any, sql: str, rows: tuple[tuple[Any, ...], ...]) -> Answer:
    """What the reference engine says."""
    answer: Answer = evaluator.evaluate(Question(sql, (Table(Relation("t", COLUMNS), rows),)))
    return answer


@contextlib.contextmanager
def opened(rows: tuple[tuple[Any, ...], ...]) -> Iterator[Embedded]:
    """The embedded engine with the table ``t``."""
    engine = Embedded([Content(("", "", "t"), COLUMNS, rows)])
    try:
        yield engine
    finally:
        engine.close()


def compared(sql: str, engine: Embedded, answer: Answer) -> Compared:
    """The embedded engine beside what the reference engine said."""
    if isinstance(answer, Unchecked):
        return Compared(UNKNOWN, answer.reason)
    if sql.startswith("SELECT AS STRUCT") and isinstance(answer, Rows):
        answer = _in_columns(answer)
    try:
        columns = answer.columns if isinstance(answer, Rows) else ()
        query = engine.translated(sql)
        found, types = engine.rows(query, columns) if columns else (engine.plain(query), "")
    except (QueryError, SqlglotError, duckdb.Error) as error:
        said = str(error).splitlines()[0]
        return Compared(AGREES, said, 1) if isinstance(answer, Mistake) else Compared(LOUD, said)
    except (TypeError, ValueError, AttributeError) as error:
        return Compared(SILENT, f"values of another type: {error}")
    return _laid_beside(answer, found, types)


def _in_columns(answer: Rows) -> Rows:
    """Rows that are STRUCTs as they are stored: each field is a column."""
    fields = parsed(answer.columns[0].type).struct_type.field
    columns = tuple(Field(each.field_name, text_of(each.field_type)) for each in fields)
    return dataclasses.replace(answer, columns=columns, values=tuple(tuple(row[0].values()) for row in answer.values))


def _laid_beside(answer: Rows | Mistake, found: Any, types: str) -> Compared:
    if isinstance(answer, Mistake):
        if answer.message.startswith(_NULL_ELEMENT) and _has_null_element(found):
            return Compared(AGREES, "refused when it is written", 1)
        return Compared(SILENT, f"{found!r:.100} instead of the error {answer.message}")
    if types:
        return Compared(SILENT, types)
    if same_values(answer, found):
        return Compared(AGREES, values=sum(max(1, len(row) - 1) for row in found))  # the first column is a key
    values = sum(max(1, len(row) - 1) for row in found)
    if len(found) == len(answer.values) and all(map(_is_near, *map(_in_order, (answer.values, found)))):
        return Compared(NEAR, _example(answer.values, found), values)
    return Compared(SILENT, _example(answer.values, found))


def _in_order(rows: Any) -> list[Any]:
    return sorted(rows, key=lambda row: repr(row[0]))


def _is_near(one: Any, other: Any) -> bool:
    return all(is_same(mine, theirs, _NEAR) for mine, theirs in zip(one, other, strict=True))


def _has_null_element(rows: Any) -> bool:
    return any(isinstance(value, list) and None in value for row in rows for value in row)


def _example(theirs: Any, ours: Any) -> str:
    if len(theirs) != len(ours):
        return f"{len(ours)} rows instead of {len(theirs)}"
    pairs = [(one, other) for one, other in zip(theirs, ours, strict=True) if one != other]
    return f"{pairs[0][1]!r:.150} instead of {pairs[0][0]!r:.150}" if pairs else "another order"
