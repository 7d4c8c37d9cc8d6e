"""How BigQuery calls the columns that a PIVOT makes: by what is looked for, and by the alias of the aggregate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp


def pivot_names(pivot: exp.Expr, *, of_date: bool) -> list[str]:
    """The names of the columns, those of a value together; none where BigQuery asks for an alias.

    ``of_date`` says that the key is a DATE, so that texts among the values are dates, too.
    """
    values = [_name_of(value, of_date=of_date) for field in pivot.args["fields"] for value in field.expressions]
    aggregates = [each.alias for each in pivot.expressions]
    if not all(values) or ("" in aggregates and len(aggregates) > 1):
        return []
    return [f"{alias}_{name.removeprefix('_')}" if alias else name for name in values for alias in aggregates]


def _name_of(value: exp.Expr, *, of_date: bool = False) -> str:
    if of_date and value.is_string:
        return _of_date(value.name)
    name = _NAMES.get(type(value))
    return name(value) if name is not None else ""


def _of_literal(value: Any) -> str:
    if value.is_string:
        return value.name or "empty_string_value"
    return _of_number(value.name) if value.is_int else ""


def _of_cast(value: Any) -> str:
    """The name of ``DATE '2013-02-08'`` or ``NUMERIC '1.50'``."""
    text, kind = value.this.name, value.args["to"].this
    if kind is exp.DType.DATE:
        return _of_date(text)
    number = (text.rstrip("0").rstrip(".") if "." in text else text).removeprefix("+")
    return _of_number(number) if kind is exp.DType.DECIMAL else ""


def _of_row(value: Any) -> str:
    names = [_name_of(each).removeprefix("_") for each in value.expressions]
    return "_".join(names) if all(names) else ""


def _of_date(text: str) -> str:
    return f"_{text.replace('-', '_')}"


def _of_number(digits: str) -> str:
    sign = "minus" if digits.startswith("-") else ""
    return f"{sign}_{digits.removeprefix('-').replace('.', '_point_')}"


_NAMES: Mapping[type[exp.Expr], Callable[[Any], str]] = {
    exp.PivotAlias: lambda value: str(value.args["alias"].name),
    exp.Null: lambda _: "NULL",
    exp.Boolean: lambda value: "true" if value.this else "false",
    exp.Neg: lambda value: _of_number(f"-{value.this.name}"),
    exp.Cast: _of_cast,
    exp.Literal: _of_literal,
    exp.Tuple: _of_row,
}
