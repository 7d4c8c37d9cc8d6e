"""The ledger in the database file: ``_aggregator.ledger``, append-only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aggregator.core.names import TableName
from aggregator.core.warehouse import Ledger, LedgerRow, Outcome
from aggregator.engines.protocol import WarehouseError

if TYPE_CHECKING:
    from aggregator.engines.duckdb.connection import Connection

SCHEMA = "_aggregator"
VERSION = 2
"""The version of these tables. A file of a version that is not among ``UPGRADES`` is refused."""

_COLUMNS = {
    "model": "VARCHAR",
    "partition": "VARCHAR",
    "run_id": "VARCHAR",
    "outcome": "VARCHAR",
    "fingerprint": "VARCHAR",
    "inputs": "VARCHAR",
    "read_at": "TIMESTAMPTZ",
    "written_at": "TIMESTAMPTZ",
    "rows": "BIGINT",
    "version": "VARCHAR",
    "checksum": "VARCHAR",
    "bytes": "BIGINT",
    "job_id": "VARCHAR",
    "seconds": "DOUBLE",
    "message": "VARCHAR",
    "checks": "VARCHAR",
}
_READ = ", ".join(f"epoch_us({name})" if type_ == "TIMESTAMPTZ" else name for name, type_ in _COLUMNS.items())
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OUTCOMES = {str(each): each for each in Outcome}
_PLACES = ", ".join("?" for _ in _COLUMNS)

DDL = (
    f"CREATE SCHEMA {SCHEMA}",
    f"CREATE TABLE {SCHEMA}.about (version INTEGER)",
    f"INSERT INTO {SCHEMA}.about VALUES ({VERSION})",
    f"CREATE TABLE {SCHEMA}.ledger ({', '.join(f'{name} {type_}' for name, type_ in _COLUMNS.items())})",
    f"CREATE TABLE {SCHEMA}.loads (source VARCHAR, file VARCHAR, identity VARCHAR, loaded_at TIMESTAMPTZ)",
)

_SCHEMAS_IN_USE = (
    "SELECT schema_name FROM duckdb_tables() UNION SELECT schema_name FROM duckdb_views() WHERE NOT internal"
)

UPGRADES = {
    1: (
        f"ALTER TABLE {SCHEMA}.ledger ADD COLUMN checks VARCHAR DEFAULT ''",
        f"UPDATE {SCHEMA}.about SET version = 2",
    )
}
"""What makes these tables of an older version those of today, without touching what is in them."""


def prepare(db: Connection) -> None:
    """Make the tables of our own in a new file. Raises ``WarehouseError`` for a file that someone else made."""
    names = {row[0] for row in db.execute(_SCHEMAS_IN_USE).fetchall()}
    if SCHEMA in names:
        row = db.execute(f"SELECT version FROM {SCHEMA}.about").fetchone()
        if row is not None and row[0] in UPGRADES:
            _run(db, UPGRADES[row[0]])
        elif row is None or row[0] != VERSION:
            message = f"{db.path} was written by another version of aggregator (ledger {row and row[0]}, not {VERSION})"
            raise WarehouseError(message, "use that version, or another `path:`; nothing was changed")
    elif names:
        message = f"{db.path} holds tables that aggregator did not make; it was left as it is"
        raise WarehouseError(message, "choose another `path:` in aggregator.yml")
    else:
        _run(db, DDL)


def _run(db: Connection, statements: Sequence[str]) -> None:
    with db.transaction():
        for statement in statements:
            db.execute(statement)


def read_ledger(db: Connection) -> Ledger:
    """The latest rows of each partition."""
    rows = db.execute(
        f"SELECT {_READ} FROM {SCHEMA}.ledger WHERE rowid IN"
        f" (SELECT max(rowid) FROM {SCHEMA}.ledger GROUP BY model, partition, outcome = 'failed') ORDER BY rowid"
    ).fetchall()
    built: dict[TableName, dict[str, LedgerRow]] = {}
    failed: dict[TableName, dict[str, LedgerRow]] = {}
    names: dict[str, TableName] = {}
    for row in rows:
        if row[0] not in names:
            names[row[0]] = TableName(*row[0].split("."))
        name, partition = names[row[0]], row[1]
        entry = _entry(name, row)
        if entry.outcome is Outcome.FAILED:
            failed.setdefault(name, {})[partition] = entry
        else:
            built.setdefault(name, {})[partition] = entry
            failed.get(name, {}).pop(partition, None)
    return Ledger(built, failed)


def read_history(db: Connection, table: TableName, partition: str) -> list[LedgerRow]:
    """All rows of a partition, oldest first."""
    asked = f"SELECT {_READ} FROM {SCHEMA}.ledger WHERE model = ? AND partition = ? ORDER BY rowid"
    return [_entry(table, row) for row in db.execute(asked, [str(table), partition]).fetchall()]


def _entry(name: TableName, row: Sequence[Any]) -> LedgerRow:
    _, partition, run_id, outcome, fingerprint, inputs, read_at, written_at, *rest = row
    times = _moment(read_at), _moment(written_at)
    return LedgerRow(name, partition, run_id, _OUTCOMES[outcome], fingerprint, inputs, *times, *rest)


def _moment(microseconds: int) -> datetime:
    """What DuckDB itself takes ten times as long to make."""
    return _EPOCH + timedelta(microseconds=microseconds)


def append_rows(db: Connection, rows: Sequence[LedgerRow]) -> None:
    """Append within the transaction that is open. For one row a statement is cheaper than an appender, for many not."""
    if len(rows) == 1:
        db.execute(f"INSERT INTO {SCHEMA}.ledger VALUES ({_PLACES})", _values(rows[0]))
    elif rows:
        with db.appender(f"{SCHEMA}.ledger") as appender:
            appender.append_rows([_values(row) for row in rows])


def _values(row: LedgerRow) -> tuple[object, ...]:
    return (str(row.model), *(getattr(row, name) for name in list(_COLUMNS)[1:]))
