"""Great Expectations as its documentation has one use it: ``python -m benchmarks.expecting DATABASE TABLE``.

Nothing of aggregator's is called. The rows are a data frame, as it can't ask DuckDB itself.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.checks import EXPECTATIONS
from benchmarks.measure import answer


def _main(database: Path, table: str) -> None:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx  # noqa: PLC0415  (as late as the variable needs it)
    from great_expectations.expectations.registry import get_expectation_impl  # noqa: PLC0415

    with duckdb.connect(str(database), read_only=True) as db:
        frame = db.execute(f"SELECT * FROM {table}").df()
    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batch = context.data_sources.add_pandas("rows").add_dataframe_asset(name=table)
    made: list[Any] = [get_expectation_impl(name)(**arguments) for name, arguments in EXPECTATIONS]
    suite = gx.ExpectationSuite(name=table, expectations=made)
    found = batch.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame}).validate(suite)
    answer({"successful": found.statistics["successful_expectations"]})


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2])
