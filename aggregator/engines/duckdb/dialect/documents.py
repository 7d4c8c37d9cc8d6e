"""JSON, as a type and as text."""

from __future__ import annotations

from sqlglot import exp

from aggregator.engines.duckdb.dialect.json_texts import json_text
from aggregator.engines.duckdb.dialect.typing import kind_of
from aggregator.engines.duckdb.trees import call
from aggregator.engines.protocol import QueryError

MACROS = (
    (
        "_json_string(text) AS CASE WHEN text IS NULL OR json_type(text) = 'VARCHAR'"
        " THEN json_extract_string(text, '$') ELSE error('The provided JSON input is not a string') END"
    ),
    "_string(x) AS CASE WHEN typeof(x) = 'JSON' THEN _json_string(CAST(x AS VARCHAR)) ELSE _text(x) END",
    # SAFE.STRING is of JSON alone: a TIMESTAMP can always be written.
    (
        "_safe_string(x) AS CASE WHEN typeof(x) <> 'JSON' THEN _text(x) WHEN json_type(CAST(x AS VARCHAR)) = 'VARCHAR'"
        " THEN json_extract_string(CAST(x AS VARCHAR), '$') END"
    ),
    (
        "_json_type(x) AS CASE coalesce(json_type(x), '') WHEN '' THEN NULL WHEN 'OBJECT' THEN 'object'"
        " WHEN 'ARRAY' THEN 'array' WHEN 'VARCHAR' THEN 'string'"
        " WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' ELSE 'number' END"
    ),
    "_json_found(x) AS nullif(CAST(x AS VARCHAR), 'null')",
    "_json_items(x) AS CASE WHEN json_type(x) = 'ARRAY' THEN CAST(x AS JSON[]) END",
    (
        "_json_values(x) AS CASE WHEN json_type(x) = 'ARRAY' AND len(list_filter(CAST(x AS JSON[]), lambda _one:"
        " json_type(_one) IN ('OBJECT', 'ARRAY'))) = 0 THEN CAST(x AS VARCHAR[]) END"
    ),
    "_is_whole(text) AS TRY_CAST(text AS DOUBLE) = floor(TRY_CAST(text AS DOUBLE))",
    (
        "_is_json_integer(x) AS json_type(x) IN ('BIGINT', 'UBIGINT')"
        " OR json_type(x) = 'DOUBLE' AND _is_whole(json_extract_string(x, '$'))"
    ),
    "_safe_json_integer(x) AS CASE WHEN _is_json_integer(x) THEN TRY_CAST(json_extract_string(x, '$') AS BIGINT) END",
    (
        "_json_integer(x) AS CASE WHEN x IS NULL OR _is_json_integer(x) THEN"
        " CAST(json_extract_string(x, '$') AS BIGINT) ELSE error('The provided JSON input is not an integer') END"
    ),
    "_is_json_number(x) AS json_type(x) IN ('BIGINT', 'UBIGINT', 'DOUBLE')",
    "_safe_json_float(x) AS CASE WHEN _is_json_number(x) THEN CAST(json_extract_string(x, '$') AS DOUBLE) END",
    (
        "_json_float(x) AS CASE WHEN x IS NULL OR _is_json_number(x) THEN CAST(json_extract_string(x, '$') AS DOUBLE)"
        " ELSE error('The provided JSON input is not a number') END"
    ),
    "_safe_json_bool(x) AS CASE WHEN json_type(x) = 'BOOLEAN' THEN CAST(json_extract_string(x, '$') AS BOOLEAN) END",
    (
        "_json_bool(x) AS CASE WHEN x IS NULL OR json_type(x) = 'BOOLEAN' THEN"
        " CAST(json_extract_string(x, '$') AS BOOLEAN) ELSE error('The provided JSON input is not a boolean') END"
    ),
    (
        "_lax_text(x) AS CASE WHEN json_type(x) = 'DOUBLE'"
        " THEN _float_text(CAST(json_extract_string(x, '$') AS DOUBLE))"
        " WHEN json_type(x) NOT IN ('OBJECT', 'ARRAY') THEN json_extract_string(x, '$') END"
    ),
    (
        "_lax_integer(x) AS CASE WHEN json_type(x) = 'BOOLEAN' THEN CAST(_lax_text(x) = 'true' AS BIGINT)"
        " ELSE TRY_CAST(_lax_text(x) AS BIGINT) END"
    ),
    "_lax_float(x) AS TRY_CAST(_lax_text(x) AS DOUBLE)",
    (
        "_lax_bool(x) AS CASE WHEN lower(_lax_text(x)) IN ('true', 'false') THEN TRY_CAST(_lax_text(x) AS BOOLEAN)"
        " WHEN json_type(x) IN ('UBIGINT', 'BIGINT', 'DOUBLE') THEN TRY_CAST(_lax_text(x) AS DOUBLE) <> 0 END"
    ),
)
"""Functions that the rewritten SQL calls."""

_DEEP = 1_000
"""Without a depth, all keys are meant."""


def found(node: exp.Expr) -> exp.Expr:
    """A part of a text is text; DuckDB gives JSON."""
    if isinstance(node.expression, exp.Literal):
        raise QueryError(f"the path {node.expression.name} is not translated for the embedded engine")
    return call("_json_found", node.copy()) if kind_of(node.this) in exp.DataType.TEXT_TYPES else node


def found_array(node: exp.Expr) -> exp.Expr:
    """The parts of a text are texts; DuckDB gives JSON. What is no array has none."""
    items = call("_json_items", exp.JSONExtract(this=node.this, expression=node.expression))
    return exp.cast(items, "ARRAY<TEXT>") if kind_of(node.this) in exp.DataType.TEXT_TYPES else items


def values(node: exp.Expr) -> exp.Expr:
    """JSON_VALUE_ARRAY of an array of scalars; NULL of all else."""
    return call("_json_values", exp.JSONExtract(this=node.this, expression=node.expression))


def written(node: exp.Expr) -> exp.Expr:
    """TO_JSON gives JSON; TO_JSON_STRING writes NULL as null, and moments with T and Z."""
    if isinstance(node.parent, exp.Distinct) and isinstance(node.this, exp.Struct):
        return node
    if node.args.get("to_json"):
        return exp.cast(json_text(node.this, "_json_value"), "JSON", dialect="duckdb")
    options = node.args.get("options")
    if options is not None and not (isinstance(options, exp.Boolean) and not options.this):
        raise QueryError("TO_JSON_STRING does not lay out its text for the embedded engine")
    return json_text(node.this, "_json_text")


def keys(node: exp.Expr) -> exp.Expr:
    """JSON_KEYS: those of objects in objects, too, to a depth; in order, each once."""
    depth = node.args.get("expression") or exp.Literal.number(_DEEP)
    return call("_py_json_keys", exp.cast(node.this, "TEXT", dialect="duckdb"), depth)
