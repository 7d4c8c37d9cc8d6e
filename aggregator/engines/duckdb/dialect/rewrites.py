"""What is corrected in sqlglot's translation of BigQuery's SQL to DuckDB's.

``REWRITES`` is a table: what is replaced, and by what. Each restores what BigQuery documents; the cases were found by
comparing answers.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from aggregator.engines.duckdb import aliases, arrays, bits, lists, sketches
from aggregator.engines.duckdb.dialect import (
    documents,
    floats,
    formats,
    intervals,
    json_changes,
    json_texts,
    moment_casts,
    moments,
    numbers,
    octets,
    ordering,
    overflow,
    python,
    spread,
    structs,
    texts,
)
from aggregator.engines.duckdb.dialect.typing import kind_of
from aggregator.engines.duckdb.trees import call, cast

MACROS = (
    "_position(text, n) AS CASE WHEN n = 0 OR n < -length(text) THEN 1 ELSE n END",
    *intervals.MACROS,
    *intervals.TEXT_MACROS,
    *texts.MACROS,
    *structs.MACROS,
    *numbers.MACROS,
    *floats.MACROS,
    *overflow.MACROS,
    *spread.MACROS,
    *moments.MACROS,
    *moment_casts.MACROS,
    *json_texts.MACROS,
    *documents.MACROS,
    *formats.MACROS,
    *arrays.MACROS,
    *bits.MACROS,
    *lists.MACROS,
    *sketches.MACROS,
    *python.MACROS,
)
"""Functions that the rewritten SQL calls."""

_INTEGERS = frozenset(exp.DataType.SIGNED_INTEGER_TYPES)
_DECIMALS = frozenset({exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGDECIMAL})
Rewrite = Callable[[exp.Expr], exp.Expr]


def _count_if(node: exp.Expr) -> exp.Expr:
    """COUNTIF over no rows, or over NULLs only, is 0; DuckDB's count_if is NULL and a HUGEINT."""
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=node.this))


def _numeric(node: exp.Expr) -> exp.Expr:
    """NUMERIC has 9 digits after the point; DuckDB's DECIMAL has 3."""
    assert isinstance(node, exp.DataType)  # noqa: S101
    if node.expressions:
        return node
    if node.this == exp.DataType.Type.DECIMAL:
        return exp.DataType.build("DECIMAL(38, 9)", dialect="duckdb")
    if node.this == exp.DataType.Type.BIGDECIMAL:
        return exp.DataType.build("DECIMAL(38, 18)", dialect="duckdb")
    return node


def _float_literal(node: exp.Expr) -> exp.Expr:
    """A literal with a point is a FLOAT64, unless it meets or becomes a NUMERIC; DuckDB reads it as DECIMAL."""
    assert isinstance(node, exp.Literal)  # noqa: S101
    if node.is_string or "." not in node.this:
        return node
    parent = node.parent
    if isinstance(parent, exp.Cast) and parent.to.this in _DECIMALS:
        return node
    is_numeric = False
    if isinstance(parent, exp.Binary):
        is_numeric = kind_of(parent.expression if node.arg_key == "this" else parent.this) in _DECIMALS
    return cast(node, "DECIMAL(38, 9)" if is_numeric else "DOUBLE")


def _cast(node: exp.Expr) -> exp.Expr:
    """Halves are rounded away from zero; DuckDB rounds those of floats to the even number.

    No BYTES at all may stand for a sketch, which is an array here.
    """
    assert isinstance(node, exp.Cast)  # noqa: S101
    if node.to.this == exp.DataType.Type.BINARY and isinstance(node.this, exp.Null):
        return exp.null()
    kind = node.to.this
    if kind_of(node.this) is kind and kind in _AS_THEY_ARE:
        return node if kind in _INTEGERS else node.this
    if kind in _CASTS:
        return _CASTS[kind](node)
    if kind not in _INTEGERS and kind != exp.DataType.Type.BOOLEAN:
        return node
    name = "bool" if kind == exp.DataType.Type.BOOLEAN else "integer"
    return call(f"_safe_{name}" if isinstance(node, exp.TryCast) else f"_{name}", node.this)


_AS_THEY_ARE = frozenset({*_INTEGERS, *exp.DataType.TEXT_TYPES, exp.DataType.Type.BOOLEAN})
"""What is of such a type needs no cast to it, but that DuckDB's own integers can be shorter."""


def _time_cast(node: exp.Expr) -> exp.Expr:
    """A text must be as BigQuery reads it; TIME of a TIMESTAMP is that on the clock of UTC."""
    better = moment_casts.from_text(node)
    return moments.time_of(node) if better is node else better


