"""Functions in JavaScript, run by an interpreter inside this process: no files, no network, bounded time and memory.

Values go in and out as JSON, which code made from the declared types turns into what BigQuery documents for each: a
TIMESTAMP is a Date, BYTES are text in base 64, a NUMERIC is a number where one can hold it, and a text otherwise. There
is no INT64 among what is taken, as its documentation says ("Supported JavaScript UDF data types"); one may be given.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import hashlib
import importlib.util
import inspect
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

from sqlglot import exp

from aggregator.compile.routines import Routine
from aggregator.engines.duckdb.dialect.marks import IN_JAVASCRIPT

EXTRA = "js"
"""What has to be installed."""

_MEMORY, _SECONDS = 256 * 2**20, 60
"""The most that one function may take for a value."""

_LARGEST = 2**53
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY_0 = _EPOCH.date()
_TYPES = frozenset({"BOOL", "FLOAT64", "STRING", "BYTES", "NUMERIC", "BIGNUMERIC", "DATE", "TIMESTAMP", "JSON"})

_IN = {
    "FLOAT64": "Number(v)",
    "DATE": "new Date(v * 86400000)",
    "TIMESTAMP": "new Date(Math.floor(v / 1000))",
}
"""From what JSON holds to a value of JavaScript's; what is not here is as it is."""

_OUT = {
    "BOOL": "_typed(v, 'boolean', v)",
    "FLOAT64": "_typed(v, 'number', String(v))",
    "INT64": "_digits(v)",
    "NUMERIC": "_digits(v)",
    "BIGNUMERIC": "_digits(v)",
    "BYTES": "_typed(v, 'string', v)",
    "STRING": "String(v)",
    "DATE": "Math.floor(_moment(v) / 86400000)",
    "TIMESTAMP": "_moment(v) * 1000",
    "JSON": "JSON.stringify(v)",
}
"""The other way round."""

_PRELUDE = """
function _typed(v, kind, out) {
  if (typeof v !== kind) throw new TypeError(`the result is ${typeof v}, and should be ${kind}`);
  return out;
}
function _moment(v) {
  if (!(v instanceof Date) || isNaN(v)) throw new TypeError("the result is no Date");
  return v.getTime();
}
function _digits(v) {
  if (!["number", "string", "bigint"].includes(typeof v)) throw new TypeError("the result is no number");
  return String(v);
}
function _now(v) {
  if (v instanceof Promise) throw new TypeError("the result is a Promise, which is not waited for here");
  return v;
}
function _list(v, each) {
  if (!Array.isArray(v)) throw new TypeError("the result is no Array");
  return v.map(each);
}
"""


def name_of(routine: Routine) -> str:
    """What a translated query calls a function: another version of it may be called on the same connection."""
    version = hashlib.sha256(repr((routine.parameters, routine.returns, routine.code)).encode()).hexdigest()[:8]
    return f"{IN_JAVASCRIPT}{routine.name.replace('.', '_')}_{version}".upper()


def is_missing() -> bool:
    """Whether there is no interpreter."""
    return importlib.util.find_spec("quickjs") is None


def unknown_types(routine: Routine) -> str:
    """Why values of a function can't be handed over; empty if they can."""
    for parameter in routine.parameters:
        if parameter.type == "INT64":
            return f"JavaScript takes no INT64; declare {parameter.name} as FLOAT64, or as STRING"
        if not parameter.type or not _is_known(_data(parameter.type)):
            return f"what {parameter.name}, {parameter.type or 'ANY TYPE'}, is in JavaScript is not known here"
        if "TIMESTAMP" in parameter.type and "microsecond" in routine.code:
            return f"what {parameter.name}.microsecond is in BigQuery is not known here"
    if not routine.returns or not _is_known(_data(routine.returns), also=frozenset({"INT64"})):
        return f"what {routine.returns or 'it gives'} is in JavaScript is not known here"
    return ""


def function_of(routine: Routine) -> Callable[..., Any]:
    """A function in JavaScript as one in Python. Raises ValueError with what JavaScript says."""
    threads = threading.local()
    takes = [_data(each.type) for each in routine.parameters]
    gives = _data(routine.returns)
    source = _source(routine, takes, gives)

    def call(*values: Any) -> Any:
        import quickjs  # noqa: PLC0415  (only where it is used)

        try:
            if not hasattr(threads, "call"):  # an interpreter belongs to a thread
                context = quickjs.Context()
                context.set_memory_limit(_MEMORY)
                context.set_time_limit(_SECONDS)
                context.eval(source)
                threads.call = context.get("_call")
            given = [_to_json(value, data) for value, data in zip(values, takes, strict=True)]
            return _from_json(json.loads(threads.call(json.dumps(given))), gives)
        except quickjs.JSException as error:
            raise ValueError(f"{routine.name}: {_said(str(error))}") from None
        except (ValueError, ArithmeticError) as error:
            raise ValueError(f"{routine.name}: what it gives is no {routine.returns}: {error}") from None

    names = [inspect.Parameter(each.name, inspect.Parameter.POSITIONAL_ONLY) for each in routine.parameters]
    call.__signature__ = inspect.Signature(names)  # type: ignore[attr-defined]  # DuckDB counts the parameters
    return call


