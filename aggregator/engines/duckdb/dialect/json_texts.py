"""Values as JSON, by their types: DuckDB's own writes moments, floats, NUMERIC and BYTES inside of values otherwise."""

from __future__ import annotations

import json

from sqlglot import exp

from aggregator.engines.duckdb.trees import bound, call, lambda_

_PARTS = "(ends_with(typeof(x), ']') OR starts_with(typeof(x), 'STRUCT') OR typeof(x) = 'JSON')"
_UNLIKE = "regexp_matches(typeof(x), 'TIME|DOUBLE|DECIMAL|BLOB|JSON|INTERVAL')"
_IS_DECIMAL = "starts_with(typeof(x), 'DECIMAL') AND NOT ends_with(typeof(x), ']')"
_ALIKE = (exp.DType.TEXT, exp.DType.VARCHAR, exp.DType.BOOLEAN, exp.DType.DATE)
_KNOWN = {
    **{(leaf, kind): "_json_of_alike" for kind in _ALIKE for leaf in ("_json_text", "_json_value")},
    ("_json_text", exp.DType.DOUBLE): "_json_of_float",
    ("_json_text", exp.DType.BIGINT): "_json_of_integer",
    ("_json_value", exp.DType.BIGINT): "_json_of_alike",
}
"""In place of a macro for any value the one for its type: planning is mostly asking values for their types."""

_UNTOLD = "error('the types inside of what is written as JSON could not be told; write them as texts before')"

MACROS = (
    # What is no integer that a float can hold is written as a text.
    (
        "_json_number(text) AS CASE WHEN contains(text, '.') OR abs(TRY_CAST(text AS HUGEINT)) > 9007199254740992"
        " THEN '\"' || text || '\"' ELSE text END"
    ),
    (
        "_json_float_text(x) AS CASE WHEN isfinite(x) THEN _float_text(x) WHEN isnan(x) THEN '\"NaN\"'"
        " WHEN x > 0 THEN '\"Infinity\"' WHEN x < 0 THEN '\"-Infinity\"' END"
    ),
    # In JSON a float remains one.
    (
        "_json_float_value(x) AS _json_float_text(x) || CASE WHEN regexp_full_match(_json_float_text(x), '-?[0-9]+')"
        " THEN '.0' ELSE '' END"
    ),
    "_json_of_alike(x) AS coalesce(CAST(to_json(x) AS VARCHAR), 'null')",
    "_json_of_float(x) AS coalesce(_json_float_text(x), 'null')",
    "_json_of_integer(x) AS coalesce(_json_number(CAST(x AS VARCHAR)), 'null')",
    ("_json_moment(x) AS '\"' || replace(replace(_moment_text(CAST(x AS VARCHAR)), ' ', 'T'), '+00', 'Z') || '\"'"),
    (
        f"_json_rest(x) AS CASE WHEN {_PARTS} AND {_UNLIKE} THEN {_UNTOLD}"
        " WHEN typeof(x) = 'DOUBLE' THEN _json_float_text(TRY_CAST(x AS DOUBLE))"
        " WHEN starts_with(typeof(x), 'TIME') THEN _json_moment(x)"
        " WHEN typeof(x) = 'INTERVAL' THEN '\"' || _interval_iso(TRY_CAST(CAST(x AS VARCHAR) AS INTERVAL)) || '\"'"
        " WHEN typeof(x) = 'BLOB' THEN '\"' || to_base64(TRY_CAST(x AS BLOB)) || '\"'"
        " ELSE CAST(to_json(x) AS VARCHAR) END"
    ),
    (
        f"_json_text(x) AS coalesce(CASE WHEN {_IS_DECIMAL} THEN"
        " _json_number(_decimal_text(CAST(x AS VARCHAR)))"
        " WHEN typeof(x) = 'BIGINT' THEN _json_number(CAST(x AS VARCHAR)) ELSE _json_rest(x) END, 'null')"
    ),
    (
        f"_json_value(x) AS coalesce(CASE WHEN {_IS_DECIMAL} THEN"
        " _decimal_text(CAST(x AS VARCHAR)) WHEN typeof(x) = 'DOUBLE' THEN _json_float_value(TRY_CAST(x AS DOUBLE))"
        " ELSE _json_rest(x) END, 'null')"
    ),
)
"""Functions that the rewritten SQL calls: a number that no float can hold is a text in a text, and a number in JSON."""


