"""How each format is read: as the declared columns, or not at all. Nothing is guessed from the rows."""

from __future__ import annotations

import csv
import glob
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.engines.duckdb.dialect import type_to_duckdb

if TYPE_CHECKING:
    from aggregator.core.project import Column, Source
    from aggregator.engines.duckdb.connection import Connection

FORMATS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".json": "json", ".jsonl": "json", ".ndjson": "json"}
"""Suffix to format."""

_DELIMITERS = (",", "\t", ";", "|")
_WIDE = "DECIMAL(38,9)"
"""What integers are read as at first, because DuckDB rounds a fraction to an integer without a word."""


class UnfitError(Exception):
    """A file does not have the declared columns."""


def read_sql(db: Connection, file: Path, source: Source) -> str | None:
    """The query that reads a file as the declared columns; None if it is of no format that we know.

    The file is looked at for the names of its columns. Raises :class:`UnfitError`.
    """
    match FORMATS.get(file.suffix):
        case "csv":
            relation = _csv(file, source)
        case "json":
            relation = _json(db, file, source)
        case "parquet":
            relation = _parquet(db, file, source)
        case _:
            return None
    return f"SELECT {', '.join(_value(each) for each in source.columns)} FROM {relation}"


def _value(column: Column) -> str:
    """A column in its declared type."""
    name = f'"{column.name}"'
    if column.type != "INT64":
        return f"CAST({name} AS {type_to_duckdb(column.type)}) AS {name}"
    wide = f"CAST({name} AS {_WIDE})"
    problem = f"error({_text(column.name + ' is not a whole number: ')} || rtrim(CAST({wide} AS VARCHAR), '0'))"
    return f"CASE WHEN CAST({wide} AS BIGINT) <> {wide} THEN {problem} ELSE CAST({wide} AS BIGINT) END AS {name}"


def _csv(file: Path, source: Source) -> str:
    """As RFC 4180 has it, but for the delimiter; DuckDB would guess comments, dates and which rows to skip."""
    delimiter, header = _header(file, {each.name.casefold() for each in source.columns})
    meant = _meant(header, source.columns)
    columns = {
        name if name in meant else f"({number})": _read_type(meant[name]) if name in meant else "VARCHAR"
        for number, name in enumerate(header)
    }
    nulls = ", ".join(_text(each) for each in (source.local.nulls if source.local else ()))
    return (
        f"read_csv({_pattern(file)}, auto_detect = false, header = true, delim = {_text(delimiter)}, quote = '\"',"
        f" escape = '\"', nullstr = [{nulls}], columns = {_struct(columns)}, hive_partitioning = false)"
    )


def _header(file: Path, declared: set[str]) -> tuple[str, list[str]]:
    """The delimiter that finds most of the declared columns, and the names in the first row."""
    headers = {}
    for delimiter in _DELIMITERS:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            try:
                headers[delimiter] = next(csv.reader(lines, delimiter=delimiter), [])
            except csv.Error as error:
                raise UnfitError(f"its first row can't be read: {error}") from None
    best = max(_DELIMITERS, key=lambda each: len(declared & {name.casefold() for name in headers[each]}))
    return best, headers[best]


def _parquet(db: Connection, file: Path, source: Source) -> str:
    relation = f"read_parquet({_pattern(file)}, hive_partitioning = false)"
    _meant([row[0] for row in db.execute(f"DESCRIBE FROM {relation}").fetchall()], source.columns)
    return relation


def _json(db: Connection, file: Path, source: Source) -> str:
    """Fields are found in any case, as columns are; DuckDB gives NULL for those in another one."""
    objects = f"read_json_objects({_pattern(file)}, hive_partitioning = false)"
    rows = db.execute(f"SELECT DISTINCT unnest(json_keys(json)) FROM {objects}").fetchall()
    names = sorted(row[0] for row in rows) or [each.name for each in source.columns]
    columns = {name: _read_type(column) for name, column in _meant(names, source.columns).items()}
    return f"read_json({_pattern(file)}, columns = {_struct(columns)}, records = true, hive_partitioning = false)"


def _meant(names: Sequence[str], columns: Iterable[Column]) -> dict[str, Column]:
    """The declared column of each name in the file that has one. Raises :class:`UnfitError` if it is not one to one."""
    spelled: dict[str, list[str]] = {}
    for name in names:
        spelled.setdefault(name.casefold(), []).append(name)
    found = {column: spelled.get(column.name.casefold(), []) for column in columns}
    missing = [f'"{column.name}"' for column, spellings in found.items() if not spellings]
    if missing:
        raise UnfitError(f"it has no column {', '.join(missing)}; it has {', '.join(names) or 'none at all'}")
    for column, spellings in found.items():
        if len(spellings) > 1:
            raise UnfitError(f'it has more than one column "{column.name}": {", ".join(spellings)}')
    return {spellings[0]: column for column, spellings in found.items()}


def _read_type(column: Column) -> str:
    return _WIDE if column.type == "INT64" else type_to_duckdb(column.type)


def _pattern(file: Path) -> str:
    """A file's path in SQL, where paths are patterns."""
    return _text(glob.escape(str(file)))


def _struct(fields: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{_text(name)}: {_text(value)}" for name, value in fields.items()) + "}"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
