"""The types that BigQuery's functions and operators give, from those of their arguments.

What is not in these tables has no type: a wrong one would be worse than none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery

from aggregator.compile.analysis.lineage import Value
from aggregator.compile.analysis.types import (
    BOOL,
    BYTES,
    DATE,
    DATETIME,
    FLOAT64,
    INT64,
    INTERVAL,
    JSON,
    NULL,
    NUMERIC,
    STRING,
    TIME,
    TIMESTAMP,
    Type,
    array_of,
    common,
    is_number,
    known,
    struct_of,
)

Arguments = Mapping[str, Value | list[Value]]
"""The arguments of a function, as sqlglot calls them."""

Rule = Callable[[Arguments], Type | None]


def type_of_function(node: exp.Expr, arguments: Arguments) -> Type | None:
    """The type of a function or operator; None where it is not known."""
    kind = type(node)
    if kind in _CONSTANT:
        return _CONSTANT[kind]
    if kind in _RULES:
        return _RULES[kind](arguments)
    return BOOL if isinstance(node, (exp.Predicate, exp.Connector)) else None


def _one(arguments: Arguments, key: str) -> Value:
    found = arguments.get(key)
    return found if isinstance(found, Value) else Value()


def _many(arguments: Arguments, *keys: str) -> Iterator[Value]:
    for key in keys:
        found = arguments.get(key)
        if isinstance(found, Value):
            yield found
        elif found:
            yield from found


def _plain(value: Value) -> Type | None:
    return value.type.plain if value.type is not None else None


def _this(arguments: Arguments) -> Type | None:
    return _plain(_one(arguments, "this"))


def _common(*keys: str) -> Rule:
    return lambda arguments: common((value.type, value.is_literal) for value in _many(arguments, *keys))


def _array_like_this(arguments: Arguments) -> Type | None:
    return array_of(_this(arguments))


def _text_or_bytes(arguments: Arguments) -> Type | None:
    types = {_plain(value) for value in _many(arguments, "this", "expression", "expressions")} - {NULL}
    if BYTES in types:
        return BYTES
    arrays = {type_ for type_ in types if type_ is not None and type_.element}
    if arrays:
        return arrays.pop() if len(arrays) == len(types) == 1 else None
    return STRING if types and None not in types else None


def _text_like_this(arguments: Arguments) -> Type | None:
    found = _this(arguments)
    return found if found in (STRING, BYTES, NULL) else None


def _floating(arguments: Arguments) -> Type | None:
    """Functions such as AVG and ROUND, which make a FLOAT64 of an INT64."""
    found = _this(arguments)
    return FLOAT64 if found in (INT64, NULL) else found if is_number(found) or found == INTERVAL else None


def _sum(arguments: Arguments) -> Type | None:
    found = _this(arguments)
    return found if is_number(found) or found in (INTERVAL, NULL) else None


def _math(arguments: Arguments) -> Type | None:
    """Functions of one or two numbers, such as POW and LOG."""
    found = _common("this", "expression")(arguments)
    return FLOAT64 if found == INT64 else found if is_number(found) else None


def _percentile(arguments: Arguments) -> Type | None:
    """PERCENTILE_CONT: of a NUMERIC only where the share is one, too, and not a number with a point."""
    found = common((_plain(value), False) for value in _many(arguments, "this", "expression"))
    return FLOAT64 if found == INT64 else found if is_number(found) else None


def _like_date(literal: Type) -> Rule:
    """Functions such as DATE_TRUNC, which read a string literal as their own type."""

    def rule(arguments: Arguments) -> Type | None:
        this = _one(arguments, "this")
        found = _plain(this)
        if found == NULL or (found == STRING and this.is_literal):
            return literal
        if found == DATE:
            return DATE if literal == DATE else DATETIME
        return found if found in (DATETIME, TIMESTAMP) else None

    return rule


def _add(arguments: Arguments) -> Type | None:
    left, right = _plain(_one(arguments, "this")), _plain(_one(arguments, "expression"))
    for one, other in ((left, right), (right, left)):
        if one == DATE and other == INT64:
            return DATE
        if other == INTERVAL:
            return _MOVED.get(one.text) if one is not None else None
    return _number(arguments)


def _subtract(arguments: Arguments) -> Type | None:
    left, right = _plain(_one(arguments, "this")), _plain(_one(arguments, "expression"))
    if left == right and left in (DATE, DATETIME, TIMESTAMP, TIME):
        return INTERVAL
    return None if right == DATE else _add(arguments)


def _multiply(arguments: Arguments) -> Type | None:
    types = {_plain(value) for value in _many(arguments, "this", "expression")}
    return INTERVAL if types == {INTERVAL, INT64} else _number(arguments)


def _divide(arguments: Arguments) -> Type | None:
    if _plain(_one(arguments, "this")) == INTERVAL:
        return INTERVAL if _plain(_one(arguments, "expression")) == INT64 else None
    found = _number(arguments)
    return FLOAT64 if found == INT64 else found


def _number(arguments: Arguments) -> Type | None:
    found = _common("this", "expression")(arguments)
    return found if is_number(found) or found == NULL else None


def _integer_divide(arguments: Arguments) -> Type | None:
    found = _number(arguments)
    return found if found != FLOAT64 else None


def _bracket(arguments: Arguments) -> Type | None:
    found = _one(arguments, "this").type
    return JSON if found == JSON else found.element if found is not None else None


def _top_counted(arguments: Arguments) -> Type | None:
    return array_of(struct_of((("value", _this(arguments)), ("count", INT64))))


def _top_summed(arguments: Arguments) -> Type | None:
    weight = _plain(_one(arguments, "expression"))
    return array_of(struct_of((("value", _this(arguments)), ("sum", weight if is_number(weight) else None))))


def _json_or_text(arguments: Arguments) -> Type | None:
    found = _this(arguments)
    return found if found in (JSON, STRING) else None


def _at_time_zone(arguments: Arguments) -> Type | None:
    """What EXTRACT is of: the clock of a zone."""
    return DATETIME if _this(arguments) == TIMESTAMP else None


def _timestamp_add(arguments: Arguments) -> Type | None:
    this = _one(arguments, "this")
    found = _plain(this)
    if found == TIMESTAMP or this.is_literal:
        return TIMESTAMP
    return DATETIME if found in (DATE, DATETIME) else None


_MOVED = {"DATE": DATETIME, "DATETIME": DATETIME, "TIMESTAMP": TIMESTAMP, "TIME": TIME, "INTERVAL": INTERVAL}
"""What comes of a moment and an INTERVAL."""

_SQLGLOT_TYPES = {
    "DOUBLE": FLOAT64,
    "VARCHAR": STRING,
    "BIGINT": INT64,
    "INT": INT64,
    "TINYINT": INT64,
    "BINARY": BYTES,
    "BOOLEAN": BOOL,
    "DATE": DATE,
    "DATETIME": DATETIME,
    "INTERVAL": INTERVAL,
    "JSON": JSON,
    "TIME": TIME,
    "TIMESTAMPTZ": TIMESTAMP,
    "DECIMAL": NUMERIC,
    "BIGDECIMAL": known("BIGNUMERIC"),
}
_PARTS = {"DATE": DATE, "DATETIME": DATETIME, "TIME": TIME}
_DATES = known("ARRAY<DATE>")
_TEXTS = known("ARRAY<STRING>")
_CONSTANT: dict[type[exp.Expr], Type] = {
    kind: _SQLGLOT_TYPES[spec["returns"].value]
    for kind, spec in BigQuery.EXPRESSION_METADATA.items()
    if spec.get("returns") is not None and spec["returns"].value in _SQLGLOT_TYPES
} | {
    exp.Count: INT64,
    exp.Not: BOOL,
    exp.DateDiff: INT64,
    exp.GenerateDateArray: _DATES,
    exp.GenerateTimestampArray: known("ARRAY<TIMESTAMP>"),
    exp.JSONKeysAtDepth: _TEXTS,
    exp.JSONValueArray: _TEXTS,
    exp.RegexpLike: BOOL,
    exp.Timestamp: TIMESTAMP,
    exp.StDistance: FLOAT64,
    exp.JSONKeys: _TEXTS,
    exp.ToCodePoints: known("ARRAY<INT64>"),
    exp.TsOrDsToDatetime: DATETIME,
    exp.TsOrDsToTimestamp: TIMESTAMP,
}
for _kind in (exp.DPipe, exp.Pow, exp.DatetimeAdd, exp.DatetimeSub, exp.TimestampAdd, exp.TimestampSub, exp.Null):
    _CONSTANT.pop(_kind, None)

_RULES: dict[type[exp.Expr], Rule] = {
    **dict.fromkeys((exp.Abs, exp.Sign, exp.SafeNegate, exp.Neg, exp.BitwiseNot), _this),
    **dict.fromkeys((exp.Paren, exp.Alias, exp.PercentileDisc, exp.ArrayReverse, exp.Distinct), _this),
    **dict.fromkeys((exp.ArgMax, exp.ArgMin, exp.AnyValue, exp.Max, exp.Min, exp.ArrayConcatAgg), _this),
    **dict.fromkeys((exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue), _this),
    **dict.fromkeys((exp.SafeFunc, exp.NetFunc, exp.ArrayConcat, exp.ArraySlice, exp.Collate), _this),
    **dict.fromkeys((exp.Left, exp.Right, exp.Lower, exp.Upper, exp.Pad, exp.Repeat), _text_like_this),
    **dict.fromkeys((exp.Replace, exp.Reverse, exp.Substring, exp.Translate, exp.Trim), _text_like_this),
    **dict.fromkeys((exp.RegexpExtract, exp.RegexpReplace, exp.GroupConcat), _text_like_this),
    **dict.fromkeys((exp.ArrayAgg, exp.ApproxQuantiles, exp.RegexpExtractAll, exp.Split), _array_like_this),
    **dict.fromkeys((exp.Avg, exp.Ceil, exp.Floor, exp.Round, exp.Trunc, exp.Exp, exp.Sqrt, exp.Ln), _floating),
    **dict.fromkeys((exp.Greatest, exp.Least, exp.Coalesce), _common("this", "expressions")),
    **dict.fromkeys((exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor), _common("this", "expression")),
    **dict.fromkeys((exp.BitwiseLeftShift, exp.BitwiseRightShift), _this),
    exp.Nullif: _common("this", "expression"),
    **dict.fromkeys((exp.Log, exp.Pow), _math),
    exp.PercentileCont: _percentile,
    **dict.fromkeys((exp.Concat, exp.DPipe), _text_or_bytes),
    **dict.fromkeys((exp.Add, exp.SafeAdd), _add),
    **dict.fromkeys((exp.Sub, exp.SafeSubtract), _subtract),
    **dict.fromkeys((exp.Mul, exp.SafeMultiply), _multiply),
    exp.AtTimeZone: _at_time_zone,
    **dict.fromkeys((exp.Div, exp.SafeDivide), _divide),
    **dict.fromkeys((exp.IntDiv, exp.Mod), _integer_divide),
    **dict.fromkeys((exp.DateAdd, exp.DateSub, exp.DateTrunc), _like_date(DATE)),
    **dict.fromkeys((exp.DatetimeAdd, exp.DatetimeSub, exp.DatetimeTrunc), _like_date(DATETIME)),
    **dict.fromkeys((exp.TimestampAdd, exp.TimestampSub), _timestamp_add),
    exp.TimestampTrunc: _like_date(TIMESTAMP),
    exp.Sum: _sum,
    exp.If: _common("true", "false"),
    exp.GenerateSeries: lambda arguments: array_of(_common("start", "end", "step")(arguments)),
    exp.ArrayFirst: _bracket,
    exp.ArrayLast: _bracket,
    exp.ApproxTopK: _top_counted,
    exp.ApproxTopSum: _top_summed,
    exp.JSONExtract: _json_or_text,
    exp.JSONExtractArray: lambda arguments: array_of(_json_or_text(arguments)),
    exp.JSONFormat: lambda arguments: JSON if arguments.get("to_json") else STRING,
}


def type_of_part(name: str) -> Type:
    """The type of a part of a moment, as EXTRACT gives it."""
    return _PARTS.get(name.upper(), INT64)


def type_of_choice(results: list[Value]) -> Type | None:
    """The type of one of several values, as CASE gives it."""
    return common((value.type, value.is_literal) for value in results)
