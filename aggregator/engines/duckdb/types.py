"""The types that columns would have on BigQuery, which has one integer type and one floating-point type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.engines.duckdb.dialect import type_to_duckdb

if TYPE_CHECKING:
    import duckdb
    from duckdb.sqltypes import DuckDBPyType
    from sqlglot import exp

    from aggregator.core.graph import OutputColumn

_SIGNED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_INTEGERS = frozenset({*_SIGNED, *(f"U{each}" for each in _SIGNED)})
_FLOATS = frozenset({"FLOAT", "DOUBLE"})
_UNKNOWN = '"NULL"'
"""What DuckDB calls the type of a NULL without a type."""

_INSTANT = "TIMESTAMP WITH TIME ZONE"
_DECIMALS = {"NUMERIC": "DECIMAL(38,9)", "BIGNUMERIC": "DECIMAL(38,18)"}

_TOLD = {
    "BIGINT": "INT64",
    "DOUBLE": "FLOAT64",
    "DECIMAL(38,9)": "NUMERIC",
    "DECIMAL(38,18)": "BIGNUMERIC",
    "VARCHAR": "STRING",
    "BOOLEAN": "BOOL",
    "DATE": "DATE",
    "TIMESTAMP": "DATETIME",
    _INSTANT: "TIMESTAMP",
}
"""Types of columns that stand for one type of BigQuery's; a sketch or a JSON document may be stored as others."""


def told_type(stored: str) -> str:
    """The type on BigQuery of a column as it is stored, empty where it could be several."""
    return _TOLD.get(stored, "")


def stored_type(column: OutputColumn) -> str:
    """The BigQuery type of what the embedded engine holds in a column."""
    if not column.sketch:
        return column.type
    return "ARRAY<FLOAT64>" if column.sketch.startswith("kll(FLOAT64") else "ARRAY<INT64>"


def column_type(db: duckdb.DuckDBPyConnection, found: str, wanted: str) -> str:
    """The DuckDB type to give to a column.

    ``found`` is what DuckDB makes of the query, ``wanted`` the type on BigQuery, empty if it could not be inferred. A
    number becomes the kind of number that is wanted, if it keeps its value; what is no number stays what it is.
    """
    if not found.endswith("]") and not found.startswith("STRUCT"):
        return _plain(db, found, wanted)
    from sqlglot import exp  # noqa: PLC0415  (a run with nothing to do needs no types of columns)

    parsed = exp.DataType.build(wanted, dialect="bigquery") if wanted else None
    return str(_nested(db, db.sqltype(found), parsed))


def is_other_shape(found: str, wanted: str) -> bool:
    """Whether one of both is a STRUCT or an ARRAY, and the other is not: then the query was understood otherwise."""
    is_plain = not found.endswith("]") and not found.startswith("STRUCT")
    return bool(wanted) and found != _UNKNOWN and is_plain == wanted.startswith(("ARRAY<", "STRUCT<"))


def _nested(db: duckdb.DuckDBPyConnection, found: DuckDBPyType, wanted: exp.DataType | None) -> DuckDBPyType:
    """The same for what is inside of arrays and structs; fields go by their order."""
    from sqlglot import exp  # noqa: PLC0415  (as above)

    inner = list(wanted.expressions) if wanted else []
    types = [each.args.get("kind") if isinstance(each, exp.ColumnDef) else each for each in inner]
    if found.id == "list":
        return db.list_type(_nested(db, _children(found)["child"], types[0] if types else None))
    if found.id == "struct":
        fields = _children(found)
        types = types if len(types) == len(fields) else [None] * len(fields)
        return db.struct_type(
            {name: _nested(db, each, type_) for (name, each), type_ in zip(fields.items(), types, strict=True)}
        )
    return db.sqltype(_plain(db, str(found), wanted.sql(dialect="bigquery") if wanted else ""))


def _children(type_: DuckDBPyType) -> dict[str, DuckDBPyType]:
    from duckdb.sqltypes import DuckDBPyType  # noqa: PLC0415  (a manifest is written without it)

    return {name: each for name, each in type_.children if isinstance(each, DuckDBPyType)}


def _plain(db: duckdb.DuckDBPyConnection, found: str, wanted: str) -> str:
    if found == _UNKNOWN:
        return str(db.sqltype(type_to_duckdb(wanted or "INT64")))
    kind = wanted.partition("(")[0]
    is_decimal = found.startswith("DECIMAL(")
    if is_decimal or found in _INTEGERS or found in _FLOATS:
        if kind in _DECIMALS:
            return _DECIMALS[kind]
        if found in _INTEGERS:
            return "DOUBLE" if kind == "FLOAT64" else "BIGINT"
        return found if found == _DECIMALS["NUMERIC"] and not wanted else "DOUBLE"
    if found.startswith("TIMESTAMP") and kind == "DATE":
        return "DATE"
    return _INSTANT if (found, kind) == ("TIMESTAMP", "TIMESTAMP") else found
