"""``_aggregator.freshness`` in the database file: what was found at the end of a run, and a state that goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aggregator.core.freshness import Arrival, Level, TableFreshness
from aggregator.core.names import TableName
from aggregator.engines.duckdb.ledger import SCHEMA

if TYPE_CHECKING:
    from aggregator.engines.duckdb.connection import Connection

_COLUMNS = {
    "table_name": "VARCHAR",
    "kind": "VARCHAR",
    "owner": "VARCHAR",
    "promise": "VARCHAR",
    "newest": "VARCHAR",
    "complete_until": "TIMESTAMPTZ",
    "missing": "BIGINT",
    "warn_at": "TIMESTAMPTZ",
    "error_at": "TIMESTAMPTZ",
    "usually_at": "TIMESTAMPTZ",
    "note": "VARCHAR",
    "level": "VARCHAR",
    "checked_at": "TIMESTAMPTZ",
}
_TABLE = f"{SCHEMA}.promises"
_STATE = (
    f"CASE WHEN level IN ('{Level.UNKNOWN}', '{Level.NO_PROMISE}') THEN level"
    f" WHEN level = '{Level.ERROR}' OR error_at <= now() THEN '{Level.ERROR}'"
    f" WHEN level = '{Level.WARN}' OR warn_at <= now() THEN '{Level.WARN}' ELSE level END"
)
_MAKE_TABLE = (
    f"CREATE TABLE IF NOT EXISTS {_TABLE} ({', '.join(f'{name} {type_}' for name, type_ in _COLUMNS.items())})"
)
_MAKE_VIEW = (
    f"CREATE OR REPLACE VIEW {SCHEMA}.freshness AS SELECT * EXCLUDE (level), {_STATE} AS state,"
    f" CAST(epoch(now()) - epoch(complete_until) AS BIGINT) AS lag_seconds FROM {_TABLE}"
)
"""A run that never begins writes nothing: the view says late all the same."""


def write_freshness(db: Connection, tables: Sequence[TableFreshness], checked_at: object) -> None:
    """Replace what was found before, within the transaction that is open."""
    db.execute(_MAKE_TABLE)
    db.execute(_MAKE_VIEW)
    db.execute(f"DELETE FROM {_TABLE}")
    with db.appender(_TABLE) as appender:
        appender.append_rows([_values(each, checked_at) for each in tables])


def _values(table: TableFreshness, checked_at: object) -> tuple[object, ...]:
    said = str(table.table), str(table.kind), table.owner, table.promise, table.newest, table.complete_until
    times = table.warn_at, table.error_at, table.usually_at
    return (*said, len(table.missing), *times, "; ".join(table.notes), str(table.level), checked_at)


def read_arrivals(db: Connection, limit: int) -> tuple[Arrival, ...]:
    """The first writing of the newest partitions of each model."""
    rows = db.execute(
        "SELECT model, partition, arg_min(run_id, rowid), min(written_at)"
        f" FROM {SCHEMA}.ledger WHERE outcome <> 'failed' GROUP BY model, partition"
        " QUALIFY row_number() OVER (PARTITION BY model ORDER BY partition DESC) <= $1 ORDER BY model, partition",
        [limit],
    ).fetchall()
    return tuple(Arrival(TableName(*model.split(".")), *rest) for model, *rest in rows)
