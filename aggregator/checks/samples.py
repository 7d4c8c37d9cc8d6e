"""A few of the rows that break a promise, to be shown: which are asked for, and what of them is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aggregator.checks.protocol import of_partition
from aggregator.checks.verdicts import MASK, MAX_EXAMPLES, Rows, plain

if TYPE_CHECKING:
    from aggregator.checks.protocol import Promise
    from aggregator.core.graph import CompiledModel
    from aggregator.core.plain import Plain


def sample_query(promise: Promise, model: CompiledModel) -> str:
    """A SELECT of bad rows, in BigQuery's SQL; empty where no row is to blame."""
    if promise.query and not promise.is_per_row:
        return f"SELECT * FROM ({promise.query}) LIMIT {MAX_EXAMPLES}"
    columns = ", ".join(f"`{each}`" for each in shown(promise, model))
    key = ", ".join(f"`{each}`" for each in model.model.key)
    tail = f"{f'ORDER BY {key} ' if key else ''}LIMIT {MAX_EXAMPLES}"
    if promise.query:
        return f"SELECT {columns} FROM ({promise.query}) {tail}"
    if not promise.failing:
        return ""
    where, word = of_partition(model) or "TRUE", "QUALIFY" if promise.is_window else "AND"
    return f"SELECT {columns} FROM {model.name} WHERE {where} {word} ({promise.failing}) {tail}"


def shown(promise: Promise, model: CompiledModel) -> Sequence[str]:
    """What finds a row again, and what is wrong with it; all columns if there is no key. Samples are kept: no more."""
    if not model.model.key:
        return [each.name for each in model.columns if not each.state_of]
    by = [model.calendar.column] if model.calendar is not None else []
    return list(dict.fromkeys((*map(str, model.model.key), *by, *promise.columns)))


def kept(names: Sequence[str], rows: Iterable[Sequence[Any]], sensitive: Collection[str]) -> Rows:
    """Rows as they may be kept, without what must not be shown."""
    return tuple(_masked(dict(zip(names, row, strict=True)), sensitive) for row in rows)


def _masked(row: Mapping[str, Any], sensitive: Collection[str]) -> dict[str, Plain]:
    return {
        name: MASK if name.casefold() in sensitive and value is not None else plain(value)
        for name, value in row.items()
    }
