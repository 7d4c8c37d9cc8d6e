"""The findings of engines."""

from __future__ import annotations

from aggregator.core.diagnostics import Code, Layer

LOCAL_FILE = Code(
    "R401",
    "local-file",
    """The local file of a source can't be loaded.

`local:` of a source names a CSV (plain, .gz or .zip), Parquet or JSON file, in the project or in an installed package,
whose columns are the declared ones. `null: NA` says which text stands for NULL in a CSV file.""",
    Layer.RUN,
)
