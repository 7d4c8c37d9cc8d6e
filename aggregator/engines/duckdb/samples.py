"""Samples of sources on disk: a Parquet file for each partition, and a list of those that count, written last."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from aggregator.core.sample import Part, Sample, sample_folder
from aggregator.engines.duckdb.connection import in_utc
from aggregator.engines.duckdb.dialect import type_to_duckdb
from aggregator.engines.duckdb.errors import first_line
from aggregator.engines.protocol import QueryError, WarehouseError

if TYPE_CHECKING:
    from aggregator.core.names import TableName
    from aggregator.core.project import Column

LIST = "sample.json"
_AT_ONCE = 10_000
"""Rows that are handed over at once."""

_NOT_HELD = ("GEOGRAPHY", "INTERVAL", "RANGE")
"""Types of BigQuery's of which there are no values here."""


class DamagedSampleError(Exception):
    """The files of a sample are not what they should be."""


def not_held(columns: Iterable[Column]) -> list[str]:
    """The columns whose values the embedded engine can't hold."""
    return [str(each.name) for each in columns if any(word in each.type for word in _NOT_HELD)]


def find_sample(root: Path, table: TableName) -> Sample | None:
    """The sample of a table, if there is one. Raises :class:`DamagedSampleError`."""
    folder = sample_folder(root, table)
    try:
        said = json.loads((folder / LIST).read_text(encoding="utf-8"))
        parts = tuple(Part(each["partition"], each["file"], int(each["rows"])) for each in said["parts"])
        about = {"environment": str(said["environment"]), "share": str(said["share"])}
        taken_at = datetime.fromisoformat(said["taken_at"])
        sample = Sample(table=table, taken_at=taken_at, masked=tuple(said["masked"]), parts=parts, **about)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        raise DamagedSampleError(f"{folder / LIST} can't be understood: {error}") from None
    if not parts:
        raise DamagedSampleError(f"{folder / LIST} has no files")
    for each in parts:
        if Path(each.file).name != each.file or not (folder / each.file).is_file():
            raise DamagedSampleError(f"{folder / each.file} is not there")
    return sample


class SampleFolder:
    """Where the sample of one table is written: the old one counts until :meth:`finish`, and then the new one."""

    def __init__(self, root: Path, table: TableName) -> None:
        self._root, self._table = root, table
        self._folder = sample_folder(root, table)

    def rows(self, file: str) -> int | None:
        """How many rows a file has; None if it is not there as a whole."""
        path = self._folder / file
        if not path.is_file():
            return None
        try:
            with duckdb.connect() as db:
                found = db.execute("SELECT num_rows FROM parquet_file_metadata(?)", [str(path)]).fetchone()
        except duckdb.Error:
            return None
        return int(found[0]) if found else None

    def write(self, file: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> int:
        """A file with these rows, which appears as a whole; gives how many they are."""
        with self._draft(file) as draft, in_utc(duckdb.connect()) as db:
            listed = ", ".join(f'"{each.name}" {type_to_duckdb(each.type)}' for each in columns)
            db.execute(f"CREATE TABLE sample ({listed})")
            try:
                count = _append(db, rows)
            except duckdb.ConversionException as error:
                raise QueryError(f"its values are not those of the declared types: {first_line(error)}") from error
            db.execute("COPY sample TO $1 (FORMAT parquet, COMPRESSION zstd)", [str(draft)])
        return count

    def finish(self, sample: Sample) -> Sample:
        """Let these files be the sample, and remove all others; gives what was there, if that is the same."""
        there = self._found()
        if there is not None and dataclasses.replace(there, taken_at=sample.taken_at) == sample:
            return there
        said = dataclasses.asdict(sample) | {"table": str(sample.table), "taken_at": sample.taken_at.isoformat()}
        with self._draft(LIST) as draft:
            draft.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
        kept = {LIST, *(part.file for part in sample.parts)}
        for path in self._folder.iterdir():
            if path.name not in kept:
                path.unlink(missing_ok=True)
        return sample

    def _found(self) -> Sample | None:
        try:
            return find_sample(self._root, self._table)
        except DamagedSampleError:
            return None

    def drop(self) -> bool:
        """Remove the sample, the list of its files first; tells whether there was one."""
        there = self._folder.is_dir()
        (self._folder / LIST).unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        return there

    @contextlib.contextmanager
    def _draft(self, file: str) -> Iterator[Path]:
        """A path to write to, which becomes the file when all is there, on the disk."""
        path = self._folder / file
        draft = path.with_name(f".{file}.{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            yield draft
            with draft.open("rb") as written:
                os.fsync(written.fileno())
            draft.replace(path)
        except (OSError, duckdb.IOException) as error:
            reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
            raise WarehouseError(f"{path} can't be written: {reason}") from error
        finally:
            draft.unlink(missing_ok=True)


def _append(db: duckdb.DuckDBPyConnection, rows: Iterable[Sequence[Any]]) -> int:
    count = 0
    with db.appender("sample") as appender:
        batch = []
        for row in rows:
            batch.append(row)
            count += 1
            if len(batch) == _AT_ONCE:
                appender.append_rows(batch)
                batch = []
        if batch:
            appender.append_rows(batch)
    return count
