"""JSON, as a type and as text."""

from __future__ import annotations

from sqlglot import exp

from aggregator.engines.duckdb.dialect.typing import kind_of
from aggregator.engines.duckdb.trees import call

MACROS = (
    ("_string(x) AS CASE WHEN typeof(x) = 'JSON' THEN json_extract_string(CAST(x AS VARCHAR), '$') ELSE _text(x) END"),
    (
        "_json_type(x) AS CASE coalesce(json_type(x), '') WHEN '' THEN NULL WHEN 'OBJECT' THEN 'object'"
        " WHEN 'ARRAY' THEN 'array' WHEN 'VARCHAR' THEN 'string'"
        " WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' ELSE 'number' END"
    ),
    # What is no integer that a float can hold is written as a text.
    (
        "_json_number(text) AS CASE WHEN contains(text, '.') OR abs(TRY_CAST(text AS HUGEINT)) > 9007199254740992"
        " THEN '\"' || text || '\"' ELSE text END"
    ),
    "_json_float_text(x) AS CASE WHEN isfinite(x) THEN _float_text(x) ELSE '\"' || _float_text(x) || '\"' END",
    "_json_found(x) AS nullif(CAST(x AS VARCHAR), 'null')",
    "_to_json(x) AS coalesce(to_json(x), CAST('null' AS JSON))",
    "_json_float(x) AS CAST(json_extract_string(x, '$') AS DOUBLE)",
    "_json_bool(x) AS CAST(json_extract_string(x, '$') AS BOOLEAN)",
    "_lax_text(x) AS CASE WHEN json_type(x) NOT IN ('OBJECT', 'ARRAY') THEN json_extract_string(x, '$') END",
    "_lax_integer(x) AS TRY_CAST(_lax_text(x) AS BIGINT)",
    "_lax_float(x) AS TRY_CAST(_lax_text(x) AS DOUBLE)",
    (
        "_lax_bool(x) AS CASE WHEN lower(_lax_text(x)) IN ('true', 'false') THEN TRY_CAST(_lax_text(x) AS BOOLEAN)"
        " WHEN json_type(x) IN ('UBIGINT', 'BIGINT', 'DOUBLE') THEN TRY_CAST(_lax_text(x) AS DOUBLE) <> 0 END"
    ),
    (
        "_json_text(x) AS coalesce(CASE WHEN starts_with(typeof(x), 'DECIMAL') THEN"
        " _json_number(_decimal_text(CAST(x AS VARCHAR)))"
        " WHEN typeof(x) = 'BIGINT' THEN _json_number(CAST(x AS VARCHAR))"
        " WHEN typeof(x) = 'DOUBLE' THEN _json_float_text(TRY_CAST(x AS DOUBLE))"
        " WHEN typeof(x) = 'TIMESTAMP WITH TIME ZONE' THEN"
        " '\"' || replace(replace(_moment_text(CAST(x AS VARCHAR)), ' ', 'T'), '+00', 'Z') || '\"'"
        " WHEN typeof(x) = 'TIMESTAMP' THEN '\"' || replace(_moment_text(CAST(x AS VARCHAR)), ' ', 'T') || '\"'"
        " ELSE CAST(to_json(x) AS VARCHAR) END, 'null')"
    ),
    # Planning a query takes seconds where a long argument is repeated for each type, so that it is bound once.
    "_json_text_once(x) AS list_transform([x], lambda _it: _json_text(_it))[1]",
)
"""Functions that the rewritten SQL calls."""


def found(node: exp.Expr) -> exp.Expr:
    """A part of a text is text; DuckDB gives JSON."""
    return call("_json_found", node.copy()) if kind_of(node.this) in exp.DataType.TEXT_TYPES else node


def found_array(node: exp.Expr) -> exp.Expr:
    """The parts of a text are texts; DuckDB gives JSON."""
    return exp.cast(node, "ARRAY<TEXT>") if kind_of(node.this) in exp.DataType.TEXT_TYPES else node


def written(node: exp.Expr) -> exp.Expr:
    """TO_JSON gives JSON; TO_JSON_STRING writes NULL as null, and moments with T and Z."""
    if isinstance(node.parent, exp.Distinct) and isinstance(node.this, exp.Struct):
        return node
    if node.args.get("to_json"):
        return call("_to_json", node.this)
    return call("_json_text" if isinstance(node.this, exp.Column) else "_json_text_once", node.this)
