"""The arguments of checks: how each is read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aggregator.checks.conditions import row_condition
from aggregator.checks.literals import literal
from aggregator.checks.protocol import (
    Argument,
    Asked,
    BadArgumentsError,
    Bound,
    Given,
    Named,
    Reader,
    output_column,
)
from aggregator.core.diagnostics import Severity, did_you_mean
from aggregator.core.graph import CompiledModel
from aggregator.core.names import TableName, is_identifier
from aggregator.core.plain import Plain
from aggregator.core.types import SCALARS, canonical_type


def written(value: Plain) -> str:
    """A value for messages."""
    text = str(value)
    return repr(text if len(text) <= 40 else f"{text[:37]}...")  # noqa: PLR2004


def _refuse(name: str, expected: str, value: Plain) -> BadArgumentsError:
    return BadArgumentsError(f"{name} must be {expected}, not {written(value)}", at=value)


def base_type(type_: str) -> str:
    """A type without its parameters."""
    return re.split(r"[(<]", type_)[0]


# --- readers ---


def read_column(value: Plain, _name: str, _given: Given, model: CompiledModel) -> Named:
    """A column of the output."""
    if not isinstance(value, str) or not is_identifier(value):
        raise BadArgumentsError(f"{written(value)} is not the name of a column", at=value)
    found = output_column(value, model.columns)
    if found is not None:
        return Named(found.name, f"`{found.name}`", base_type(found.type), getattr(value, "place", None))
    if model.columns:
        names = [column.name for column in model.columns if not column.state_of]
        advice = did_you_mean(value, names) or f"there are {', '.join(names)}"
        raise BadArgumentsError(f"there is no output column {value}", advice, at=value)
    return Named(value, f"`{value}`", place=getattr(value, "place", None))


def read_columns(value: Plain, name: str, given: Given, model: CompiledModel) -> tuple[Named, ...]:
    """At least two columns."""
    if not isinstance(value, list) or len(value) < 2:  # noqa: PLR2004
        raise _refuse(name, "a list of at least two columns", value)
    return tuple(read_column(each, name, given, model) for each in value)


def _read_number(value: Plain, name: str, _given: Given, _model: CompiledModel) -> Bound:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Bound(value, str(value))
    raise _refuse(name, "a number", value)


def _read_count(value: Plain, name: str, _given: Given, _model: CompiledModel) -> Bound:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return Bound(value, str(value))
    raise _refuse(name, "a whole number that is not negative", value)


def _read_share(value: Plain, name: str, _given: Given, _model: CompiledModel) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1:
        return value
    advice = f"write {value / 100:g}" if isinstance(value, (int, float)) and 1 < value <= 100 else ""  # noqa: PLR2004
    raise BadArgumentsError(f"{name} must be a share above 0 and at most 1, not {written(value)}", advice, at=value)


def _read_percent(value: Plain, name: str, _given: Given, _model: CompiledModel) -> float:
    """``0.3``, or ``30 %``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", value) if isinstance(value, str) else None
    if found:
        return float(found[1]) / 100
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
        return value
    raise _refuse(name, "a share, such as 0.3 or 30 %", value)


def _read_days(value: Plain, name: str, _given: Given, _model: CompiledModel) -> int:
    found = re.fullmatch(r"(\d{1,4})\s*days?", value) if isinstance(value, str) else None
    if found and int(found[1]) > 0:
        return int(found[1])
    raise _refuse(name, "a number of days, such as 28 days", value)


def _read_flag(value: Plain, name: str, _given: Given, _model: CompiledModel) -> bool:
    if isinstance(value, bool):
        return value
    raise _refuse(name, "true or false", value)


def _read_text(value: Plain, name: str, _given: Given, _model: CompiledModel) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise _refuse(name, "text", value)


def _read_bound(value: Plain, name: str, given: Given, model: CompiledModel) -> Bound:
    """A value of the type of the column."""
    return literal(value, name, given.get("column") or Named("", ""))


def _read_values(value: Plain, name: str, given: Given, model: CompiledModel) -> tuple[Bound, ...]:
    """Values of the type of the column."""
    if not isinstance(value, list) or not value:
        raise _refuse(name, "a list of values", value)
    if any(each is None for each in value):
        raise BadArgumentsError(f"{name} can't have NULL in it", "NULL is never looked at; use not_null", at=value)
    return tuple(literal(each, name, given.get("column") or Named("", "")) for each in value)


_PYTHONS = re.compile(r"\(\?(?:[=!>]|<[=!])|\\[1-9]|[*+?}]\+")
_RE2S = re.compile(r"\\[pPCQzA]|\[\[:|\(\?[a-zA-Z]*U|\(\?P?<")


def _read_regex(value: Plain, name: str, given: Given, _model: CompiledModel) -> str:
    """A regular expression of RE2, which both engines use: without lookaround and back references."""
    if not isinstance(value, str):
        raise _refuse(name, "a regular expression in quotes", value)
    column = given.get("column")
    if column is not None and column.type not in ("STRING", ""):
        raise BadArgumentsError(f"{column.name} is of type {column.type}, which is no text", "CAST it in the SELECT")
    other = _PYTHONS.search(value.replace("\\\\", ""))
    if other:
        advice = "write it without; BigQuery's RE2 has no lookaround, back references and possessive quantifiers"
        raise BadArgumentsError(f"{other[0]} is not of RE2", advice, at=value)
    try:
        if not _RE2S.search(value):
            re.compile(value)
    except (re.error, RecursionError) as error:
        why = error.msg if isinstance(error, re.error) else "it is nested too deeply"
        raise BadArgumentsError(f"{written(value)} is no regular expression: {why}", at=value) from None
    return value


