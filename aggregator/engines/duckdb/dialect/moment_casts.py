"""Texts cast to moments: DuckDB reads more than BigQuery does, such as ``2013/01/05``, ``epoch`` and ``10:11``."""

from __future__ import annotations

import re

from sqlglot import exp

from aggregator.engines.duckdb.dialect.typing import kind_of
from aggregator.engines.duckdb.failures import failing
from aggregator.engines.duckdb.trees import call, cast

_DAY, _CLOCK = r"\d{4}-\d{1,2}-\d{1,2}", r"([01]?\d|2[0-3]):[0-5]?\d:[0-5]?\d(\.\d{1,6})?"
_NAMED = r"(UTC|GMT|EST|MST|HST|CET|EET|MET|WET)([+-]\d{1,2}(:\d\d)?)?"
_REGION = r"[A-Z]\w*(/[A-Z][\w+-]*)+"
_ZONE = rf"(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?| ({_NAMED}))"
_FORMS = {
    "DATE": _DAY,
    "TIME": _CLOCK,
    "TIMESTAMP": rf"{_DAY}([ T]{_CLOCK})?",
    "TIMESTAMPTZ": rf"{_DAY}([ T]{_CLOCK}{_ZONE}?)?",
}
"""By the type that DuckDB has for it: the texts that both read alike."""

_LEAP, _SMALL = r"\d{1,2}:\d{1,2}:60(\.0{1,6})?", r"[ Tt]\d{1,2}:\d{1,2}:\d{1,2}(\.\d{1,6})?"
_NOT_HERE = {
    "TIME": _LEAP,
    "TIMESTAMP": rf"{_DAY}([ Tt]{_LEAP}|{_SMALL})",
    "TIMESTAMPTZ": rf"{_DAY}([ Tt]{_LEAP}|{_SMALL})([Zz]|[+-]\d{{1,2}}(:\d{{1,2}})?)?|{_DAY}[ T]{_CLOCK} {_REGION}",
}
"""Those that are not read here: leap seconds, small letters, offsets of one digit, and zones by the name of a city."""

_IN_REGION = re.compile(rf"(?P<local>{_DAY}[ T]{_CLOCK}) (?P<zone>{_REGION})", re.ASCII)

_CALLED = {"DATE": "date", "TIME": "time", "TIMESTAMP": "datetime", "TIMESTAMPTZ": "timestamp"}


def _macros() -> tuple[str, ...]:
    """For each type one that fails, and one that gives NULL."""
    found = []
    for type_, form in _FORMS.items():
        name = _CALLED[type_]
        said = failing(f"'Invalid {name}: \"' || text || '\"'", "BOOLEAN")  # other types put other words around it
        fails = f"CASE WHEN {said} THEN CAST(NULL AS {type_}) END"
        is_lost = f"regexp_full_match(text, '{_NOT_HERE[type_]}')" if type_ in _NOT_HERE else "FALSE"
        is_read = f"CASE WHEN regexp_full_match(text, '{form}') AND NOT starts_with(text, '0000') THEN"
        found += [
            f"_{name}_of(text) AS {is_read} CAST(text AS {type_}) WHEN text IS NOT NULL THEN {fails} END",
            f"_safe_{name}_of(text) AS {is_read} TRY_CAST(text AS {type_}) WHEN {is_lost} THEN {fails} END",
        ]
    return tuple(found)


MACROS = _macros()
"""Functions that the rewritten SQL calls."""

_KINDS: dict[exp.DType, str] = {
    exp.DataType.Type.DATE: "DATE",
    exp.DataType.Type.TIME: "TIME",
    exp.DataType.Type.TIMESTAMP: "TIMESTAMP",
    exp.DataType.Type.DATETIME: "TIMESTAMP",
    exp.DataType.Type.TIMESTAMPTZ: "TIMESTAMPTZ",
}


def is_text(node: exp.Expr) -> bool:
    """Whether a value is a STRING whose form is not known to be read alike."""
    return kind_of(node) in exp.DataType.TEXT_TYPES


def from_text(node: exp.Expr) -> exp.Expr:
    """A text must be as BigQuery reads it; one that is written out is looked at here."""
    assert isinstance(node, exp.Cast)  # noqa: S101
    type_ = _KINDS[node.to.this]
    return _read(node.this, type_, is_safe=isinstance(node, exp.TryCast)) if is_text(node.this) else node


def _read(text: exp.Expr, type_: str, *, is_safe: bool = False) -> exp.Expr:
    found = _IN_REGION.fullmatch(text.name) if type_ == "TIMESTAMPTZ" and isinstance(text, exp.Literal) else None
    if found is not None:  # of the two hours that are called alike, DuckDB would take the second
        return call(
            "_instant", cast(exp.Literal.string(found["local"]), "TIMESTAMP"), exp.Literal.string(found["zone"])
        )
    if isinstance(text, exp.Literal) and _is_read(text.name, type_):
        return exp.TryCast(this=text, to=exp.DataType.build(type_, dialect="duckdb")) if is_safe else cast(text, type_)
    return call(f"_safe_{_CALLED[type_]}_of" if is_safe else f"_{_CALLED[type_]}_of", text)


def _is_read(text: str, type_: str) -> bool:
    return re.fullmatch(_FORMS[type_], text, re.ASCII) is not None and not text.startswith("0000")


def date(node: exp.Expr) -> exp.Expr:
    """DATE of a text is that of the TIMESTAMP in it, on the clock of UTC."""
    if node.args.get("zone") or node.expressions or not node.this or not is_text(node.this):
        return node
    return cast(_read(node.this, "TIMESTAMPTZ"), "DATE")


def last_day(node: exp.Expr) -> exp.Expr:
    """LAST_DAY of a text, which is a DATE."""
    if is_text(node.this):
        node.set("this", _read(node.this, "DATE"))
    return node


def datetime(node: exp.Expr) -> exp.Expr:
    """DATETIME of a text."""
    return _read(node.this, "TIMESTAMP") if is_text(node.this) else node


def timestamp(node: exp.Expr) -> exp.Expr:
    """TIMESTAMP of a text; beside a zone, the text has none."""
    if not is_text(node.this):
        return node
    zone = node.args.get("zone")
    if not zone:
        return _read(node.this, "TIMESTAMPTZ")
    node.set("this", _read(node.this, "TIMESTAMP"))
    return node
