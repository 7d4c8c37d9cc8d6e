"""PIVOT and UNPIVOT: the columns that they make of those of a FROM item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile.analysis.functions import type_of_choice
from aggregator.compile.analysis.lineage import Field, Value, merged, origins_of
from aggregator.compile.analysis.types import INT64, STRING
from aggregator.compile.pivot_names import pivot_names
from aggregator.core.graph import Derivation

if TYPE_CHECKING:
    from aggregator.compile.analysis.names import Level, Source
    from aggregator.compile.analysis.reader import Reader


def pivoted(pivot: exp.Pivot, source: Source, level: Level, reader: Reader) -> list[Field] | None:
    """The columns that are not used, and one for each value and aggregate; None where they can't be told."""
    columns = list(pivot.find_all(exp.Column))
    used = {column.name.casefold() for column in columns}
    aggregates = reader.values(pivot.expressions, level)
    keys = reader.values([field.this for field in pivot.args["fields"]], level)
    reader.values([_value(item) for field in pivot.args["fields"] for item in field.expressions], level)
    names = pivot_names(pivot, of_date=any(key.type is not None and key.type.name == "DATE" for key in keys))
    origins = origins_of(keys)
    aggregates = [value._replace(origins=value.origins | origins, is_path=False) for value in aggregates]
    if not names or not aggregates or len(names) % len(aggregates):
        return None
    kept = [field for field in source.fields if field.name.casefold() not in used]
    return kept + [Field(name, aggregates[number % len(aggregates)]) for number, name in enumerate(names)]


def unpivoted(pivot: exp.Pivot, source: Source, level: Level, reader: Reader) -> list[Field] | None:
    """The columns that are not turned into rows, then the values, then the name of the column that each came from."""
    fields = pivot.args.get("fields") or []
    if len(fields) != 1 or not isinstance(fields[0], exp.In):
        return None
    rows = [_turned(item, level, reader) for item in fields[0].expressions]
    targets = [name for each in pivot.expressions for name in (each.expressions or [each])]
    if not rows or any(len(row) != len(targets) for row in rows):
        return None
    used = {column.name.casefold() for column in pivot.find_all(exp.Column)}
    kept = [field for field in source.fields if field.name.casefold() not in used]
    values = [merged(list(column), type_of_choice(list(column))) for column in zip(*rows, strict=True)]
    turned = [Field(target.name, _moved(value)) for target, value in zip(targets, values, strict=True)]
    labels = [item.args.get("alias") for item in fields[0].expressions if isinstance(item, exp.PivotAlias)]
    is_number = bool(labels) and all(isinstance(label, exp.Literal) and label.is_int for label in labels)
    return [*kept, *turned, Field(fields[0].this.name, Value(INT64 if is_number else STRING))]


def _turned(item: exp.Expr, level: Level, reader: Reader) -> list[Value]:
    inner = _value(item)
    return reader.values(inner.expressions if isinstance(inner, exp.Tuple) else [inner], level)


def _value(item: exp.Expr) -> exp.Expr:
    found: exp.Expr = item.this if isinstance(item, exp.PivotAlias) else item
    return found


def _moved(value: Value) -> Value:
    """The same values in other rows."""
    return value._replace(derivation=Derivation.COPY) if value.derivation is Derivation.COPY else value
