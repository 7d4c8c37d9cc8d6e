"""The findings of the dry run that are no rule's: refusals, budgets and contracts."""

from __future__ import annotations

from aggregator.core.diagnostics import Code, Layer


def _code(number: int, name: str, page: str) -> Code:
    return Code(f"D{number}", name, page, Layer.DRY_RUN)


REFUSED_OFFLINE = Code(
    "D601",
    "refused-by-googlesql",
    """Google's own analyzer of BigQuery's language refuses the SELECT of a model.

The message is the analyzer's, and the one that BigQuery would give. It sees the tables as this change would make them:
a column that is added, dropped or retyped upstream counts at once. The analyzer stops at the first mistake, so there
may be another one behind it.""",
    Layer.GOOGLESQL,
)
REFUSED_BY_BIGQUERY = Code(
    "D602",
    "refused-by-bigquery",
    """BigQuery refuses the SELECT of a model in a dry run.

The message is BigQuery's. What the offline layers let pass and BigQuery does not is a difference between them that is
worth a report.""",
    Layer.BIGQUERY,
)
REFUSALS = {"googlesql": REFUSED_OFFLINE, "bigquery": REFUSED_BY_BIGQUERY}
"""The code of each layer's refusals."""

_CHECK_REFUSED = """{} refuses the SQL of a check: a SELECT or a condition of its author's, or a number that it counts.

A run would refuse it, too, and hold the rows back (`R512`). The place is that of the SQL in the declaration; of a
number, that of the check."""
CHECK_REFUSED_OFFLINE = Code(
    "D603",
    "check-refused-by-googlesql",
    _CHECK_REFUSED.format("Google's own analyzer of BigQuery's language"),
    Layer.GOOGLESQL,
)
CHECK_REFUSED_BY_BIGQUERY = Code("D604", "check-refused-by-bigquery", _CHECK_REFUSED.format("BigQuery"), Layer.BIGQUERY)
CHECK_REFUSALS = {"googlesql": CHECK_REFUSED_OFFLINE, "bigquery": CHECK_REFUSED_BY_BIGQUERY}
"""The code of each layer's refusals of checks."""

OVER_BUDGET = _code(
    611,
    "over-budget",
    """A build of a model reads more bytes than `budget: {bytes: …}` allows.

Bytes are those of the columns that the SELECT uses, in the partitions that the maps of its inputs name. Read fewer
columns, fewer partitions, or a table that is already aggregated. If the cost is meant, raise the budget, so that
whoever reviews the change sees it.""",
)
OVER_MONTH = _code(
    612,
    "over-month",
    """A month of builds reads or costs more than `bytes_per_month` or `price_per_month` of the budget allows.

A month has 30.4 days. A table with partitions is built once for each of them, a table without when its schedule fires.
Build it less often, cut it into partitions, so that only what is new is read, or raise the budget.""",
)
OVER_LIMIT = _code(
    613,
    "over-limit",
    """A build would be billed more bytes than the environment's `max_bytes_billed`, so BigQuery would refuse it.

BigQuery bills whole megabytes, and at least 10 MB for each table that a query refers to. For clustered tables it
judges by the bytes before any cluster is passed over.""",
)
CONTRACT_TYPE = _code(
    621,
    "contract-type",
    """A column is declared with a type that the SELECT does not give it.

A declared type is believed where the type can't be inferred, and nothing is converted to it: whoever reads the table
plans with a type that it will not have. Convert in the SELECT, `CAST(… AS NUMERIC)`, or declare what it gives.""",
)
CONTRACT_COLUMN = _code(
    622,
    "contract-column",
    """A column is declared that the SELECT does not give.

This is found only now where the columns could not be told from the SQL and the declared sources alone.""",
)
