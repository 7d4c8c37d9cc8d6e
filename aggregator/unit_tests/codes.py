"""The findings of unit tests."""

from __future__ import annotations

from aggregator.core.diagnostics import Code, Layer


def _code(number: int, name: str, page: str) -> Code:
    return Code(f"T{number}", name, page, Layer.TEST)


WRONG_ROWS = _code(
    801,
    "unit-test-failed",
    """The rows that a model gives are not those that its unit test expects, or its query failed.

Each row that is missing, surplus or different is shown; only the columns that the test mentions are compared. If the
model is right and the test is not, `aggregator test --update` writes what came out into the test: read the difference
before you commit it.""",
)
ENGINES_DIFFER = _code(
    802,
    "engines-differ",
    """The same query gives other rows on the embedded engine than on Google's reference engine.

BigQuery computes as the reference engine does. Something in the query is translated wrongly, or is not determined by
it: the order of an array, one of several equal rows, the last digits of a sum. Make the query say which, or run a
unit test with `--engine reference` alone; a wrong translation is a mistake of aggregator's.""",
)
MISFIT = _code(
    803,
    "unit-test-misfit",
    """A unit test speaks of something that its model does not have: a table that it does not read, a column that is not
there, an interval that is no whole partitions.

Only the tables that a model reads itself are given: what is further up is not run. A table that is not given is empty,
and a column that is left out is NULL.""",
)
NOT_RUN = _code(
    804,
    "unit-test-not-run",
    """No engine that is here can compute the query of a unit test.

The embedded engine lacks functions that only BigQuery has, and Google's reference engine lacks sketches and
geography. Take the part out into a model of its own, and test what is around it.""",
)
