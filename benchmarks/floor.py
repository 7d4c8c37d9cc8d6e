"""The floor under the demo: its SELECTs run once each over the whole year, by DuckDB alone.

This is what the year costs somebody who writes a script with no partitions, checks, digests or ledger. Nothing of
aggregator is imported here: the statements were written beforehand, by ``benchmarks.inside``. They are read from the
file that is named first, and run in the database that is named second.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TypeAlias

import duckdb

from benchmarks.measure import answer, cost_of

Statement: TypeAlias = tuple[str, dict[str, str]]
"""SQL with its parameters, moments as ISO text."""


def load(db: duckdb.DuckDBPyConnection, statements: Iterable[Statement]) -> None:
    """Run the statements that read a file; an archive is unpacked for it, as DuckDB reads no .zip."""
    for sql, parameters in statements:
        with _plain(Path(parameters["file"])) as file:
            db.execute(sql, {"file": str(file)})


def query(db: duckdb.DuckDBPyConnection, statements: Iterable[Statement]) -> None:
    """Run the statements that make tables and views."""
    for sql, parameters in statements:
        db.execute(sql, {name: _moment(text) for name, text in parameters.items()})


@contextlib.contextmanager
def _plain(path: Path) -> Iterator[Path]:
    if path.suffix != ".zip":
        yield path
        return
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        yield Path(archive.extract(path.stem, folder))


def _moment(text: str) -> date:
    return date.fromisoformat(text) if len(text) == len("2013-01-01") else datetime.fromisoformat(text)


def _main(script: Path, database: Path) -> None:
    statements = json.loads(script.read_text())
    with duckdb.connect(str(database)) as db:
        for sql in statements["prepare"]:
            db.execute(sql)
        loading, _ = cost_of(lambda: load(db, statements["load"]))
        querying, _ = cost_of(lambda: query(db, statements["query"]))
        sizes = dict(db.execute("SELECT table_name, estimated_size FROM duckdb_tables()").fetchall())
    answer({"load": loading, "query": querying, "tables": len(sizes), "rows": sum(sizes.values())})


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
