"""What the database file itself says: its tables, their columns, and the versions of their partitions.

DuckDB keeps no modification times, so a version is a digest of the rows: order does not matter, equal rows count, and
FLOAT64 is rounded to 41 bits (12 digits), because sums may differ in the last ones from run to run. Hashing a year of
flights takes 30 ms, and it notices what someone else did to the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.names import TableName
from aggregator.core.warehouse import NULL_PARTITION, WHOLE, Version

if TYPE_CHECKING:
    from aggregator.engines.duckdb.connection import Connection

Columns: TypeAlias = dict[str, str]
"""Name to DuckDB type, in order."""

_FORMATS = {Grain.HOUR: "%Y-%m-%dT%H", Grain.DAY: "%Y-%m-%d", Grain.MONTH: "%Y-%m", Grain.YEAR: "%Y"}


def quoted(name: TableName) -> str:
    """A table's name in SQL."""
    return f'"{name.dataset}"."{name.table}"'


def table_columns(db: Connection) -> dict[TableName, Columns]:
    """All base tables of the file."""
    rows = db.execute(
        "SELECT c.schema_name, c.table_name, c.column_name, c.data_type FROM duckdb_columns() AS c"
        " JOIN duckdb_tables() AS t USING (database_oid, schema_oid, table_oid)"
        " WHERE NOT t.temporary AND NOT t.internal ORDER BY c.table_oid, c.column_index"
    ).fetchall()
    tables: dict[TableName, Columns] = {}
    for schema, table, column, type_ in rows:
        tables.setdefault(TableName(schema, table), {})[column] = type_
    return tables


def checksum_sql(columns: Columns) -> str:
    """A digest of a set of rows. The order of columns does not matter, as tables grow columns at the end.

    It begins with a constant, as the hash of 0 is 0, and a sum does not notice how many zeros there are.
    """
    values = [_stable(name, columns[name]) for name in sorted(columns, key=str.casefold)]
    return f"to_hex(sum(hash('', {', '.join(values)})))"


def _stable(name: str, type_: str) -> str:
    """What to hash of a column.

    Veltkamp's split drops the last 12 bits of a double. NaN, the infinities and |x| > 4e304 all become NaN. The hash of
    an array or struct does not tell what is empty from what is NULL, and its text alone not the text NULL from NULL.
    """
    column = f'"{name}"'
    if type_.endswith("]") or type_.startswith("STRUCT"):
        return f"{column}, CAST({column} AS VARCHAR)"
    return f"({column} * 4097) - ({column} * 4097 - {column})" if type_ == "DOUBLE" else column


def moment_sql(calendar: Calendar) -> str:
    """When a row is, by the column that tells its partition; NULL for a suffix that is no date."""
    column = f'"{calendar.column}"'
    return f"try_strptime({column}, '{calendar.suffix}')" if calendar.suffix else column


def grouped_sql(relation: str, columns: Columns, calendar: Calendar | None, values: Sequence[str] = ()) -> str:
    """Rows, digest and further aggregates of each partition of a relation; one row per partition.

    The id is made once per distinct partition value, not once per row.
    """
    numbers = "".join(f", {value} AS v{index}" for index, value in enumerate(values))
    names = "".join(f", v{index}" for index in range(len(values)))
    if calendar is None:
        return f"SELECT '{WHOLE}', count(*), {checksum_sql(columns)}{numbers} FROM {relation}"
    name = f"coalesce(strftime(p, '{_FORMATS[calendar.grain.stored]}'), '{NULL_PARTITION}')"
    start = _start(moment_sql(calendar), calendar)
    inner = f"SELECT {start} AS p, count(*) AS n, {checksum_sql(columns)} AS c{numbers} FROM {relation} GROUP BY ALL"
    return f"SELECT {name}, n, c{names} FROM ({inner})"


def _start(column: str, calendar: Calendar) -> str:
    """Where the partition of a value begins. DuckDB's weeks begin on Monday, others that many days later."""
    grain = calendar.grain
    if grain.is_week:
        days = f"INTERVAL {grain.first_day} DAY"
        return f"date_trunc('week', {column} - {days}) + {days}"
    is_start = calendar.type is ColumnType.DATE and (calendar.suffix or grain is Grain.DAY)
    return column if is_start else f"date_trunc('{grain}', {column})"


def view_versions(db: Connection) -> dict[TableName, dict[str, Version]]:
    """The versions of all views: a view has no rows of its own, so what can change is its SQL."""
    rows = db.execute(
        "SELECT schema_name, view_name, sql FROM duckdb_views() WHERE NOT internal AND NOT temporary"
    ).fetchall()
    return {
        TableName(schema, view): {WHOLE: Version(0, hashlib.sha256(sql.encode()).hexdigest()[:16])}
        for schema, view, sql in rows
    }


def table_versions(db: Connection, name: TableName, columns: Columns, calendar: Calendar | None) -> dict[str, Version]:
    """The versions of all partitions of a table that have rows."""
    if calendar is not None and calendar.column.casefold() not in map(str.casefold, columns):
        return {}
    rows = db.execute(grouped_sql(quoted(name), columns, calendar)).fetchall()
    return {partition: Version(count, checksum) for partition, count, checksum in rows if count}
