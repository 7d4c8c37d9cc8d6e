"""Rows to files. A folder stands for Google's storage: ``gs://bucket/a`` is ``<folder>/bucket/a``."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.core.project import FileFormat
from aggregator.core.unload import DONE, Unload
from aggregator.engines.duckdb.catalog import quoted
from aggregator.engines.protocol import WarehouseError

if TYPE_CHECKING:
    from datetime import date, datetime

    from aggregator.engines.duckdb.connection import Connection

_OPTIONS = {
    FileFormat.PARQUET: "FORMAT parquet, COMPRESSION snappy",
    FileFormat.CSV: "FORMAT csv, HEADER",
    FileFormat.JSON: "FORMAT json",
}
_FIRST = "000000000000"
"""What BigQuery writes for ``*`` in the name of the first file."""


class Storage:
    """The folder, and what was exported to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def unloaded(self, folders: Iterable[str]) -> dict[str, str]:
        """Version by folder, where all files are there."""
        found = {}
        for folder in folders:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
                found[folder] = str(json.loads((self._path(folder) / DONE).read_text())["version"])
        return found

    def unload(self, db: Connection, unload: Unload, where: str, parameters: Mapping[str, date | datetime]) -> None:
        """Write the rows of a table that meet a condition."""
        options = _OPTIONS.get(unload.format)
        if options is None:
            formats = ", ".join(_OPTIONS)
            raise WarehouseError(f"DuckDB writes no {unload.format} files", f"locally there are: {formats}")
        with _as_warehouse_error(unload):
            folder = self._path(unload.folder)
            (folder / DONE).unlink(missing_ok=True)
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.iterdir():
                if old.is_file():
                    old.unlink()
            file = folder / unload.files.rpartition("/")[2].replace("*", _FIRST)
            columns = ", ".join(f'"{column}"' for column in unload.columns)
            target = str(file).replace("'", "''")
            db.execute(
                f"COPY (SELECT {columns} FROM {quoted(unload.table)} {where}) TO '{target}' ({options})", parameters
            )
            self._finish(folder, file, unload)

    def _finish(self, folder: Path, file: Path, unload: Unload) -> None:
        """Say that all is there, in one moment."""
        about = {"model": str(unload.table), "partition": unload.partition or None, "version": unload.version}
        beside = folder / f".{DONE}"
        beside.write_text(json.dumps({**about, "files": [file.name]}, indent=2) + "\n")
        beside.replace(folder / DONE)

    def _path(self, address: str) -> Path:
        return self._folder / address.removeprefix("gs://")


@contextlib.contextmanager
def _as_warehouse_error(unload: Unload) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WarehouseError(f"{unload.folder} can't be written: {error.strerror}: {error.filename}") from error