_CASTS: dict[exp.DType, Rewrite] = {
    **dict.fromkeys(exp.DataType.TEXT_TYPES, texts.cast_to_text),
    exp.DataType.Type.BINARY: texts.cast_to_bytes,
    **dict.fromkeys((exp.DataType.Type.DOUBLE, *_DECIMALS), numbers.from_text),
    exp.DataType.Type.TIME: _time_cast,
    **dict.fromkeys(
        (exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPTZ), moment_casts.from_text
    ),
    exp.DataType.Type.INTERVAL: intervals.from_text,
}


def _substring(node: exp.Expr) -> exp.Expr:
    """Position 0 means 1, and so does one from before the beginning."""
    start = node.args.get("start")
    if start is not None and not (isinstance(start, exp.Literal) and start.name != "0"):
        node.set("start", call("_position", node.this.copy(), start))
    return node


def _distinct(node: exp.Expr) -> exp.Expr:
    """Structs can be told apart directly; BigQuery needs TO_JSON_STRING for it."""
    items = node.expressions
    if len(items) == 1 and isinstance(items[0], exp.JSONFormat) and isinstance(items[0].this, exp.Struct):
        fields = [each.expression if isinstance(each, exp.PropertyEQ) else each for each in items[0].this.expressions]
        return exp.Distinct(expressions=[exp.Tuple(expressions=[each.copy() for each in fields])])
    return node


def _sum(node: exp.Expr) -> exp.Expr:
    """Integers that are written out are INT64; DATE + INT64 is a number of days; two moments differ by an INTERVAL."""
    better = intervals.added(node)
    better = numbers.wide(moments.later(node)) if better is node else better
    return overflow.arithmetic(node) if better is node else better


def _product(node: exp.Expr) -> exp.Expr:
    """NUMERIC by NUMERIC is rounded to nine digits; INTERVAL by INT64 is computed part by part; integers are INT64."""
    better = intervals.product(node)
    better = numbers.product(node) if better is node else better
    return overflow.arithmetic(node) if better is node else better


def _quotient(node: exp.Expr) -> exp.Expr:
    """X / 0 is an error, not infinity; NUMERIC by NUMERIC has nine digits; INTERVAL by INT64 is one."""
    better = intervals.quotient(node)
    return numbers.division(node) if better is node else better


def _total(node: exp.Expr) -> exp.Expr:
    """SUM of INTERVALs: each part by itself; of FLOAT64, infinity is an error."""
    better = intervals.total(node)
    return overflow.total(node) if better is node else better


def _average(node: exp.Expr) -> exp.Expr:
    """AVG of NUMERIC is NUMERIC, and AVG of INTERVAL is INTERVAL; DuckDB computes the first as a float."""
    better = intervals.average(node)
    better = numbers.average(node) if better is node else better
    return overflow.total(node) if better is node else better


def _window(node: exp.Expr) -> exp.Expr:
    """AVG of NUMERIC over a window: the sum over it by the count over it; SUM of INTERVAL: each part; MIN of NaN."""
    better = intervals.windowed(node)
    better = floats.windowed_minimum(node) if better is node else better
    better = numbers.window(node) if better is node else better
    better = spread.windowed(node) if better is node else better
    return overflow.total(node) if better is node else better


def _or_null(otherwise: Rewrite) -> Rewrite:
    def rewrite(node: exp.Expr) -> exp.Expr:
        better = overflow.or_null(node)
        return otherwise(node) if better is node else better

    rewrite.__doc__ = f"{otherwise.__doc__} Of FLOAT64, what overflows is NULL."
    return rewrite


def _query(node: exp.Expr) -> exp.Expr:
    """GROUP BY, ORDER BY and QUALIFY with what is meant in the place of names that DuckDB would read otherwise."""
    return ordering.of_rows(aliases.joined_first(aliases.spelt_out(node)))


def _timestamp(node: exp.Expr) -> exp.Expr:
    """Of a text as BigQuery reads it; a local time that occurs twice is the first of the two, to DuckDB the second."""
    better = moment_casts.timestamp(node)
    return moments.timestamp(node) if better is node else better


def _datetime_of_text(node: exp.Expr) -> exp.Expr:
    """DATETIME of a text, but not within FORMAT_DATETIME."""
    return node if isinstance(node.parent, exp.TimeToStr) else moment_casts.datetime(node)


def _time(node: exp.Expr) -> exp.Expr:
    """TIME of a TIMESTAMP, but not within FORMAT_TIME."""
    return node if isinstance(node.parent, exp.TimeToStr) else moments.time_of(node)


def _subquery(node: exp.Expr) -> exp.Expr:
    """Subqueries over one array are functions of lists; UNPIVOT gives the value before its name."""
    better = lists.named(node)
    better = lists.scalar(node) if better is node else better
    return _unpivoted(node) if better is node else better