def _read_severity(value: Plain, name: str, _given: Given, _model: CompiledModel) -> Severity:
    if isinstance(value, str) and value in SEVERITIES:
        return SEVERITIES[value]
    raise BadArgumentsError(f"{name} must be warn or error, not {written(value)}", at=value)


def _read_condition(value: Plain, name: str, _given: Given, model: CompiledModel) -> str:
    return row_condition(_read_text(value, name, {}, model), model, at=value)


SEVERITIES = {
    "warn": Severity.WARNING,
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    "critical": Severity.ERROR,
}
"""The last two are Great Expectations' words for the first two."""


def word(name: str, *options: str) -> Argument:
    """One of a few words."""

    def read(value: Plain, name: str, _given: Given, _model: CompiledModel) -> str:
        if isinstance(value, str) and value in options:
            return str(value)
        advice = did_you_mean(str(value), options)
        raise BadArgumentsError(f"{name} must be one of {', '.join(options)}, not {written(value)}", advice, at=value)

    return Argument(name, read)


# --- arguments ---


def column(name: str = "column") -> Argument:
    """A column, required."""
    return Argument(name, read_column, is_required=True)


def columns(name: str = "column_list") -> Argument:
    """Several columns, required."""
    return Argument(name, read_columns, is_required=True)


def number(name: str, *, is_required: bool = False) -> Argument:
    """A number."""
    return Argument(name, _read_number, is_required)


def whole(name: str, *, is_required: bool = False) -> Argument:
    """A whole number that is not negative."""
    return Argument(name, _read_count, is_required)


def values(name: str = "value_set") -> Argument:
    """A list of values of the column's type, required."""
    return Argument(name, _read_values, is_required=True)


def text(name: str, *, is_required: bool = True) -> Argument:
    """Text."""
    return Argument(name, _read_text, is_required)


def flag(name: str) -> Argument:
    """True or false."""
    return Argument(name, _read_flag)


def plain(name: str, read: Reader) -> Argument:
    """An argument that only one check has, required."""
    return Argument(name, read, is_required=True)


REGEX = Argument("regex", _read_regex, is_required=True)
STRICT = (flag("strict_min"), flag("strict_max"))
BOUNDS = (*(Argument(name, _read_bound) for name in ("min_value", "max_value")), *STRICT)
NUMBERS = (number("min_value"), number("max_value"), *STRICT)
COUNTS = (whole("min_value"), whole("max_value"), *STRICT)
DRIFT = (
    Argument("within", _read_percent),
    Argument("learn", _read_days),
)
OVER = Argument("over", _read_days)
SEVERITY = Argument("severity", _read_severity)
DESCRIPTION = text("description", is_required=False)
CONDITION = Argument("row_condition", _read_condition)
MOSTLY = Argument("mostly", _read_share)

OF_TABLE = (SEVERITY, DESCRIPTION)
"""What every check takes."""

OF_NUMBER = (CONDITION, *OF_TABLE)
"""What checks of a number of all rows take, too."""

OF_ROWS = (MOSTLY, *OF_NUMBER)
"""What checks of rows one by one take, too."""

IGNORE = word("ignore_row_if", "both_values_are_missing", "either_value_is_missing", "neither")
IGNORE_MANY = word("ignore_row_if", "all_values_are_missing", "any_value_is_missing", "never")


def of_pair(asked: Asked, a: Named, b: Named) -> str:
    """Which rows count where two columns are compared."""
    return _counting(asked["ignore_row_if"], (a, b))


def of_many(asked: Asked) -> str:
    """Which rows count where several columns are compared."""
    return _counting(asked["ignore_row_if"], asked["column_list"])


def _counting(ignored: str | None, columns: Sequence[Named]) -> str:
    if ignored in ("neither", "never"):
        return ""
    joint = " AND " if ignored in ("either_value_is_missing", "any_value_is_missing") else " OR "
    return joint.join(f"{each.sql} IS NOT NULL" for each in columns)


# --- of what is known without a row ---


def _read_type(value: Plain, name: str, _given: Given, _model: CompiledModel) -> str:
    found = canonical_type(value) if isinstance(value, str) else None
    if found is None:
        advice = did_you_mean(str(value), SCALARS)
        raise BadArgumentsError(f"{name}: BigQuery has no type {written(value)}", advice, at=value)
    return found


def _read_types(value: Plain, name: str, given: Given, model: CompiledModel) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise _refuse(name, "a list of types", value)
    return tuple(_read_type(each, name, given, model) for each in value)


def _read_names(value: Plain, name: str, given: Given, model: CompiledModel) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise _refuse(name, "a list of names", value)
    return tuple(map(str, value))


def _read_table(value: Plain, name: str, _given: Given, _model: CompiledModel) -> TableName:
    found = TableName.parse(value) if isinstance(value, str) else None
    if found is None:
        raise _refuse(name, "a table, such as dims.carriers", value)
    return found


def a_type(name: str) -> Argument:
    """A type of BigQuery, required."""
    return Argument(name, _read_type, is_required=True)


def types(name: str) -> Argument:
    """Types of BigQuery, required."""
    return Argument(name, _read_types, is_required=True)


def names(name: str) -> Argument:
    """Names of columns that need not be there, required."""
    return Argument(name, _read_names, is_required=True)


def a_table(name: str) -> Argument:
    """A table of the project, required."""
    return Argument(name, _read_table, is_required=True)
