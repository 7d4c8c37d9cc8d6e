"""``catalog.json`` as text; ``load/catalog.py`` reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from aggregator.core.catalog import Catalog, Size, StoredColumn, StoredTable


def catalog_text(catalog: Catalog) -> str:
    """A catalog as JSON: always in the same order, with a line for each column and partition, so that changes show."""
    tables = [f"{_json(str(name))}: {_table(table)}" for name, table in sorted(catalog.tables.items())]
    head = {"environment": catalog.environment, "taken_at": _time(catalog.taken_at)}
    return _block("{}", [*_entries(head), f'"tables": {_block("{}", tables, 1)}'], 0) + "\n"


def _table(table: StoredTable) -> str:
    head = {
        "rows": table.size.rows,
        "bytes": table.size.bytes,
        "modified": _time(table.modified),
        "partition": {"by": table.partition_column, "grain": table.grain} if table.grain is not None else None,
        "clustering": list(table.clustering) or None,
        "requires_partition_filter": table.requires_partition_filter or None,
    }
    lines = [*_entries(head), f'"columns": {_block("[]", map(_column, table.columns), 3)}']
    if table.partitions:
        partitions = (f"{_json(id_)}: {_size(size)}" for id_, size in sorted(table.partitions.items()))
        lines.append(f'"partitions": {_block("{}", partitions, 3)}')
    return _block("{}", lines, 2)


def _column(column: StoredColumn) -> str:
    value = {"name": column.name, "type": column.type, "bytes": column.bytes, "description": column.description or None}
    return _json({key: each for key, each in value.items() if each is not None})


def _size(size: Size) -> str:
    return _json({"rows": size.rows, "bytes": size.bytes})


def _entries(values: dict[str, Any]) -> list[str]:
    """A line for each key that has a value."""
    return [f"{_json(key)}: {_json(value)}" for key, value in values.items() if value is not None]


def _block(brackets: str, lines: Iterable[str], depth: int) -> str:
    """Lines within brackets, each further in than these."""
    margin = "  " * depth
    inner = ",\n".join(f"{margin}  {line}" for line in lines)
    return f"{brackets[0]}\n{inner}\n{margin}{brackets[1]}" if inner else brackets


def _time(moment: datetime | None) -> str | None:
    return f"{moment.isoformat()}Z" if moment is not None else None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
