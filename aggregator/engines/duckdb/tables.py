"""The tables of the file, their columns and versions, kept up with what is changed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aggregator.core.names import TableName
from aggregator.core.warehouse import Versions
from aggregator.engines.duckdb.catalog import Columns, quoted, table_columns, table_versions, view_versions
from aggregator.engines.protocol import ColumnsChangedError

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar
    from aggregator.engines.duckdb.connection import Connection


class Tables:
    """Read once: between opening and closing nobody else can change them.

    ``versions`` are those in the file, if they are known without reading its rows.
    """

    def __init__(
        self, db: Connection, calendars: Mapping[TableName, Calendar | None], versions: Versions | None = None
    ) -> None:
        self._db = db
        self._calendars = calendars
        self._versions = versions
        self.columns = table_columns(db)

    def reread(self) -> None:
        """What is in the file is not what was thought."""
        self._versions = None
        self.columns = table_columns(self._db)

    @property
    def is_known(self) -> bool:
        """Whether the versions of all tables are known without reading their rows."""
        here = (name for name in self._calendars if name in self.columns)
        return self._versions is not None and all(name in self._versions for name in here)

    def versions(self) -> Versions:
        """The versions of the tables and views of the project."""
        if self._versions is None:
            views = view_versions(self._db)
            self._versions = {name: views[name] for name in self._calendars if name in views}
            for name, calendar in self._calendars.items():
                if name in self.columns:
                    self._versions[name] = table_versions(self._db, name, self.columns[name], calendar)
        return self._versions

    def create(self, table: TableName, columns: Columns) -> None:
        """Make an empty table, in the place of a view if there is one; with types as DuckDB itself writes them."""
        listed = ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())
        if all(each.dataset != table.dataset for each in self.columns):
            self._db.execute(f'CREATE SCHEMA IF NOT EXISTS "{table.dataset}"')
        if table in self.versions():
            self._db.execute(f"DROP VIEW IF EXISTS {quoted(table)}")
        self._db.execute(f"CREATE TABLE {quoted(table)} ({listed})")
        self.columns[table] = dict(columns)
        self._forget_versions(table)

    def drop(self, table: TableName) -> None:
        """Drop a table, if it is there."""
        if self.columns.pop(table, None) is not None:
            self._db.execute(f"DROP TABLE {quoted(table)}")
            self._forget_versions(table)

    def fits(self, table: TableName, columns: Columns) -> bool:
        """Whether the table is there and has these columns, in whatever order and case: names have none."""
        current = self.columns.get(table)
        return current is not None and (current == columns or _folded(current) == _folded(columns))

    def fit(self, table: TableName, staged: Columns) -> bool:
        """Make a table ready for the staged columns: new ones are added. Tells whether it is a new table.

        Raises :class:`ColumnsChangedError` if others went or changed, unless no rows are in the way.
        """
        if table not in self.columns:
            self.create(table, staged)
            return True
        if not self.fits(table, staged):
            changes = _changes(self.columns[table], staged)
            if not changes:
                self._widen(table, staged)
            elif self._db.execute(f"SELECT 1 FROM {quoted(table)} LIMIT 1").fetchone():
                raise ColumnsChangedError("; ".join(changes))
            else:
                self.drop(table)
                self.create(table, staged)
                return True
        return False

    def missing(self, table: TableName, names: list[str]) -> list[str]:
        """Those of the names that a table has no columns for."""
        current = _folded(self.columns[table])
        return [name for name in names if name.casefold() not in current]

    def _widen(self, table: TableName, staged: Columns) -> None:
        columns = self.columns[table]
        for name in self.missing(table, list(staged)):
            self._db.execute(f'ALTER TABLE {quoted(table)} ADD COLUMN "{name}" {staged[name]}')
            columns[name] = staged[name]
        # a new column changes the digest of every partition
        self.versions()[table] = table_versions(self._db, table, columns, self._calendars[table])

    def _forget_versions(self, table: TableName) -> None:
        if self._versions is not None:
            self._versions.pop(table, None)


def _folded(columns: Columns) -> Columns:
    return {name.casefold(): type_ for name, type_ in columns.items()}


def _changes(current: Columns, staged: Columns) -> list[str]:
    """What keeps old rows and new ones from being in one table."""
    before, after = _folded(current), _folded(staged)
    gone = [f"{name} is gone" for name in current if name.casefold() not in after]
    retyped = [
        f"{name} was {before[name.casefold()]} and is {type_}"
        for name, type_ in staged.items()
        if before.get(name.casefold(), type_) != type_
    ]
    return gone + retyped