def _unpivoted(node: exp.Expr) -> exp.Expr:
    """UNPIVOT gives the value before its name; DuckDB gives them the other way round."""
    pivots = node.args.get("pivots") or []
    pivot = pivots[0] if len(pivots) == 1 and pivots[0].args.get("unpivot") else None
    if pivot is None or len(pivot.expressions) != 1 or not isinstance(node.parent, (exp.From, exp.Join)):
        return node
    value = pivot.expressions[0]
    fields = pivot.args.get("fields") or []
    if len(fields) != 1 or not isinstance(value, (exp.Column, exp.Identifier)):
        return node
    name = fields[0].this.name
    both = [exp.column(value.name), exp.column(name)]
    alias = pivot.alias
    star = exp.Star(except_=[exp.column(name), exp.column(value.name)])
    return exp.select(star, *both).from_(node.copy()).subquery(alias or None)


_CALLS = {
    "IEEE_DIVIDE": "_ieee_divide",
    "DATE_BUCKET": "_date_bucket",
    "DATETIME_BUCKET": "_datetime_bucket",
    "TIMESTAMP_BUCKET": "_timestamp_bucket",
}


def _called(node: exp.Expr) -> exp.Expr:
    """IEEE_DIVIDE and the functions of buckets, which sqlglot has no nodes for, by macros."""
    name = _CALLS.get(node.name.upper())
    return call(name, *node.expressions) if name else node


