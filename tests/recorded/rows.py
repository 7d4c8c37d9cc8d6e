"""Rows of the reference engine beside those that BigQuery returned."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from zetasql.wasi._pb2.zetasql.public import type_pb2

from aggregator.analyzers.googlesql.tables import Interval, Json, Range, Rows
from aggregator.analyzers.googlesql.types import parsed
from aggregator.analyzers.protocol import Mistake

from .corpus import Fixture
from .script import Result

SAME, WRONG, CANNOT, OTHER_WORDS = "agrees", "wrong", "can't", "other words"
_UNMEASURED = (
    (re.compile(r"(?im)^\s*(DECLARE|BEGIN|CALL|FOR|WHILE|LOOP|EXECUTE)\b|PROCEDURE"), "a script"),
    (re.compile(r"(?i)LANGUAGE\s+js"), "JavaScript"),
    (re.compile(r"(?i)\bST_|GEOGRAPHY"), "geography"),
    (re.compile(r"(?i)INFORMATION_SCHEMA"), "what the warehouse says of itself"),
)


def compared(fixture: Fixture, result: Result) -> str:
    """``agrees``, why there is nothing to compare, or what is different."""
    why = _unmeasured(fixture, result)
    if why:
        return f"not measured: {why}"
    answer = result.answer
    if fixture.error:
        if not isinstance(answer, Mistake):
            return f"{CANNOT}: {answer}" if not isinstance(answer, Rows) else f"{WRONG}: no error, {fixture.error}"
        same = fixture.error.partition(";")[0] == answer.message
        return SAME if same else f"{OTHER_WORDS}: {answer.message}, recorded is {fixture.error}"
    if isinstance(answer, Mistake):
        return f"{WRONG}: {answer.message}"
    if not isinstance(answer, Rows):
        return f"{CANNOT}: {answer.reason if answer else 'no query'}"
    names = [each["name"] for each in fixture.schema]
    theirs = [tuple(row.get(name) for name in names) for row in fixture.rows]
    types = [parsed(each.type) for each in answer.columns]
    same = same_rows(theirs, answer, types)
    return SAME if same else f"{WRONG}: {str(answer.values)[:200]}, recorded are {str(theirs)[:200]}"


def _unmeasured(fixture: Fixture, result: Result) -> str:
    text = f"{fixture.setup}\n{fixture.query}"
    for pattern, why in _UNMEASURED:
        if pattern.search(text):
            return why
    if any(not each.name for each in fixture.parameters):
        return "parameters by position"
    if fixture.is_dry_run:
        return "a dry run"
    return "" if result.is_query else "no query"


def same_rows(theirs: Sequence[tuple[Any, ...]], ours: Rows, types: Sequence[Any]) -> bool:
    """Whether rows that were recorded, and those of a query, are the same, in order if there is one."""
    return _are_same(theirs, ours.values, types, _same, is_ordered=ours.is_ordered)


def same_values(theirs: Rows, ours: Sequence[tuple[Any, ...]]) -> bool:
    """Whether the rows of two engines are the same: floats to nine digits."""
    types = [parsed(each.type) for each in theirs.columns]
    return _are_same(theirs.values, ours, types, _equal, is_ordered=theirs.is_ordered)


def _are_same(
    theirs: Sequence[tuple[Any, ...]],
    ours: Sequence[tuple[Any, ...]],
    types: Sequence[Any],
    same: Any,
    *,
    is_ordered: bool,
) -> bool:
    def same_row(one: Sequence[Any], other: Sequence[Any]) -> bool:
        return all(same(a, b, type_) for a, b, type_ in zip(one, other, types, strict=True))

    if len(theirs) != len(ours):
        return False
    if is_ordered:
        return all(map(same_row, theirs, ours))
    left = list(ours)
    for row in theirs:
        at = next((place for place, each in enumerate(left) if same_row(row, each)), None)
        if at is None:
            return False
        left.pop(at)
    return True


def _equal(theirs: Any, ours: Any, type_: Any) -> bool:
    """Two values of one type. No two NaN are equal, but to be both is to be the same."""
    if theirs is None or ours is None:
        return theirs is ours
    if isinstance(theirs, list):
        return len(theirs) == len(ours) and all(_equal(a, b, None) for a, b in zip(theirs, ours, strict=True))
    if isinstance(theirs, dict):
        return all(_equal(a, b, None) for a, b in zip(theirs.values(), ours.values(), strict=True))
    if type(theirs) is not type(ours):
        return False
    return _same_scalar(theirs, ours) if isinstance(ours, float) else bool(theirs == ours)


def _same(theirs: Any, ours: Any, type_: type_pb2.TypeProto) -> bool:
    kind = type_.type_kind
    if kind == type_pb2.TYPE_ARRAY:
        theirs = theirs or []
        element = type_.array_type.element_type
        return len(theirs) == len(ours) and all(_same(a, b, element) for a, b in zip(theirs, ours, strict=True))
    if theirs is None or ours is None:
        return theirs is ours
    if kind == type_pb2.TYPE_STRUCT:
        values = list(theirs.values()) if isinstance(theirs, Mapping) else theirs
        ordered = (
            [theirs[name] for name in ours] if isinstance(theirs, Mapping) and set(theirs) == set(ours) else values
        )
        fields = type_.struct_type.field
        return all(_same(a, b, field.field_type) for a, b, field in zip(ordered, ours.values(), fields, strict=True))
    if kind == type_pb2.TYPE_RANGE:
        assert isinstance(ours, Range)
        element = type_.range_type.element_type
        return _same(theirs["start"], ours.start, element) and _same(theirs["end"], ours.end, element)
    return _same_scalar(theirs, ours)


def _same_scalar(theirs: Any, ours: Any) -> bool:
    if isinstance(ours, float):
        value = float(theirs)
        return math.isclose(value, ours, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(value) and math.isnan(ours))
    return bool(_read(theirs, ours) == ours)


def _read(theirs: Any, ours: Any) -> Any:
    """What was recorded as text, as a value like ours."""
    if isinstance(ours, Decimal):
        return Decimal(theirs)
    if isinstance(ours, Interval):
        return _interval(theirs)
    if isinstance(ours, Json):
        return Json(json.loads(theirs) if isinstance(theirs, str) else theirs)
    if isinstance(ours, bytes):
        return base64.b64decode(theirs)
    if isinstance(ours, dt.date | dt.time):
        return type(ours).fromisoformat(theirs)
    return theirs


def _interval(text: str) -> Interval:
    """An interval as BigQuery's client for Python prints it: ``relativedelta(months=+1, days=+10)``."""
    parts = {name: int(number) for name, number in re.findall(r"(\w+)=([+-]\d+)", text)}
    seconds = parts.get("hours", 0) * 3600 + parts.get("minutes", 0) * 60 + parts.get("seconds", 0)
    microseconds = seconds * 10**6 + parts.get("microseconds", 0)
    return Interval(parts.get("years", 0) * 12 + parts.get("months", 0), parts.get("days", 0), microseconds)
