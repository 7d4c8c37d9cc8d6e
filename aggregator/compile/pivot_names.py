"""How BigQuery calls the columns that a PIVOT makes: by what is looked for, and by the alias of the aggregate."""

from __future__ import annotations

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
    if isinstance(value, exp.PivotAlias):
        return str(value.args["alias"].name)
    if isinstance(value, exp.Null):
        return "NULL"
    if isinstance(value, exp.Boolean):
        return "true" if value.this else "false"
    if isinstance(value, exp.Neg) and isinstance(value.this, exp.Literal):
        return f"minus{_of_number(value.this.name)}"
    if isinstance(value, exp.Cast) and isinstance(value.this, exp.Literal):
        return _of_typed(value.this.name, value.to.this)
    if isinstance(value, exp.Literal) and value.is_string:
        return _of_typed(value.name, exp.DType.DATE) if of_date else value.name or "empty_string_value"
    if isinstance(value, exp.Literal):
        return _of_number(value.name) if value.is_int else ""
    names = [_name_of(each).removeprefix("_") for each in value.expressions] if isinstance(value, exp.Tuple) else []
    return "_".join(names) if all(names) else ""


def _of_typed(text: str, kind: exp.DType) -> str:
    if kind is exp.DType.DATE:
        return f"_{text.replace('-', '_')}"
    if kind is exp.DType.DECIMAL:
        number = (text.rstrip("0").rstrip(".") if "." in text else text).removeprefix("+")
        return f"minus{_of_number(number[1:])}" if number.startswith("-") else _of_number(number)
    return ""


def _of_number(digits: str) -> str:
    return f"_{digits.replace('.', '_point_')}"