def _said(text: str) -> str:
    """JavaScript's words, and the line of the function that they are about."""
    message, *trace = text.strip().splitlines()
    message = message.replace("InternalError: interrupted", f"it took more than {_SECONDS} s")
    message = message.replace("InternalError: out of memory", f"it took more than {_MEMORY // 2**20} MiB")
    return message if not trace else f"{message} {trace[0].strip().partition(' (')[0]}".strip()


def _source(routine: Routine, takes: Iterable[exp.DataType], gives: exp.DataType) -> str:
    names = ", ".join(each.name for each in routine.parameters)
    given = ", ".join(_js(data, _IN, f"given[{place}]") for place, data in enumerate(takes))
    return (
        f"{_PRELUDE}function _body({names}) {{\n{routine.code}\n}}\n"
        f"function _call(text) {{ const given = JSON.parse(text);"
        f" return JSON.stringify({_js(gives, _OUT, f'_now(_body({given}))')}) }}"
    )


def _js(data: exp.DataType, forms: dict[str, str], value: str) -> str:
    """Code that turns a value of a type."""
    name = _name(data)
    if name == "ARRAY":
        inner = f"_list(v, v => {_js(data.expressions[0], forms, 'v')})"
    elif name == "STRUCT":
        fields = (
            (each.name, _js(each.args["kind"], forms, f"v[{json.dumps(each.name)}]")) for each in data.expressions
        )
        inner = f"({{{', '.join(f'{json.dumps(field)}: {code}' for field, code in fields)}}})"
    else:
        inner = forms.get(name, "v")
    return f"(v => v === null || v === undefined ? null : {inner})({value})"


def _to_json(value: Any, data: exp.DataType) -> Any:
    name = _name(data)
    if value is None:
        return None
    if name == "ARRAY":
        return [_to_json(each, data.expressions[0]) for each in value]
    if name == "STRUCT":
        return {each.name: _to_json(value[each.name], each.args["kind"]) for each in data.expressions}
    return _GIVEN[name](value) if name in _GIVEN else value


def _from_json(value: Any, data: exp.DataType) -> Any:
    name = _name(data)
    if value is None:
        return None
    if name == "ARRAY":
        return [_from_json(each, data.expressions[0]) for each in value]
    if name == "STRUCT":
        return {each.name: _from_json(value[each.name], each.args["kind"]) for each in data.expressions}
    return _TAKEN[name](value) if name in _TAKEN else value


def _number(value: decimal.Decimal) -> float | str:
    """A NUMERIC is a number where that is exact."""
    is_whole = value == value.to_integral_value()
    return int(value) if is_whole and abs(value) <= _LARGEST else f"{value.normalize():f}"


_GIVEN: dict[str, Callable[[Any], Any]] = {
    "BYTES": lambda value: base64.b64encode(value).decode(),
    "FLOAT64": lambda value: value if abs(value) < float("inf") else str(value).replace("inf", "Infinity"),
    "NUMERIC": _number,
    "BIGNUMERIC": _number,
    "DATE": lambda value: (value - _DAY_0).days,
    "TIMESTAMP": lambda value: (value - _EPOCH) // dt.timedelta(microseconds=1),
    "JSON": json.loads,
}
_TAKEN: dict[str, Callable[[Any], Any]] = {
    "BYTES": lambda value: base64.b64decode(value, validate=True),
    "FLOAT64": float,
    "INT64": lambda value: int(decimal.Decimal(value)) if decimal.Decimal(value) % 1 == 0 else int(value),
    "NUMERIC": decimal.Decimal,
    "BIGNUMERIC": decimal.Decimal,
    "DATE": lambda value: _DAY_0 + dt.timedelta(days=value),
    "TIMESTAMP": lambda value: _EPOCH + dt.timedelta(microseconds=value),
}


def _data(text: str) -> exp.DataType:
    return exp.DataType.build(text, dialect="bigquery")


def _name(data: exp.Expr) -> str:
    return str(data.sql("bigquery")).partition("<")[0].partition("(")[0]


def _is_known(data: exp.Expr, also: frozenset[str] = frozenset()) -> bool:
    name = _name(data)
    if name == "ARRAY":
        return all(_is_known(each, also) for each in data.expressions)
    if name == "STRUCT":
        fields = data.expressions
        return all(isinstance(each, exp.ColumnDef) and _is_known(each.args["kind"], also) for each in fields)
    return name in _TYPES or name in also
