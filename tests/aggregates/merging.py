"""Measures as they are generated, run on DuckDB: rows to states, and states to states along any tree."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import duckdb
from ready_duckdb import prepared

from aggregator.aggregates import Bucket, algebra_of
from aggregator.aggregates.select import CLOSING, OPENING, Computed, Grouping, Key, Piece, select
from aggregator.core.aggregate import MeasureDeclaration
from aggregator.core.diagnostics import Place, Word
from aggregator.engines.duckdb.dialect import to_duckdb

NOWHERE = Place("")


def word(text: str) -> Word:
    return Word(text, NOWHERE)


def computed(declared: Mapping[str, Mapping[str, Any]], bucket: Bucket | None = None) -> tuple[Computed, ...]:
    """Declared measures with their SQL."""
    measures = (MeasureDeclaration(name, arguments) for name, arguments in declared.items())
    return tuple(Computed(word(each.name), algebra_of(each, bucket)) for each in measures)


def of_rows(relation: str, keys: Iterable[Key], measures: tuple[Computed, ...]) -> str:
    """The query of an aggregate, in BigQuery's SQL."""
    grouping = Grouping(Piece("facts"), tuple(keys), measures)
    pieces = (Piece(f"{OPENING}SELECT * FROM {relation}{CLOSING}"), *select(grouping))
    return "".join(piece.text for piece in pieces)


def of_states(relation: str, keys: Iterable[Key], measures: tuple[Computed, ...]) -> str:
    """The query of a roll-up, in BigQuery's SQL."""
    grouping = Grouping(Piece(relation), tuple(keys), measures, of_states=True)
    return "WITH " + "".join(piece.text for piece in select(grouping))


def key(name: str, sql: str = "") -> Key:
    return Key(name, sql or name)


@dataclasses.dataclass(frozen=True)
class Warehouse:
    """A DuckDB in memory, prepared as the engine prepares its own."""

    db: duckdb.DuckDBPyConnection

    @classmethod
    def new(cls) -> Warehouse:
        return cls(prepared(duckdb.connect()))

    def fill(self, table: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
        listed = ", ".join(f"unnest(CAST(? AS {type_}[])) AS {name}" for name, type_ in columns.items())
        self.db.execute(
            f"CREATE OR REPLACE TABLE {table} AS SELECT {listed}", [[*each] for each in _turned(rows, columns)]
        )

    def keep(self, table: str, sql: str, **parameters: date) -> None:
        """Store the rows of a query, totals as the INT64 that they are in BigQuery."""
        query = to_duckdb(sql)
        asked = {name: value for name, value in parameters.items() if f"${name}" in query}
        self.db.execute(f"CREATE OR REPLACE TEMP TABLE staged AS {query}", asked or None)
        wide = [name for name, type_, *_ in self.db.execute("DESCRIBE staged").fetchall() if type_ == "HUGEINT"]
        narrowed = ", ".join(f"CAST({name} AS BIGINT) AS {name}" for name in wide)
        columns = f"* REPLACE ({narrowed})" if wide else "*"
        self.db.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT {columns} FROM staged")

    def rows(self, table: str) -> list[dict[str, Any]]:
        found = self.db.execute(f"FROM {table}")
        names = [each[0] for each in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _turned(rows: Sequence[Sequence[object]], columns: Mapping[str, str]) -> Iterable[Iterable[object]]:
    """Columns of rows."""
    return zip(*rows, strict=True) if rows else ([] for _ in columns)
