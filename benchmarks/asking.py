"""Statements in a database of DuckDB, several times: ``python -m benchmarks.asking SCRIPT DATABASE``.

Nothing of aggregator is imported here: the statements were written beforehand, by ``benchmarks.inside``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

from benchmarks.floor import query
from benchmarks.measure import answer, cost_of, median

_BLOCKS = "SELECT COUNT(DISTINCT block_id) FROM pragma_storage_info('{}') WHERE persistent AND block_id >= 0"
_BLOCK = 256 * 1024
_TABLES = "SELECT schema_name || '.' || table_name, estimated_size FROM duckdb_tables() WHERE NOT temporary"


def sizes(db: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Rows and bytes of each table; bytes are whole blocks of the file."""
    db.execute("CHECKPOINT")
    found = {}
    for name, rows in db.execute(_TABLES).fetchall():
        (blocks,) = db.execute(_BLOCKS.format(name)).fetchone() or (0,)
        found[name] = (rows, blocks * _BLOCK)
    return found


def _main(script: Path, database: Path) -> None:
    asked = json.loads(script.read_text())
    with duckdb.connect(str(database)) as db:
        for sql in asked["prepare"]:
            db.execute(sql)
        costs = [cost_of(lambda: query(db, asked["statements"]))[0] for _ in range(asked["runs"])]
        tables = sizes(db) if asked["sizes"] else {}
        rows = db.execute(asked["fetch"]).fetchall() if asked["fetch"] else []
    answer({"cost": median(costs), "tables": tables, "rows": rows})


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