def json_text(value: exp.Expr, leaf: str, depth: int = 0) -> exp.Expr:
    """A value as the text of its JSON; ``leaf`` is the macro for what has no parts."""
    if isinstance(value, exp.Struct):
        named = [_named(each) for each in value.expressions]
        if all(name for name, _ in named):
            return _object([(name, json_text(each, leaf, depth)) for name, each in named])
    if isinstance(value, exp.Column) or isinstance(value.type, exp.DataType):
        return _typed(value, value.type, leaf, depth)
    # Planning a query takes seconds where a long argument is repeated for each type, so that it is bound once.
    return bound(value, f"_it{depth}", call(leaf, exp.column(f"_it{depth}")))


def _typed(value: exp.Expr, data: exp.DataType | None, leaf: str, depth: int) -> exp.Expr:
    parts = data.expressions if data is not None else []
    kind, name = data.this if data is not None else None, f"_it{depth}"
    if kind is exp.DataType.Type.STRUCT and parts and all(isinstance(each, exp.ColumnDef) for each in parts):
        of = exp.column(name)
        fields = [
            (each.name, _typed(exp.Dot(this=of.copy(), expression=_quoted(each.name)), each.kind, leaf, depth + 1))
            for each in parts
        ]
        is_null = exp.Is(this=of.copy(), expression=exp.null())
        body = exp.Case(ifs=[exp.If(this=is_null, true=exp.Literal.string("null"))], default=_object(fields))
        return bound(value, name, body)
    if kind is exp.DataType.Type.ARRAY and len(parts) == 1:
        element = _typed(exp.column(name), parts[0], leaf, depth + 1)
        items = call("list_transform", value, lambda_(name, element))
        joined = call("array_to_string", items, exp.Literal.string(","))
        return _or_null(_joined([exp.Literal.string("["), joined, exp.Literal.string("]")]))
    if kind is exp.DataType.Type.JSON:
        return _or_null(call("_py_json_text", exp.cast(value, "TEXT", dialect="duckdb")))
    macro = _KNOWN.get((leaf, kind), leaf) if isinstance(kind, exp.DType) else leaf
    if macro == "_json_of_alike" or isinstance(value, (exp.Column, exp.Dot)):
        return call(macro, value)
    return bound(value, name, call(macro, exp.column(name)))


def _named(field: exp.Expr) -> tuple[str, exp.Expr]:
    if isinstance(field, exp.PropertyEQ):
        return field.this.name, field.expression
    return (field.alias_or_name if isinstance(field, (exp.Alias, exp.Column, exp.Dot)) else ""), field.unalias()


def _object(fields: list[tuple[str, exp.Expr]]) -> exp.Expr:
    parts: list[exp.Expr] = []
    for place, (name, text) in enumerate(fields):
        before = "," if place else "{"
        parts += [exp.Literal.string(f"{before}{json.dumps(name, ensure_ascii=False)}:"), text]
    return _joined([*parts, exp.Literal.string("}" if fields else "{}")])


def _joined(parts: list[exp.Expr]) -> exp.Expr:
    found = parts[0]
    for each in parts[1:]:
        found = exp.DPipe(this=found, expression=each)
    return exp.paren(found, copy=False)


def _or_null(text: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=text, expressions=[exp.Literal.string("null")])


def _quoted(name: str) -> exp.Expr:
    return exp.to_identifier(name, quoted=True)
