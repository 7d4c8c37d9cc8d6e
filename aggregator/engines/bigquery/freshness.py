"""``_aggregator.freshness`` in BigQuery: a view of what was found at the end of a run, which goes on with the clock.

A view is changed at once and costs nothing to write, whatever the number of runs in a day.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from aggregator.core.freshness import FreshnessReport, Level, TableFreshness
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.schemas import reference

MAX_CHARACTERS = 200_000
"""The query of a view may have 256 Ki characters. Of more tables than that, those that are latest are shown."""

_TYPES = {
    "table_name": "STRING",
    "kind": "STRING",
    "owner": "STRING",
    "promise": "STRING",
    "newest": "STRING",
    "complete_until": "TIMESTAMP",
    "missing": "INT64",
    "warn_at": "TIMESTAMP",
    "error_at": "TIMESTAMP",
    "usually_at": "TIMESTAMP",
    "note": "STRING",
    "level": "STRING",
    "checked_at": "TIMESTAMP",
}
_LEVELS = list(Level)
_STATE = (
    f"CASE WHEN level IN ('{Level.UNKNOWN}', '{Level.NO_PROMISE}') THEN level"
    f" WHEN level = '{Level.ERROR}' OR error_at <= CURRENT_TIMESTAMP() THEN '{Level.ERROR}'"
    f" WHEN level = '{Level.WARN}' OR warn_at <= CURRENT_TIMESTAMP() THEN '{Level.WARN}' ELSE level END"
)


def freshness_view(address: Address, report: FreshnessReport) -> dict[str, Any]:
    """The view, to be made or changed."""
    return {
        "tableReference": reference(address),
        "view": {"query": _query(report), "useLegacySql": False},
        "description": "Which tables keep their promises of freshness; compared with the clock when it is read.",
        "labels": {"made_by": "aggregator"},
    }


def _query(report: FreshnessReport) -> str:
    struct = f"STRUCT<{', '.join(f'{name} {type_}' for name, type_ in _TYPES.items())}>"
    rows = ",\n  ".join(_first(_row(each, report.at) for each in sorted(report.tables, key=_lateness)))
    return (
        f"SELECT * EXCEPT (level), {_STATE} AS state,"
        " TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), complete_until, SECOND) AS lag_seconds"
        f"\nFROM UNNEST(ARRAY<{struct}>[\n  {rows}\n])"
    )


def _lateness(table: TableFreshness) -> tuple[int, str]:
    return _LEVELS.index(table.level), str(table.table)


def _first(rows: Iterable[str]) -> list[str]:
    """As many as there is room for."""
    found, length = [], 0
    for row in rows:
        length += len(row)
        if length > MAX_CHARACTERS:
            break
        found.append(row)
    return found


def _row(table: TableFreshness, at: datetime) -> str:
    values: tuple[object, ...] = (
        *(str(table.table), table.kind, table.owner, table.promise, table.newest, table.complete_until),
        *(len(table.missing), table.warn_at, table.error_at, table.usually_at, "; ".join(table.notes)),
        *(str(table.level), at),
    )
    return f"({', '.join(map(_literal, values))})"


def _literal(value: object) -> str:
    """A value in BigQuery's SQL. JSON's escapes of a text are BigQuery's, too."""
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S}+00:00'"
    return str(value) if isinstance(value, int) else json.dumps(value)
