"""The floor under compiling: ``python -m benchmarks.bare FILE`` parses each SELECT of a JSON list, and that is all.

Nothing of aggregator is imported here, and no tree is kept.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import sqlglot

from benchmarks.measure import answer, cost_of


def parse(texts: list[str]) -> None:
    """Parse SELECTs one after the other."""
    for text in texts:
        sqlglot.parse(text, dialect="bigquery")


if __name__ == "__main__":
    statements: list[str] = json.loads(Path(sys.argv[1]).read_text())
    parse(statements[:1])  # the first one loads the dialect
    answer({"parse": cost_of(lambda: parse(statements))[0]})