REWRITES: dict[type[exp.Expr], Rewrite] = {
    # numbers
    exp.Add: _sum,
    exp.Sub: _sum,
    exp.Mul: _product,
    exp.Div: _quotient,
    exp.IntDiv: numbers.whole_division,
    exp.SafeDivide: numbers.safe_division,
    exp.SafeAdd: _or_null(numbers.named("_safe_add")),
    exp.SafeSubtract: _or_null(numbers.named("_safe_subtract")),
    exp.SafeMultiply: _or_null(numbers.named("_safe_multiply")),
    exp.SafeNegate: numbers.named("_safe_negate"),
    exp.SafeFunc: numbers.safe,
    exp.RangeBucket: floats.bucket,
    exp.Sqrt: numbers.named("_sqrt"),
    exp.Ln: numbers.named("_ln"),
    exp.Log: numbers.named("_log"),
    exp.Pow: numbers.named("_pow"),
    exp.Exp: numbers.named("_exp"),
    exp.Sinh: numbers.named("_sinh"),
    exp.Cosh: numbers.named("_cosh"),
    exp.Coth: numbers.named("_coth"),
    exp.Csc: numbers.named("_csc"),
    exp.Sec: numbers.named("_sec"),
    exp.Csch: numbers.named("_csch"),
    exp.Sech: numbers.named("_sech"),
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), floats.compared),
    exp.Least: floats.least,
    exp.In: floats.among,
    exp.Case: floats.case,
    exp.Nullif: floats.null_if,
    exp.Between: floats.between,
    exp.Sign: floats.sign,
    exp.DataType: _numeric,
    exp.Literal: _float_literal,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.BitwiseLeftShift: bits.shift_left,
    exp.BitwiseRightShift: bits.shift_right,
    exp.BitwiseCount: octets.or_else(bits.count),
    # texts
    exp.Like: texts.like,
    exp.Contains: texts.contains,
    exp.Upper: octets.or_else(texts.upper),
    exp.Trim: octets.or_else(texts.trim),
    exp.ByteLength: texts.byte_length,
    exp.Pad: octets.or_else(texts.pad),
    exp.Substring: octets.or_else(_substring),
    exp.StrPosition: octets.or_else(texts.position),
    exp.Split: octets.or_else(texts.split),
    **dict.fromkeys((exp.Left, exp.Right, exp.Reverse, exp.Replace, exp.Repeat), octets.or_else(None)),
    **dict.fromkeys((exp.Lower, exp.StartsWith, exp.EndsWith), octets.or_else(None)),
    exp.Concat: octets.concatenated,
    exp.Ascii: numbers.named("_ascii"),
    exp.Unicode: numbers.named("_unicode"),
    exp.Chr: numbers.named("_chr"),
    exp.ToCodePoints: octets.or_else(numbers.named("_code_points")),
    exp.CodePointsToBytes: numbers.named("_bytes_of_code_points"),
    exp.CodePointsToString: numbers.named("_from_code_points"),
    exp.Normalize: texts.normalize,
    exp.Soundex: numbers.named("_py_soundex"),
    exp.SafeConvertBytesToString: numbers.named("_py_lenient_text"),
    exp.SHA2Digest: texts.sha2,
    exp.FarmFingerprint: texts.fingerprint,
    exp.NetFunc: texts.of_net,
    exp.Unhex: numbers.named("_py_from_hex"),
    exp.FromBase64: numbers.named("_py_from_base64"),
    exp.ToBase32: numbers.named("_py_to_base32"),
    exp.FromBase32: numbers.named("_py_from_base32"),
    exp.RegexpExtract: texts.extracted,
    exp.Format: formats.formatted,
    # dates and times
    exp.DateAdd: moments.as_date,
    exp.DateSub: moments.as_date,
    exp.DateTrunc: moments.date_trunc,
    exp.DateDiff: moments.date_diff,
    exp.Datetime: moments.datetime,
    exp.TimestampDiff: moments.timestamp_diff,
    exp.TimestampTrunc: moments.timestamp_trunc,
    exp.Timestamp: _timestamp,
    exp.Date: moment_casts.date,
    exp.TsOrDsToDatetime: _datetime_of_text,
    exp.TimeTrunc: moments.time_trunc,
    exp.TimeToStr: moments.formatted,
    exp.StrToDate: moments.parsed_date,
    exp.StrToTime: moments.parsed_timestamp,
    exp.ParseDatetime: moments.parsed_datetime,
    exp.ParseTime: moments.parsed_time,
    exp.UnixSeconds: moments.unix_seconds,
    exp.UnixMillis: moments.unix_millis,
    exp.String: moments.text,
    exp.Time: moments.time_of,
    exp.TsOrDsToTime: _time,
    exp.Extract: moments.extract,
    exp.Interval: intervals.literal,
    exp.MakeInterval: intervals.made,
    exp.JustifyDays: numbers.named("_justify_days"),
    exp.JustifyHours: numbers.named("_justify_hours"),
    exp.JustifyInterval: numbers.named("_justify_interval"),
    # JSON
    exp.JSONExtract: documents.found,
    exp.JSONExtractArray: documents.found_array,
    exp.JSONFormat: documents.written,
    **dict.fromkeys((exp.JSONSet, exp.JSONArrayAppend, exp.JSONArrayInsert), json_changes.changed),
    exp.JSONRemove: json_changes.removed,
    exp.JSONStripNulls: json_changes.stripped,
    exp.JSONObject: json_changes.object_,
    exp.JSONArray: json_changes.array,
    exp.JSONType: numbers.named("_json_type"),
    exp.JSONKeysAtDepth: documents.keys,
    exp.Int64: numbers.named("_json_integer"),
    exp.JSONBool: numbers.named("_json_bool"),
    exp.Float64: numbers.named("_json_float"),
    exp.LaxInt64: numbers.named("_lax_integer"),
    exp.LaxFloat64: numbers.named("_lax_float"),
    exp.LaxString: numbers.named("_lax_text"),
    exp.LaxBool: numbers.named("_lax_bool"),
    # arrays and structs
    exp.Bracket: arrays.item,
    exp.Unnest: arrays.unnest,
    exp.Array: lists.array,
    exp.ArraySlice: arrays.sliced,
    exp.GenerateSeries: numbers.generated,
    exp.ArrayFirst: numbers.named("_array_first"),
    exp.ArrayLast: numbers.named("_array_last"),
    exp.Dot: sketches.sketch,
    # aggregates
    exp.CountIf: _count_if,
    exp.Sum: _total,
    exp.Avg: _average,
    exp.Window: _window,
    exp.Min: floats.minimum,
    **dict.fromkeys((exp.Variance, exp.VariancePop, exp.Stddev, exp.StddevSamp, exp.StddevPop), spread.variance),
    **dict.fromkeys((exp.Corr, exp.CovarPop, exp.CovarSamp), spread.together),
    exp.Distinct: _distinct,
    exp.ArrayAgg: arrays.collected,
    exp.IgnoreNulls: arrays.collected_without_nulls,
    exp.ArrayConcatAgg: arrays.concatenated,
    exp.GroupConcat: texts.joined,
    **dict.fromkeys((exp.PercentileCont, exp.PercentileDisc), ordering.percentile),
    exp.ApproxQuantiles: ordering.quantiles,
    exp.HavingMax: ordering.having,
    exp.ApproxTopK: numbers.named("_top_count"),
    exp.ArgMax: ordering.greatest,
    exp.ArgMin: ordering.greatest,
    # queries
    exp.Anonymous: _called,
    exp.Select: _query,
    **dict.fromkeys((exp.Union, exp.Intersect, exp.Except), ordering.of_rows),
    exp.Ordered: ordering.ordered,
    exp.Subquery: _subquery,
    exp.Table: _unpivoted,
}
"""By construct: what BigQuery does is said by the first line of each function."""
